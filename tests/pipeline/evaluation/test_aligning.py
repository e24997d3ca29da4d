from __future__ import annotations

from pipeline.evaluation.aligning import aligned

TABLE = "before\n\n| a | long |\n| --- | --- |\n|  | 1 |\n| wide | 22 |\n\nafter | not a table"


def test_cells_of_a_table_are_padded_and_other_lines_stay():
    assert aligned(TABLE).splitlines() == [
        "before",
        "",
        "| a    | long |",
        "| ---- | ---- |",
        "|      | 1    |",
        "| wide | 22   |",
        "",
        "after | not a table",
    ]


def test_two_tables_have_widths_of_their_own_and_twice_is_once():
    text = aligned(TABLE + "\n\n| x |\n| --- |\n| y |")
    assert text.endswith("| x   |\n| --- |\n| y   |")
    assert aligned(text) == text
    assert aligned("") == ""
