from tests.factories import SITE


def test_it_lives_without_any_site(tmp_path, serve):
    with serve(tmp_path) as client:
        assert client.get("/health/live").json() == {"status": "live"}
        assert client.get("/health/ready").status_code == 503


def test_ready_names_the_snapshot(data, built, serve):
    with serve(data) as client:
        assert client.get("/health/ready").json() == {
            "status": "ready",
            "sites": [{"site": SITE, "snapshot_id": built[0].snapshot_id, "faults": []}],
        }


def test_refused_from_the_start_is_not_ready_and_says_why(data, built, serve, put):
    put(data, built[0], version=99)
    with serve(data) as client:
        answer = client.get("/health/ready")
        assert answer.status_code == 503
        (state,) = answer.json()["sites"]
        assert state["snapshot_id"] is None
        assert "schema version 99" in state["faults"][0]


def test_refused_later_is_degraded(data, built, serve, put):
    with serve(data) as client:
        put(data, built[1], version=99)
        client.refresh()
        answer = client.get("/health/ready").json()
        assert answer["status"] == "degraded"
        assert answer["sites"][0]["snapshot_id"] == built[0].snapshot_id
        assert answer["sites"][0]["faults"]
