import io
import logging
import sys

from rich.console import Console

from scrapers.figures import Figures
from scrapers.progress_bar import TerminalBar
from scrapers.records import read_manifest

FIGURES = Figures(7, 1, 2, 1.0, 7.0, 1.0)


def test_dagster_gets_the_figures_once_all_rows_are_landed(crawls, replica, pipes):
    told_at_exit = "print('own group', os.getpgrp() == os.getpid(), file=sys.stderr)"
    code, log = crawls.run(
        prelude=f"import atexit, os, sys; atexit.register(lambda: {told_at_exit})",
        base_url=replica, catalogue="json", like_floor=1, run_id="r1",
    )  # fmt: skip
    assert code == 0, log
    assert "own group True" in log
    (reported,) = [m for m in pipes() if m["method"] == "report_asset_materialization"]
    told = {name: value["raw_value"] for name, value in reported["params"]["metadata"].items()}
    manifest = read_manifest(crawls.folder("items"))
    assert (told["rows"], told["status"], told["run_id"]) == (manifest.rows, "complete", "r1")
    assert told["units_done"] == manifest.counts["units_done"]
    assert told["duration_s"] > 0


def test_bar_shows_figures_and_how_the_crawl_ended():
    out = io.StringIO()
    bar = TerminalBar("likes", Console(file=out, force_terminal=True, width=100))
    bar.update(FIGURES)
    bar.finish(FIGURES, "complete")
    assert "likes" in out.getvalue()
    assert "7 rows, 1 of 2 units, 7/s, 0:01 left, complete" in out.getvalue()


def test_log_lines_keep_off_the_bar_and_come_back_to_standard_error(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    handler = logging.StreamHandler(out)
    logging.getLogger().addHandler(handler)
    try:
        bar = TerminalBar("likes", Console(stderr=True, force_terminal=True, width=100))
        bar.update(FIGURES)
        assert handler.stream is sys.stderr
        assert handler.stream is not out
        bar.finish(FIGURES, "complete")
        assert handler.stream is out
    finally:
        logging.getLogger().removeHandler(handler)
