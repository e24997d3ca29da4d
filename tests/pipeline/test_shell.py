import io
import signal

import pytest

from pipeline.shell import Shell
from pipeline.sql_connection import open_snapshot
from tests.factories import SITE, publish_small_site


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    publish_small_site(data)
    with open_snapshot(data, SITE) as opened:
        yield opened


class Talk:
    """A shell that is given lines; an exception among them is raised in their place."""

    def __init__(self, connection):
        self.out, self.err = io.StringIO(), io.StringIO()
        self.shell = Shell(connection, self.out, self.err, width=100)
        self.prompts = []

    def __call__(self, *lines):
        rest = iter(lines)

        def read_line(prompt):
            self.prompts.append(prompt)
            line = next(rest, EOFError())
            if isinstance(line, BaseException):
                raise line
            return line

        self.shell.talk(read_line)
        return self.out.getvalue()


@pytest.fixture
def talk(connection):
    return Talk(connection)


def test_a_result_is_shown_as_a_table(talk):
    assert "│    40 │" in talk("SELECT count(*) AS items FROM items;")
    assert talk.err.getvalue() == ""


def test_a_statement_may_take_several_lines(talk):
    out = talk("SELECT 6", "", "  * 7 AS answer", ";")
    assert "│     42 │" in out
    assert talk.prompts[:2] == ["likewise> ", "     ...> "]
    assert talk.prompts[4] == "likewise> "


def test_a_semicolon_in_a_string_ends_nothing(talk):
    assert "a;\nb" in talk("SELECT 'a;", "b' AS x;").replace("\\n", "\n")
    assert talk.err.getvalue() == ""


def test_several_statements_on_a_line_all_run(talk):
    out = talk("SELECT 'first' AS x; SELECT 'second' AS y;")
    assert "first" in out
    assert "second" in out


def test_an_error_is_shown_and_survived(talk):
    out = talk("SELEC 1;", "FROM nowhere;", "SELECT 1/0.0 / 'x';", "SELECT 'still here' AS x;")
    errors = talk.err.getvalue()
    assert "Parser Error" in errors
    assert "nowhere does not exist" in errors
    assert "Conversion Error" in errors
    assert "still here" in out


def test_the_first_error_ends_a_text(connection):
    out, err = io.StringIO(), io.StringIO()
    shell = Shell(connection, out, err)
    assert not shell.run("SELECT 'one' AS x; FROM nowhere; SELECT 'three' AS x")
    assert "one" in out.getvalue()
    assert "three" not in out.getvalue()
    assert shell.run("SELECT 1")


def test_an_interrupt_at_the_prompt_drops_the_line(talk):
    out = talk("SELECT 'dropped'", KeyboardInterrupt(), "SELECT 'kept' AS x;")
    assert "kept" in out
    assert "dropped" not in out


def test_tables_are_listed_with_what_they_hold(talk):
    lines = talk(".tables").splitlines()
    assert any(line.startswith("items ") and "One row an item" in line for line in lines)
    assert any(line.startswith("recommendations ") for line in lines)
    assert any(line.startswith("curated.likes ") and "over all runs" in line for line in lines)


@pytest.mark.parametrize(
    ("name", "column"), [("items", "like_count"), ("curated.likes", "key_id"), ("tags;", "slug")]
)
def test_columns_are_described(talk, name, column):
    (line,) = (line for line in talk(f".columns {name}").splitlines() if line.startswith(column))
    assert line.rstrip().endswith(".")


def test_wrong_commands_are_said(talk):
    talk(".nothing", ".columns", ".columns nowhere")
    errors = talk.err.getvalue()
    assert "unknown command '.nothing'" in errors
    assert "unknown command '.columns'" in errors
    assert "no table or view 'nowhere'" in errors


def test_quit_leaves_and_help_helps(talk):
    out = talk(".help", ".quit", "SELECT 'after' AS x;")
    assert ".columns NAME" in out
    assert "after" not in out


def test_a_plan_is_shown_as_drawn(talk):
    assert "\\n" not in talk("EXPLAIN SELECT count(*) FROM items;")


def test_a_text_may_hold_dot_commands_and_ends_at_quit(talk):
    assert talk.shell.feed(".columns tags\nSELECT 40 +\n2 AS answer;\n.quit\nSELECT nothing;")
    assert "slug" in talk.out.getvalue()
    assert "42" in talk.out.getvalue()
    assert talk.err.getvalue() == ""


def test_the_last_statement_of_a_text_needs_no_semicolon(talk):
    assert talk.shell.feed("SELECT 41 + 1 AS answer")
    assert "42" in talk.out.getvalue()
    assert not talk.shell.feed("SELECT nothing")


class _Interrupted:
    """A connection on which one statement is interrupted."""

    def __init__(self, connection):
        self._connection = connection
        self.is_interrupted = False

    def execute(self, *given):
        if not self.is_interrupted:
            self.is_interrupted = True
            raise KeyboardInterrupt
        return self._connection.execute(*given)

    def __getattr__(self, name):
        return getattr(self._connection, name)


def test_an_interrupt_of_a_dot_command_leaves_the_shell_as_it_was(connection):
    interrupted = _Interrupted(connection)
    out = Talk(interrupted)(".tables", ".columns tags")
    assert interrupted.is_interrupted
    assert "slug" in out
    assert "recommendations" not in out


@pytest.mark.parametrize("handler", [signal.SIG_IGN, signal.SIG_DFL, signal.default_int_handler])
def test_what_an_interrupt_does_elsewhere_is_as_before(talk, handler):
    before = signal.signal(signal.SIGINT, handler)
    try:
        talk("SELECT 1 AS x;", "FROM nowhere;")
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)
