import re
from html import unescape

from tests.factories import MODELS, SITE


def test_the_page_tells_every_model_with_its_interval_and_its_slices(client):
    page = client.get(f"/{SITE}/models")
    assert page.status_code == 200
    answer = client.get(f"/v1/{SITE}/models").json()
    for model in answer["models"]:
        (ndcg,) = (e for e in model["evaluation"] if (e["metric"], e["k"]) == ("NDCG", 10))
        assert f">{ndcg['mean']:.3f}<" in page.text
        assert f"{ndcg['low']:.3f} to {ndcg['high']:.3f}" in page.text
        assert model["label"] in page.text
    assert "Favourites" in page.text
    assert page.text.count("50 %") == len(MODELS) * (len(MODELS) - 1)


def test_every_chart_is_shown_as_a_picture_with_its_words(client):
    page = client.get(f"/{SITE}/models")
    shown = re.findall(r'<img src="([^"]*)" alt="([^"]*)"', page.text)
    charts = client.catalog.snapshots[SITE].charts
    assert shown
    assert len(shown) == len(charts)
    for address, words in shown:
        chart = client.get(address)
        assert chart.headers["content-type"] == "image/svg+xml"
        assert "sandbox" in chart.headers["content-security-policy"]
        assert chart.content.startswith(b"<svg")
        assert unescape(words) in {one.alternative for one in charts.values()}


def test_an_unknown_chart_is_404(client):
    assert client.get(f"/{SITE}/charts/none.svg").status_code == 404
