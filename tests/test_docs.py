"""What the docs name is there: files, make targets, commands and options."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
TARGET = re.compile(r"\bmake ([a-z]+)\b")
COMMAND = re.compile(r"python -m (pipeline|scrapers) ([a-z-]+)((?:[^\n`#]|\\\n)*)")
OPTION = re.compile(r"(--[a-z-]+)")
ENGLISH = {"it", "a", "the", "them", "sure", "people", "what", "up"}


def _text() -> str:
    return "\n".join(page.read_text("utf-8") for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page):
    broken = [link for link in LINK.findall(page.read_text("utf-8")) if not _leads(page, link)]
    assert broken == []


def _leads(page: Path, link: str) -> bool:
    return (page.parent / link).exists()


def test_a_dead_link_would_be_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("[gone](gone.md)")
    assert [link for link in LINK.findall(page.read_text()) if not _leads(page, link)] == [
        "gone.md"
    ]


def test_every_make_target_in_the_docs_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(TARGET.findall(_text())) - ENGLISH
    assert named
    assert named <= targets


def test_both_commands_of_the_readme_stand_at_its_top():
    first = re.findall(r"^    (make \w+)", (ROOT / "README.md").read_text(), re.MULTILINE)[:2]
    assert first == ["make demo", "make test"]


@pytest.fixture(scope="module")
def helps():
    def help_of(package, name):
        command = [sys.executable, "-m", package, name, "--help"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout if done.returncode == 0 else ""

    return {
        words: help_of(*words) for words in {tuple(found[:2]) for found in COMMAND.findall(_text())}
    }


def test_every_command_in_the_docs_exists(helps):
    assert helps
    assert [name for name, text in helps.items() if not text] == []


def test_every_option_in_the_docs_exists(helps):
    used = {
        (tuple(words), option)
        for *words, rest in COMMAND.findall(_text())
        for option in OPTION.findall(rest)
    }
    assert used
    assert [(name, option) for name, option in sorted(used) if option not in helps[name]] == []
