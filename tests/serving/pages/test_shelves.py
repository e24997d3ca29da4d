from serving.pages.shelves import ORDERS, group_shelf, order_shelf, random_shelf, seed_of
from tests.factories import SITE


def test_a_shelf_is_the_beginning_of_the_list_that_it_leads_to(client):
    snapshot = client.catalog.snapshots[SITE]
    shelves = [order_shelf(snapshot, order) for order in ORDERS]
    shelves += [group_shelf(snapshot, "tag", 0), random_shelf(snapshot)]
    for shelf in shelves:
        page = client.get(shelf.href).text
        places = [page.index(f'class="card-link" href="{card.href}"') for card in shelf.cards]
        assert len(places) > 5
        assert places == sorted(places)


def test_a_snapshot_has_one_handful_and_another_snapshot_another(client):
    snapshot = client.catalog.snapshots[SITE]
    assert random_shelf(snapshot) == random_shelf(snapshot)
    assert 0 <= seed_of(snapshot) < 2**32
