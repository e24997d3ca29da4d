"""Stand-ins speak for the sites: they share no code with what crawls them."""

import ast
from pathlib import Path

import scrapers.replica

FOLDER = Path(scrapers.replica.__file__).parent
ROOMS = ("scrapers", "pipeline", "serving")


def _breaches(source: str) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or ".")
    return [
        name
        for name in names
        if name.split(".")[0] in (*ROOMS, "") and not f"{name}.".startswith("scrapers.replica.")
    ]


def test_stand_ins_import_nothing_else_of_ours():
    found = {path.name: _breaches(path.read_text("utf-8")) for path in FOLDER.rglob("*.py")}
    assert len(found) > 10
    assert not {name: breaches for name, breaches in found.items() if breaches}


def test_a_breach_is_found():
    assert _breaches("from scrapers.records import LikesPage") == ["scrapers.records"]
    assert _breaches("import json, pipeline.tables") == ["pipeline.tables"]
    assert _breaches("from scrapers.replica.world import World") == []
