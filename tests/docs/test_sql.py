import re
from pathlib import Path

import pytest

from pipeline.sql_connection import open_snapshot
from tests.factories import SITE, publish_small_site

_PAGE = Path(__file__).parents[2] / "docs" / "sql.md"
_QUESTION = re.compile(r"^## (.+?\?)\n\n```sql\n(.+?)```", re.MULTILINE | re.DOTALL)
_QUESTIONS = dict(_QUESTION.findall(_PAGE.read_text("utf-8")))
# The first row, where the small site's is known.
_ANSWERS = {
    "What is this snapshot?": ("20261121T035501Z",),
    "How many likes do people have?": (30,),
    "Which model finds held-out likes best?": ("Tag Profile", 0.12),
    "Is NDCG@10 moving from snapshot to snapshot?": ("20261121T035501Z",),
    "Accuracy is one thing: how broad is each model?": ("lightfm_cf", 0.09, 0.09, 0.09),
}


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    publish_small_site(data)
    with open_snapshot(data, SITE) as opened:
        yield opened


def test_there_are_enough_questions_and_none_is_missed():
    assert len(_QUESTIONS) >= 12
    assert len(_QUESTIONS) == _PAGE.read_text("utf-8").count("```sql")


@pytest.mark.parametrize("question", _QUESTIONS)
def test_a_question_is_answered(connection, question):
    relation = connection.sql(_QUESTIONS[question])
    rows = relation.fetchall()
    assert rows
    assert len(relation.columns) == len(rows[0])
    assert any(value is not None for value in rows[0])
    for value, expected in zip(rows[0], _ANSWERS.get(question, ()), strict=False):
        assert str(value).startswith(str(expected))
