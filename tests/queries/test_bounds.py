"""Text is bounded before a parser sees it."""

import pytest

from cleanroom.errors import PolicyRefused
from queries.bounds import bound
from queries.limits import LIMITS
from tests.queries.asking import refusals


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("CR-Q101", "x" * (LIMITS.max_bytes + 1)),
        ("CR-Q101", "\u00e9" * (LIMITS.max_bytes // 2 + 1)),
        ("CR-Q101", b"SELECT \xff\xfe"),
        ("CR-Q102", "SELECT \x00"),
        ("CR-Q102", "SELECT 'a\u202eb'"),
        ("CR-Q102", "SELECT 12abc"),
        ("CR-Q103", "SELECT " + "1," * LIMITS.max_list_items + "1"),
        ("CR-Q103", "SELECT " + "+ 1 " * (LIMITS.max_tokens // 2)),
        ("CR-Q103", "SELECT '" + "x" * (LIMITS.max_literal_chars + 1) + "'"),
        ("CR-Q103", "SELECT " + "9" * (LIMITS.max_digits + 3)),
        ("CR-Q103", "SELECT 1 FROM a" + " JOIN a" * (LIMITS.max_joins + 1)),
        ("CR-Q104", "SELECT " + "(" * (LIMITS.max_depth + 1)),
        ("CR-Q104", "SELECT " + "CASE WHEN " * (LIMITS.max_depth + 1)),
        ("CR-Q104", "SELECT " + "NOT " * (LIMITS.max_prefix_run + 1)),
        ("CR-Q105", "SELECT 'x"),
        ("CR-Q105", "SELECT /* x"),
        ("CR-Q106", "  -- nothing"),
    ],
)
def test_text_out_of_bounds_is_refused(code: str, text: str | bytes) -> None:
    """INVARIANT I1: each bound has its code, and nothing behind it sees the text."""
    with pytest.raises(PolicyRefused, match=code):
        bound(text)


def test_bounded_text_is_unchanged() -> None:
    """Bounding never rewrites: places found later are places in what was sent."""
    text = "SELECT COUNT(*) -- caf\u00e9\nFROM sales"
    assert bound(text).text == text
    assert bound(text.encode()).text == text


@pytest.mark.parametrize(
    "word",
    ["(", ")", "NOT", "-", "CASE", "SELECT", "a AND", "a OR", "a +", "x =", "a,", "JOIN a", "IN (", "'x'", "DATE"],
)
def test_a_repeated_word_never_recurses_to_death(word: str) -> None:
    """Attack: a long run of anything; it ends as a refusal, whatever the parser would have made of it."""
    for prefix in ("SELECT ", "SELECT COUNT(*) FROM sales WHERE ", "SELECT COUNT(*) FROM sales GROUP BY "):
        assert refusals(prefix + f"{word} " * 1_900)


def test_five_hundred_conditions_bind_and_five_hundred_and_one_do_not() -> None:
    """A long chain of AND is flattened, never recursed into."""
    terms = [f"line_no <> {number}" for number in range(LIMITS.max_predicate_terms)]
    start = "SELECT COUNT(*) FROM sales WHERE "
    assert refusals(start + " AND ".join(terms)) == ()
    assert [one.code for one in refusals(start + " OR ".join([*terms, "line_no = 0"]))] == ["CR-Q103"]


def test_nothing_of_a_text_reaches_a_log(caplog: pytest.LogCaptureFixture) -> None:
    """INVARIANT I15: sqlglot warns with the text it falls back on; here it stays silent."""
    sql = "WITH u AS (SELECT unit_token FROM claims GROUP BY unit_token) ALTER canary 'canary-7431'"
    assert refusals(sql)
    assert refusals("SELECT COUNT(*) FROM sales WHERE region = 'canary-7431' ALTER TABLE x")
    assert caplog.records == []
