from tests.factories import MODELS, SITE, SmallSite


def test_sites_are_listed_with_their_counts(client, odd_site):
    (site,) = client.get("/v1/sites").json()["sites"]
    assert site["site"] == SITE
    assert site["notice"] == "These likes are simulated."
    assert (site["n_users"], site["n_items"]) == (30, 40)
    assert site["n_likes"] == odd_site.likes.height


def test_no_site_is_an_empty_list(tmp_path, serve):
    with serve(tmp_path) as client:
        assert client.get("/v1/sites").json() == {"sites": []}


def test_a_site_tells_its_url_forms_and_models(client):
    site = client.get(f"/v1/{SITE}").json()
    assert site["models"] == list(MODELS)
    assert site["embed_template"].endswith("{item_id}/embed")
    assert site["hosts"] == ["127.0.0.1"]


def test_models_come_in_order_with_their_evaluation(client):
    answer = client.get(f"/v1/{SITE}/models").json()
    assert [model["model"] for model in answer["models"]] == list(MODELS)
    assert answer["defaults"] == {"similar": "lightfm_cf", "recommendations": "popular"}
    popular, cf, _ = answer["models"]
    assert popular["lists"] == ["recommendations"]
    assert cf["lists"] == ["similar", "recommendations"]
    assert cf["parameters"] == {"factors": 8}


def test_evaluation_is_what_was_measured(client):
    measured = SmallSite().evaluation.filter(model="lightfm_cf")
    told = client.get(f"/v1/{SITE}/models").json()["models"][1]["evaluation"]
    names = ("metric", "k", "mean", "low", "high", "n_users", "n_users_skipped")
    assert sorted(tuple(line[name] for name in names) for line in told) == sorted(
        measured.select(names).rows()
    )
