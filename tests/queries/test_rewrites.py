"""Natural mistakes: each is refused with a text that leads to a working query at the first try."""

import pytest

from tests.queries.asking import ask, refusals, rewritten

_MISTAKES = (
    ("CR-Q151", "SELECT region, COUNT(*) FROM sales", "SELECT region, COUNT(*) FROM sales GROUP BY ALL"),
    ("CR-Q151", "SELECT region, COUNT(*) FROM sales ORDER BY 2 LIMIT 5",
     "SELECT region, COUNT(*) FROM sales GROUP BY ALL ORDER BY 2 LIMIT 5"),
    ("CR-Q151", "SELECT region, channel, COUNT(*) FROM sales GROUP BY region",
     "SELECT region, channel, COUNT(*) FROM sales GROUP BY region, channel"),
    ("CR-Q150", "SELECT region FROM sales GROUP BY ALL", "SELECT region, COUNT(*) AS n FROM sales GROUP BY ALL"),
    ("CR-Q201", "SELECT s.reigon, COUNT(*) FROM sales s GROUP BY 1", "SELECT s.region, COUNT(*) FROM sales s GROUP BY 1"),
    ("CR-Q200", "SELECT COUNT(*) FROM sale", "SELECT COUNT(*) FROM sales"),
    ("CR-Q203", "SELECT COUNT(*) FROM sales JOIN claims USING (unit_token) WHERE region = 'n'",
     "SELECT COUNT(*) FROM sales JOIN claims USING (unit_token) WHERE sales.region = 'n'"),
    ("CR-Q118", "SELECT COUNT(*) FROM sales s, claims c WHERE s.region = 'n'",
     "SELECT COUNT(*) FROM sales s JOIN claims c ON s.unit_token = c.unit_token WHERE s.region = 'n'"),
    ("CR-Q118", "SELECT COUNT(*) FROM sales CROSS JOIN claims",
     "SELECT COUNT(*) FROM sales JOIN claims ON sales.unit_token = claims.unit_token"),
    ("CR-Q141", "SELECT COUNT(*) FROM sales LEFT JOIN claims c",
     "SELECT COUNT(*) FROM sales LEFT JOIN claims c ON sales.unit_token = c.unit_token"),
    ("CR-Q117", "SELECT COUNT(*) FROM claims c RIGHT JOIN sales s ON c.unit_token = s.unit_token WHERE s.region = 'n'",
     "SELECT COUNT(*) FROM sales s LEFT JOIN claims c ON c.unit_token = s.unit_token WHERE s.region = 'n'"),
    ("CR-Q117", "SELECT COUNT(*) FROM claims c RIGHT JOIN sales s USING (unit_token)",
     "SELECT COUNT(*) FROM sales s LEFT JOIN claims c USING (unit_token)"),
    ("CR-Q125", "SELECT MEDIAN(net_amount) FROM sales", "SELECT AVG(net_amount) FROM sales"),
    ("CR-Q153", "SELECT COUNT() FROM sales", "SELECT COUNT(*) FROM sales"),
    ("CR-Q160", "SELECT COUNT(*) FROM sales WHERE sku = 4711", "SELECT COUNT(*) FROM sales WHERE sku = '4711'"),
    ("CR-Q159", "SELECT region, COUNT(*) FROM sales GROUP BY 2", None),
)  # fmt: skip


@pytest.mark.parametrize(("code", "sql", "right"), _MISTAKES)
def test_a_mistake_comes_back_with_what_to_write(code: str, sql: str, right: str | None) -> None:
    """The rewrite, put at its span, is the text one would have written; and it binds."""
    violations = [one for one in refusals(sql) if one.code == code]
    assert len(violations) == 1
    if right is None:
        assert violations[0].help
        return
    assert rewritten(sql, violations[0]) == right
    assert ask(right).aggregates


def test_all_mistakes_come_back_at_once_in_the_order_of_the_text() -> None:
    """One round is enough to learn everything that is wrong with a text."""
    sql = (
        "SELECT reigon, SUM(region), MEDIAN_(quantity), COUNT(*) AS n FROM sales "
        "WHERE quantity = 'x' AND unit_token = 'y' AND sale_date > 'z' AND foo = 1 GROUP BY 1 HAVING bar > 1 ORDER BY 9"
    )
    assert [one.code for one in refusals(sql.replace("MEDIAN_(quantity), ", ""))] == [
        "CR-Q201", "CR-Q156", "CR-Q160", "CR-Q161", "CR-Q164", "CR-Q201", "CR-Q201", "CR-Q159",
    ]  # fmt: skip
    assert [one.code for one in refusals(sql)] == ["CR-Q124"]


def test_a_broken_part_is_said_once() -> None:
    """A name that hangs on a refused source repeats no second refusal."""
    sql = "SELECT s.region, f.x, COUNT(f.y) FROM sales s JOIN foo f ON s.unit_token = f.unit_token WHERE f.z = 1 GROUP BY ALL"
    assert [one.code for one in refusals(sql)] == ["CR-Q200"]
