"""Lists change over a world that does not, and changes are remembered."""

from scrapers.replica.live_lists import LiveLists


def _others(lists, subject):
    return list(lists.others(subject))


def test_lists_are_those_of_the_world_until_they_change(world):
    lists = LiveLists(world.likes_of_item)
    for subject in range(len(world.items)):
        count = world.likes_of_item.count(subject)
        assert lists.count(subject) == count
        assert lists.page(subject, 3, 24) == world.likes_of_item.page(subject, 3, 24)
    assert lists.arrived == lists.vanished == set()


def test_a_change_is_seen_by_every_page_and_remembered(world):
    lists = LiveLists(world.likes_of_item)
    before = _others(lists, 0)
    lists.change(0, lambda rows: [(99, None), *rows[2:]])
    assert _others(lists, 0) == [99, *before[2:]]
    assert lists.count(0) == len(before) - 1
    assert lists.page(0, 1, 2) == world.likes_of_item.page(0, 2, 2)
    assert (lists.arrived, lists.vanished) == ({(0, 99)}, {(0, before[0]), (0, before[1])})
    assert world.likes_of_item.count(0) == len(before)


def test_another_order_is_no_arrival(world):
    lists = LiveLists(world.likes_of_item)
    lists.change(0, lambda rows: rows[::-1])
    assert lists.arrived == lists.vanished == set()
    assert lists.page(0, 0, 99) == world.likes_of_item.page(0, 0, 99)[::-1]


def test_newcomers_like_nothing_yet(world):
    lists = LiveLists(world.likes_of_user, len(world.users))
    newcomer = len(world.users) + 3
    assert (lists.count(newcomer), lists.page(newcomer, 0, 24)) == (0, [])
    lists.change(newcomer, lambda rows: [*rows, (0, None)])
    assert _others(lists, newcomer) == [0]
