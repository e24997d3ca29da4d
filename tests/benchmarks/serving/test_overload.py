"""What the tools print, read right."""

from tests.benchmarks.serving.overload import h2load_figures, wrk_figures

WRK = """
     50%   11.39ms
     99%    1.08s
  900 requests in 3.00s, 5.00MB read
  Non-2xx or 3xx responses: 300
Requests/sec:    300.00
"""


def log(*answers):
    lines = (f"{int(at * 1e6)}\t{status}\t{int(took * 1e6)}" for at, status, took in answers)
    return "\n".join(lines) + "\n"


def test_good_and_shed_answers_of_wrk_are_told_apart():
    figures = wrk_figures(WRK)
    assert figures == {"good_per_s": 200.0, "shed_per_s": 100.0, "p99_ms": 1080.0}


def test_without_a_line_of_errors_all_are_good():
    assert wrk_figures(WRK.replace("  Non-2xx or 3xx responses: 300\n", ""))["shed_per_s"] == 0


def test_the_warm_up_does_not_count():
    figures = h2load_figures(
        log((0, 200, 9), (0.5, 500, 0.1), (1, 200, 0.1), (2, 503, 0.1), (3, 200, 0.7)), 10
    )
    assert figures["failed"] == 0
    assert (figures["p50_ms"], figures["p99_ms"]) == (700, 700)


def test_each_kind_of_answer_is_counted_by_the_second():
    good = [(1 + n / 10, 200, 0.1) for n in range(10)]
    other = [(1.05, 503, 0.1)] * 4 + [(1.95, 200, 0.9)] * 3 + [(2, 500, 0.1)] * 2
    figures = h2load_figures(log((0, 200, 0.1), *good, *other), 20)
    assert (figures["good_per_s"], figures["shed_per_s"]) == (10, 4)
    assert (figures["too_late_per_s"], figures["failed"]) == (3, 2)
