"""Counters, by worker and over all of them, and what Prometheus reads."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from serving.metrics import BOUNDS_S, Metrics
from tests.factories import SITE

ROUTES = ("/a", "/b/{id}")


def latencies(metrics):
    return {(route, status): (counts, s) for route, status, counts, s in metrics.latencies()}


def test_requests_are_counted_by_route_and_class_of_status():
    metrics = Metrics(ROUTES)
    for route, status in (("/a", 200), ("/a", 204), ("/a", 304), ("/b/{id}", 503), ("/c", 404)):
        metrics.begin()
        metrics.end(route, status, 0.002)
    found = {key: counts[-1] for key, (counts, _) in latencies(metrics).items()}
    assert found == {
        ("/a", "2xx"): 2,
        ("/a", "3xx"): 1,
        ("/b/{id}", "5xx"): 1,
        ("(none)", "4xx"): 1,
    }


def test_a_request_without_an_answer_counts_as_failed():
    metrics = Metrics(ROUTES)
    metrics.begin()
    metrics.end("/a", 0, 0.1)
    assert list(latencies(metrics)) == [("/a", "5xx")]


@pytest.mark.parametrize("bound", range(len(BOUNDS_S)))
def test_a_bound_holds_what_took_as_long_as_it_says(bound):
    metrics = Metrics(ROUTES)
    metrics.end("/a", 200, BOUNDS_S[bound])
    counts, seconds = latencies(metrics)["/a", "2xx"]
    assert counts == [0] * bound + [1] * (len(BOUNDS_S) + 1 - bound)
    assert seconds == BOUNDS_S[bound]


def test_what_is_slower_than_all_bounds_is_counted():
    metrics = Metrics(ROUTES)
    metrics.end("/a", 200, 60)
    assert latencies(metrics)["/a", "2xx"] == ([0] * len(BOUNDS_S) + [1], 60)


def test_requests_in_flight_come_and_go():
    metrics = Metrics(ROUTES)
    metrics.begin()
    metrics.begin()
    assert metrics.totals()["in_flight"] == 2
    metrics.end("/a", 200, 0.1)
    assert metrics.totals()["in_flight"] == 1


def test_any_worker_answers_for_all(tmp_path):
    first, second = (Metrics(ROUTES, tmp_path, slot) for slot in range(2))
    first.shed()
    second.shed()
    second.listed(20, 3)
    second.end("/a", 200, 0.1)
    for metrics in (first, second):
        totals = metrics.totals()
        assert (totals["shed"], totals["lists"]) == (2, 1)
        assert (totals["items_requested"], totals["items_filled"]) == (20, 3)
        assert latencies(metrics)["/a", "2xx"][0][-1] == 1


def test_alone_a_worker_knows_of_itself_only():
    first, second = Metrics(ROUTES), Metrics(ROUTES)
    first.shed()
    assert second.totals()["shed"] == 0


def test_a_worker_started_anew_goes_on_but_answers_nothing_yet(tmp_path):
    killed = Metrics(ROUTES, tmp_path)
    killed.shed()
    killed.begin()
    again = Metrics(ROUTES, tmp_path)
    assert (again.totals()["shed"], again.totals()["in_flight"]) == (1, 0)


def test_counters_of_other_routes_are_begun_anew(tmp_path):
    Metrics(ROUTES, tmp_path).shed()
    assert Metrics(("/a",), tmp_path).totals()["shed"] == 0


def families(client):
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert answer.headers["cache-control"] == "no-store"
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def test_prometheus_reads_latency_by_template(client):
    client.get(f"/v1/{SITE}/items/item-003")
    samples = families(client)["likewise_request_duration_seconds"].samples
    counts = {
        (s.labels["route"], s.labels["status"]): s.value
        for s in samples
        if s.name.endswith("count")
    }
    assert counts["/v1/{site}/items/{item_id}", "2xx"] >= 1
    assert not [route for route, _ in counts if "item-003" in route]


def test_every_route_has_its_own_counters(client):
    assert set(client.app.openapi()["paths"]) <= set(client.app.state.metrics.routes)


def test_prometheus_reads_the_age_of_each_snapshot(client):
    found = families(client)
    (age,) = found["likewise_snapshot_age_seconds"].samples
    assert age.labels == {"site": SITE}
    assert [s.value for s in found["likewise_snapshot_refused"].samples] == [0]


def test_prometheus_reads_how_far_lists_are_filled(client):
    before = families(client)
    client.app.state.metrics.listed(20, 5)
    after = families(client)
    for name, more in (("lists", 1), ("list_items_requested", 20), ("list_items_filled", 5)):
        values = [each[f"likewise_{name}"].samples[0].value for each in (before, after)]
        assert values[1] - values[0] == more


def test_the_request_for_metrics_is_itself_in_flight(client):
    assert families(client)["likewise_requests_in_flight"].samples[0].value == 1
