from hypothesis import given
from hypothesis import strategies as st

from serving.feedback import quota as module
from serving.feedback.quota import Quota


class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


def test_a_client_has_a_minutes_worth_and_then_waits():
    clock = Clock()
    quota = Quota(3, clock)
    assert [quota.wait_s("192.0.2.1") for _ in range(4)] == [0, 0, 0, 20]
    assert quota.wait_s("192.0.2.2") == 0
    clock.now_s = 19.9
    assert quota.wait_s("192.0.2.1") > 0
    clock.now_s = 20
    assert quota.wait_s("192.0.2.1") == 0
    assert quota.wait_s("192.0.2.1") > 0


@given(st.integers(1, 30), st.lists(st.floats(0, 40), min_size=1, max_size=60))
def test_never_more_than_the_bucket_and_what_flowed_in(per_minute, pauses):
    clock = Clock()
    quota = Quota(per_minute, clock)
    taken = 0
    for pause in pauses:
        clock.now_s += pause
        wait_s = quota.wait_s("::1")
        taken += wait_s == 0
        assert wait_s <= 60 / per_minute
        assert taken <= per_minute * (1 + clock.now_s / 60) + 1e-6


def test_addresses_of_one_ipv6_network_are_one_client():
    quota = Quota(1)
    assert quota.wait_s("2001:db8:1:2::1") == 0
    assert quota.wait_s("2001:db8:1:2:ffff::2") > 0
    assert quota.wait_s("2001:db8:1:3::1") == 0
    assert quota.wait_s("no address") == 0


def test_no_address_is_kept_and_no_two_processes_hash_alike():
    one, other = Quota(1), Quota(1)
    for quota in (one, other):
        quota.wait_s("192.0.2.77")
    assert "192.0.2.77" not in repr(vars(one))
    assert set(one._left).isdisjoint(other._left)


def test_the_client_that_was_silent_longest_is_forgotten(monkeypatch):
    monkeypatch.setattr(module, "_MOST_CLIENTS", 2)
    quota = Quota(1)
    for address in ("a", "b", "a", "c"):
        quota.wait_s(address)
    assert len(quota._left) == 2
    assert quota.wait_s("a") > 0
    assert quota.wait_s("b") == 0


def test_ipv4_clients_of_a_socket_for_both_are_told_apart():
    quota = Quota(1)
    assert quota.wait_s("::ffff:192.0.2.1") == 0
    assert quota.wait_s("::ffff:192.0.2.2") == 0
    assert quota.wait_s("192.0.2.1") > 0
