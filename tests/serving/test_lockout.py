from serving.lockout import Lockout


class Clock:
    now_s = 1000.0

    def __call__(self):
        return self.now_s


def test_five_wrong_tokens_close_it_for_five_minutes():
    clock = Clock()
    lock = Lockout(clock)
    for _ in range(4):
        lock.failed()
    assert lock.closed_s() == 0
    lock.failed()
    assert lock.closed_s() == 300
    clock.now_s += 299
    assert lock.closed_s() == 1
    clock.now_s += 1
    assert lock.closed_s() == 0


def test_wrong_tokens_long_ago_or_before_a_right_one_do_not_count():
    clock = Clock()
    lock = Lockout(clock)
    for _ in range(4):
        lock.failed()
    clock.now_s += 301
    lock.failed()
    assert lock.closed_s() == 0
    for _ in range(3):
        lock.failed()
    lock.passed()
    lock.failed()
    assert lock.closed_s() == 0
