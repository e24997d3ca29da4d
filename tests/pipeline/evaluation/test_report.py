from __future__ import annotations

import re

import pytest

from pipeline.evaluation.protocol import evaluate
from pipeline.evaluation.report import evaluation_markdown
from pipeline.recommenders.popular import Popular
from pipeline.recommenders.tag_profile import TagProfile


@pytest.fixture
def evaluation(held_out):
    models = [Popular(), TagProfile()]
    return evaluate(models, held_out, published=Popular(), resamples=50)


def sections_of(text):
    """Paragraphs of each section by its title."""
    parts = re.split(r"^### (.+)$", text, flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def test_it_says_what_was_judged_and_how(evaluation):
    about = sections_of(evaluation_markdown(evaluation))[""]
    assert "random split, seed 5: 88 users judged, 2 skipped" in about
    assert "known likes left out" in about
    assert f"- {evaluation.shift.sentence}" in about


def test_every_section_stands_once(evaluation):
    assert list(sections_of(evaluation_markdown(evaluation))) == [
        "",
        "Held-out likes found",
        "Paired differences",
        "Slices",
        "All lists together, at 10",
        "Share of common items of two lists, at 10",
    ]


def test_every_table_has_as_many_cells_in_each_row(evaluation):
    for block in evaluation_markdown(evaluation).split("\n\n"):
        if block.startswith("|"):
            assert len({line.count("|") for line in block.splitlines()}) == 1
            assert len(block.splitlines()) >= 3


def test_figures_have_intervals_and_what_is_published_stands_below(evaluation):
    lines = sections_of(evaluation_markdown(evaluation))["Held-out likes found"].splitlines()
    figure = evaluation.models[1].figure("NDCG", 10)
    (line,) = (line for line in lines if "Same tags (`tag_profile`)" in line)
    assert f"| {figure.mean:.4f} ({figure.low:.4f} to {figure.high:.4f}) |" in line
    assert "| NDCG@10 |" in lines[2]
    assert [line for line in lines if line.startswith("|")][-1].startswith(
        "| published now (`popular`) |"
    )


def test_differences_are_signed_and_bold_where_they_are_sure(evaluation):
    text = sections_of(evaluation_markdown(evaluation))["Paired differences"]
    row = next(row for row in evaluation.differences if row.model == "tag_profile")
    ends = row.interval
    assert f"**{ends.mean:+.4f} ({ends.low:+.4f} to {ends.high:+.4f})**" in text
    assert "| above popular |" in text
    assert "| above published |" in text
    assert "| `popular` | +0.0000 (+0.0000 to +0.0000) |" in text


def test_slices_say_their_limits_and_users(evaluation):
    text = sections_of(evaluation_markdown(evaluation))["Slices"]
    assert "- cold: items that nobody is known to like (0 users judged)" in text
    assert "| NDCG@20 | head | tail | light | heavy |" in text
    assert re.search(r"- light: people with at most \d known likes \(\d+ users judged\)", text)


def test_overlap_is_a_matrix(evaluation):
    (title,) = (name for name in sections_of(evaluation_markdown(evaluation)) if "common" in name)
    lines = sections_of(evaluation_markdown(evaluation))[title].strip().splitlines()
    share = f"{evaluation.overlaps[0].share:.2f}"
    assert lines[0] == "|  | popular | tag_profile |"
    assert lines[2:] == [f"| `popular` |  | {share} |", f"| `tag_profile` | {share} |  |"]


def test_lists_with_seen_items_are_labelled(held_out):
    text = evaluation_markdown(evaluate([Popular()], held_out, seen_left_in=True, resamples=20))
    assert "known likes are LEFT IN the lists" in text
    assert list(sections_of(text))[1:] == [
        "Held-out likes found",
        "Slices",
        "All lists together, at 10",
    ]


def test_no_models_make_a_report_too(held_out):
    assert "88 users judged" in evaluation_markdown(evaluate([], held_out))
