import json
import logging

from serving.logs import JsonFormatter


def test_a_record_is_one_line_of_json():
    record = logging.makeLogRecord(
        {"msg": "two\nlines", "levelname": "INFO", "created": 0.0, "fields": {"site": "a"}}
    )
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert json.loads(line) == {
        "at": "1970-01-01T00:00:00+00:00",
        "level": "info",
        "event": "two\nlines",
        "site": "a",
    }
