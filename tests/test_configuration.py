"""Every setting stands in the one table of docs/configuration.md, with its unit and default."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from pipeline.settings import PipelineSettings
from pipeline.sites import SITES, SiteSettings
from scrapers.environment import CrawlSettings
from serving.settings import ServingSettings

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "configuration.md"
ROW = re.compile(
    r"\| `(?P<name>[A-Z_0-9]+)` \| (?P<default>.*?) \| (?P<unit>.*?) \| (?P<what>.*) \|"
)
SHOWN = {None: "none", "": "none"}


def _of_pydantic(settings: type[BaseSettings], prefix: str) -> dict[str, tuple[str, str]]:
    return {
        f"{prefix}{name}".upper(): (
            "every processor" if field.default_factory else str(field.default),
            str(field.description),
        )
        for name, field in settings.model_fields.items()
    }


def _of_crawls() -> dict[str, tuple[str, str]]:
    return {
        str(field.metadata["env"]): (str(field.default), str(field.metadata["description"]))
        for field in fields(CrawlSettings)
    }


def _in_code() -> dict[str, tuple[str, str]]:
    found = _of_crawls()
    for site in SITES.values():
        found |= _of_pydantic(SiteSettings, f"LIKEWISE_{site.identifier}_")
    for settings in (ServingSettings, PipelineSettings):
        found |= _of_pydantic(settings, "LIKEWISE_")
    return found


def _in_docs() -> dict[str, tuple[str, str, str]]:
    rows = [match.groups() for match in ROW.finditer(PAGE.read_text())]
    assert len({name for name, *_ in rows}) == len(rows)
    return {name: (default, unit, what) for name, default, unit, what in rows}


def test_the_table_names_every_setting_and_no_other():
    assert set(_in_docs()) == set(_in_code())


@pytest.mark.parametrize("name", sorted(_in_code()))
def test_the_table_has_the_default_and_a_unit(name):
    default, unit, what = _in_docs()[name]
    assert default.strip("`") == SHOWN.get(_in_code()[name][0], _in_code()[name][0]).replace(
        "None", "none"
    )
    assert unit
    assert what


def test_the_example_names_known_settings_only():
    named = re.findall(r"^#?([A-Z][A-Z_0-9]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert named
    assert set(named) <= set(_in_code())


def test_no_code_reads_a_variable_that_the_table_does_not_have():
    sources = [
        path for room in ("scrapers", "pipeline", "serving") for path in (ROOT / room).rglob("*.py")
    ]
    named = {
        name
        for path in sources
        for name in re.findall(r"\bLIKEWISE_[A-Z0-9_]*[A-Z0-9]\b", path.read_text())
    }
    assert named - set(_in_docs()) - {"LIKEWISE_SKETCHFAB"} == set()
