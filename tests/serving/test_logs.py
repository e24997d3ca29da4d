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


def test_a_crash_tells_where_and_nothing_of_what_was_asked():
    def crashing():
        raise RuntimeError("planted-7f3a")

    try:
        crashing()
    except RuntimeError as err:
        crash = (RuntimeError, err, err.__traceback__)
    record = logging.makeLogRecord({"msg": "poll failed", "levelname": "ERROR", "exc_info": crash})
    line = JsonFormatter().format(record)
    assert json.loads(line)["error"] == "RuntimeError"
    assert json.loads(line)["frames"][-1].endswith(" crashing")
    assert "planted-7f3a" not in line
