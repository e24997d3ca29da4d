import json
from dataclasses import asdict

import pytest

from pipeline.demo.summary import Summary, summary_lines, write_summary


def _row(model: str, metric: str, mean: float, *, sure: bool = True) -> dict[str, object]:
    low, high = (mean - 0.01, mean + 0.01) if sure else (None, None)
    more = {"n_users": 40, "split": "temporal"}
    return {
        "model": model,
        "metric": metric,
        "k": 10,
        "mean": mean,
        "low": low,
        "high": high,
    } | more


@pytest.fixture
def summary() -> Summary:
    return Summary(
        run_id="r",
        crawl_run="20261121T000000Z-abc",
        site="sketchfab",
        world="tiny",
        likes_crawled=1300,
        likes=1234,
        users=50,
        items=60,
        liked_items=55,
        seconds=12.34,
        step_s={"likes": 0.5},
        peak_memory_mb=321,
        evaluation=[
            _row("popular", "NDCG", 0.1),
            _row("popular", "Recall", 0.2, sure=False),
            _row("lightfm_cf", "NDCG", 0.3),
        ],
        snapshot_id="s1",
    )


def test_table_has_a_row_a_model_with_intervals(summary):
    lines = list(summary_lines(summary))
    assert lines[:2] == [
        "1,300 likes crawled",
        "1,234 distinct likes of 50 people on 55 of 60 items",
    ]
    (popular,) = [line for line in lines if line.startswith("popular")]
    assert popular.split()[1:4] == ["0.1000", "[0.0900,", "0.1100]"]
    assert "0.2000" in popular
    (model,) = [line for line in lines if line.startswith("lightfm_cf")]
    assert model.split()[-2:] == ["-", "-"]
    assert any("40 people; temporal split" in line for line in lines)


def test_run_without_an_evaluation_has_no_table_rows(summary):
    bare = Summary(**{**asdict(summary), "evaluation": []})
    assert not any("intervals" in line for line in summary_lines(bare))


def test_file_holds_what_the_lines_tell(summary, tmp_path):
    path = write_summary(tmp_path, summary)
    assert path == tmp_path / "runs" / summary.crawl_run / "summary.json"
    assert json.loads(path.read_text()) == json.loads(json.dumps(asdict(summary)))
