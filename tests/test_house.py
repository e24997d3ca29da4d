"""The house keeps its own rules: layout, lock and rules of import."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOP_LEVEL = {
    "scrapers", "pipeline", "serving", "tests", "docs",
    "dagster.yaml", "workspace.yaml", "pyproject.toml",
    "README.md", "Makefile", "scrapy.cfg", "requirements.lock", "CHANGELOG.md", "LICENSE",
    ".pre-commit-config.yaml", ".ci", ".gitignore", ".env.example",
}  # fmt: skip


def _tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return listed.stdout.splitlines()


def test_top_level_holds_what_the_house_names_and_nothing_else():
    assert {name.split("/")[0] for name in _tracked()} == TOP_LEVEL


def test_tests_are_no_packages():
    assert not [name for name in _tracked() if re.match(r"tests/.*__init__\.py$", name)]


@pytest.mark.parametrize("words", [r"https?://", r"file:", r"--index-url", r"@ "])
def test_lock_names_no_registry(words):
    assert not re.search(words, (ROOT / "requirements.lock").read_text())


def test_every_locked_package_has_a_hash():
    text = (ROOT / "requirements.lock").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert len(lines) > 100
    assert [line for line in lines if "==" not in line or "--hash=sha256:" not in line] == []


def test_every_direct_dependency_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    assert set(extras) == {"scrapers", "pipeline", "serving", "dev"}
    locked = set(re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==", _lock(), re.MULTILINE))
    named = {re.split(r"[\[><=]", each)[0] for extra in extras.values() for each in extra}
    assert named <= locked


def _lock() -> str:
    return (ROOT / "requirements.lock").read_text()


BREACHES = {
    "scrapers/records.py": "import pipeline.tables",
    "pipeline/errors.py": "import scrapers.settings",
    "serving/settings.py": "import pipeline.errors",
    "pipeline/tables.py": "import polars",
    "pipeline/charts.py": "import dagster",
    "scrapers/replica/__init__.py": "import scrapers.records",
}


@pytest.fixture(scope="module")
def copy_of_the_house(tmp_path_factory):
    house = tmp_path_factory.mktemp("house")
    for package in ("scrapers", "pipeline", "serving"):
        for source in (ROOT / package).rglob("*.py"):
            target = house / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    shutil.copy(ROOT / "pyproject.toml", house)
    return house


def _rules_hold(house: Path) -> bool:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=house, capture_output=True, check=False).returncode == 0


def test_rules_of_import_hold(copy_of_the_house):
    assert _rules_hold(copy_of_the_house)


@pytest.mark.parametrize("module", BREACHES)
def test_a_planted_breach_of_the_rules_of_import_is_found(copy_of_the_house, module):
    path = copy_of_the_house / module
    before = path.read_text()
    try:
        path.write_text(f"{before}\n{BREACHES[module]}\n")
        assert not _rules_hold(copy_of_the_house)
    finally:
        path.write_text(before)
