import json
import stat
from datetime import UTC, datetime

from scrapers.errors import Fault
from scrapers.likes_checking import RejectedLike
from scrapers.records import ItemRecord
from scrapers.rejects import RejectFile, count_reasons

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def test_reject_is_a_line_with_its_reasons_and_is_counted(tmp_path):
    rejects = RejectFile(tmp_path / "rejects.jsonl")
    faults = [Fault("item_id", "is empty"), Fault("title", "is int, expected text")]
    rejects.add(ItemRecord("", 7, None, None, None, NOW), faults)
    rejects.add(
        RejectedLike("\ud800", "x" * 9000, None, (Fault("user_handle", "bad"),)), faults[:1]
    )
    rejects.close()
    lines = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert lines[0]["reasons"] == ["item_id: is empty", "title: is int, expected text"]
    assert lines[0]["record"]["title"] == 7
    assert len(lines[1]["record"]["item_id"]) == 1000
    assert rejects.counts == {"rejected": 2, "rejected_item_id": 2, "rejected_title": 1}
    assert stat.S_IMODE((tmp_path / "rejects.jsonl").stat().st_mode) == 0o600


def test_no_reject_makes_no_file(tmp_path):
    rejects = RejectFile(tmp_path / "rejects.jsonl")
    rejects.flush()
    rejects.close()
    assert list(tmp_path.iterdir()) == []
    assert rejects.counts == {}


def test_reasons_of_a_file_are_counted_though_a_kill_cut_a_line_short(tmp_path):
    path = tmp_path / "rejects.jsonl"
    whole = '{"reasons": ["liked_at: is late", "item_id: is empty"], "record": {}}\n'
    path.write_text(f'{whole}{{"reasons": ["liked{whole}{whole}{{"reasons": ["item')
    records, reasons = count_reasons(path)
    assert records == 3
    assert reasons == {
        "liked_at: is late": 2,
        "item_id: is empty": 2,
        "a line that is cut short": 1,
    }
