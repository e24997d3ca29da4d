from __future__ import annotations

import polars as pl
import pytest

from pipeline.snapshot.history import carried_history
from tests.factories import NOW, SITE, SmallSite, build_small_snapshot


@pytest.mark.parametrize("zone", ["Etc/UTC", "Europe/Lisbon"])
def test_history_is_of_the_type_of_the_evaluation_whatever_the_machines_zone(
    tmp_path, monkeypatch, zone
):
    build_small_snapshot(tmp_path)
    monkeypatch.setenv("TZ", zone)
    history = carried_history(tmp_path, SITE)
    both = pl.concat([frame.select("evaluated_at") for frame in (history, SmallSite().evaluation)])
    assert both["evaluated_at"].unique().to_list() == [NOW]


def test_there_is_none_before_the_first_snapshot(tmp_path):
    assert carried_history(tmp_path, SITE) is None
