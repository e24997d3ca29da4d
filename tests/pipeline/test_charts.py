import re
import xml.etree.ElementTree as ET

import polars as pl
import pytest

from pipeline.charts import draw_charts
from tests.factories import SmallSite

_SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def site():
    return SmallSite()


@pytest.fixture(scope="module")
def charts(site):
    return draw_charts(site.likes, site.evaluation, site.models)


def test_every_chart_is_svg_with_title_and_words(charts):
    for chart in charts:
        root = ET.fromstring(chart.svg)
        assert root.tag == f"{_SVG}svg"
        assert chart.title
        assert chart.alternative.endswith(".")


def test_nothing_in_them_is_active_or_foreign(charts):
    for chart in charts:
        tags = {element.tag.removeprefix(_SVG) for element in ET.fromstring(chart.svg).iter()}
        assert not tags & {"script", "foreignObject", "image", "a", "iframe"}
        assert "<!DOCTYPE" not in chart.svg


def test_the_same_figures_give_the_same_bytes(site, charts):
    again = draw_charts(site.likes, site.evaluation, site.models)
    assert [chart.svg for chart in again] == [chart.svg for chart in charts]
    other = draw_charts(site.likes.head(50), site.evaluation, site.models)
    assert other[0].svg != charts[0].svg


def test_words_tell_the_figures(site, charts):
    words = {chart.chart: chart.alternative for chart in charts}
    counts = site.likes["item_id"].value_counts()["count"]
    assert f"{len(counts)} liked items" in words["popularity"]
    assert f"the first has {counts.max()} likes" in words["popularity"]
    assert "30 people" in words["likes_per_person"]
    assert "Tag Profile 0.120 (0.110 to 0.130)" in words["accuracy"]
    assert f"{site.likes.height} likes with a known time" in words["likes_by_month"]
    assert "Popular shows 6.0% of the catalogue at NDCG@10 0.060" in words["coverage"]


def test_history_is_told_once_there_is_one(site, charts):
    assert "history" not in {chart.chart for chart in charts}
    before = site.evaluation.with_columns(
        pl.lit("20261101T000000Z-000000").alias("snapshot_id"),
        pl.col("evaluated_at") - pl.duration(days=20),
        pl.col("mean") - 0.01,
    )
    *_, history = draw_charts(site.likes, site.evaluation, site.models, before)
    assert history.chart == "history"
    assert "in 2 evaluations, 2026-11-01 to 2026-11-21" in history.alternative
    assert "Tag Profile leads with 0.120" in history.alternative


def test_labels_of_models_that_are_level_do_not_lie_upon_each_other(site):
    many = pl.concat(
        site.models.head(1).with_columns(
            pl.lit(f"m{n}").alias("model"), pl.lit(f"M{n}").alias("label")
        )
        for n in range(11)
    )
    level = pl.concat(
        site.evaluation.filter(pl.col("model") == "popular").with_columns(
            pl.lit(f"m{n}").alias("model")
        )
        for n in range(11)
    )
    *_, coverage = draw_charts(site.likes, level, many)
    heights = [
        float(element.get("y") or element.get("transform").split()[1].rstrip(")"))
        for element in ET.fromstring(coverage.svg).iter(f"{_SVG}text")
        if element.text in set(many["label"])
    ]
    assert len(heights) == 11
    assert min(abs(a - b) for i, a in enumerate(heights) for b in heights[:i]) >= 11


def test_every_colour_has_one_for_a_dark_ground(charts):
    for chart in charts:
        body = chart.svg.partition("</style>")[2]
        drawn = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", body)) - {"#000000"}
        assert drawn
        for colour in drawn:
            assert f'{colour}"]' in chart.svg


def test_labels_stand_as_text(charts):
    (accuracy,) = (chart for chart in charts if chart.chart == "accuracy")
    texts = {element.text for element in ET.fromstring(accuracy.svg).iter(f"{_SVG}text")}
    assert {"Popular", "Lightfm Cf", "Tag Profile"} <= texts


def test_axes_show_numbers_for_people(charts):
    for chart in charts:
        assert "mathdefault" not in chart.svg
    texts = {element.text for element in ET.fromstring(charts[0].svg).iter(f"{_SVG}text")}
    assert {"1", "10"} <= texts


def test_hostile_labels_are_escaped(site):
    models = site.models.with_columns(pl.lit("<script>x</script> $\\nothing{$").alias("label"))
    charts = draw_charts(site.likes, site.evaluation, models)
    for chart in charts:
        ET.fromstring(chart.svg)
        assert "<script" not in chart.svg


def test_without_times_there_is_no_chart_by_month(site):
    likes = site.likes.with_columns(pl.lit(None, pl.Datetime("us", "UTC")).alias("liked_at"))
    names = [chart.chart for chart in draw_charts(likes, site.evaluation, site.models)]
    assert names == ["popularity", "likes_per_person", "accuracy", "coverage"]


def test_without_evaluation_there_are_no_charts_of_quality(site):
    charts = draw_charts(site.likes, site.evaluation.head(0), site.models)
    assert [c.chart for c in charts] == ["popularity", "likes_per_person", "likes_by_month"]


def test_one_like_is_enough(site):
    charts = draw_charts(site.likes.head(1), site.evaluation, site.models)
    assert "1 liked items" in charts[0].alternative


def test_intervals_may_be_missing(site):
    evaluation = site.evaluation.with_columns(
        pl.lit(None, pl.Float64).alias("low"), pl.lit(None, pl.Float64).alias("high")
    )
    words = {c.chart: c.alternative for c in draw_charts(site.likes, evaluation, site.models)}
    assert "Tag Profile 0.120, " in words["accuracy"]
