"""Spellings of one question are one value; questions that differ are not."""

import pytest

from policies.model import Mode
from tests.queries.asking import ask

_FIRST = """SELECT s.region, COUNT(DISTINCT s.unit_token) AS units FROM sales s JOIN claims c ON s.unit_token = c.unit_token
WHERE s.sale_date >= DATE '2025-01-01' AND s.sale_date < DATE '2025-07-01' AND s.channel IN ('store', 'web')
GROUP BY s.region"""
_ONE_QUESTION = (
    _FIRST.lower(),
    _FIRST.replace("s.", "x.").replace("sales s", "sales x"),
    _FIRST.replace("s.", "sales.").replace("sales s", "sales"),
    _FIRST.replace("sales s", "sales AS s").replace("JOIN", "INNER JOIN"),
    _FIRST.replace("s.unit_token = c.unit_token", "c.unit_token = s.unit_token"),
    _FIRST.replace("ON s.unit_token = c.unit_token", "USING (unit_token)"),
    _FIRST.replace("s.unit_token = c.unit_token", "(s.unit_token = c.unit_token AND c.unit_token = s.unit_token)"),
    _FIRST.replace("s.sale_date >= DATE '2025-01-01' AND s.sale_date < DATE '2025-07-01'",
                   "s.sale_date BETWEEN '2025-01-01' AND '2025-06-30'"),
    _FIRST.replace("s.sale_date >= DATE '2025-01-01'", "DATE '2025-01-01' <= s.sale_date"),
    _FIRST.replace("s.sale_date >= DATE '2025-01-01'", "s.sale_date > DATE '2024-12-31'"),
    _FIRST.replace("s.sale_date >= DATE '2025-01-01'", "NOT (s.sale_date < '2025-01-01')"),
    _FIRST.replace("s.sale_date >= DATE '2025-01-01'", "s.sale_date >= '2025-01-01'::DATE"),
    _FIRST.replace("s.sale_date >= DATE '2025-01-01'", "s.sale_date >= CAST('2025-01-01' AS DATE)"),
    _FIRST.replace("s.sale_date >= DATE '2025-01-01'", "date_trunc('month', s.sale_date) >= DATE '2025-01-01'"),
    _FIRST.replace("s.sale_date >= DATE '2025-01-01'", "year(s.sale_date) >= 2025"),
    _FIRST.replace("s.sale_date >= DATE '2025-01-01'", "extract(year FROM s.sale_date) > 2024"),
    _FIRST.replace("IN ('store', 'web')", "IN ('web', 'store', 'web')"),
    _FIRST.replace("s.channel IN ('store', 'web')", "(s.channel = 'web' OR s.channel = 'store')"),
    _FIRST.replace("s.channel IN ('store', 'web')", "('web' = s.channel OR s.channel IN ('store'))"),
    _FIRST.replace("s.channel IN ('store', 'web')", "NOT (s.channel <> 'web' AND s.channel != 'store')"),
    _FIRST.replace("s.channel IN ('store', 'web')", "NOT (s.channel NOT IN ('web', 'store'))"),
    _FIRST.replace("s.channel IN ('store', 'web')", "((s.channel IN (('store'), 'web')))"),
    _FIRST.replace("AND s.channel IN ('store', 'web')", "").replace("WHERE", "WHERE s.channel IN ('store', 'web') AND"),
    _FIRST.replace("GROUP BY s.region", "GROUP BY 1"),
    _FIRST.replace("GROUP BY s.region", "GROUP BY ALL"),
    _FIRST.replace("GROUP BY s.region", "GROUP BY region").replace("SELECT s.region", "SELECT s.region AS region"),
    _FIRST.replace("s.region", '"s"."region"').replace("sales s", '"sales" "s"'),
    _FIRST.replace("COUNT(DISTINCT s.unit_token)", "COUNT(DISTINCT (s.unit_token))"),
    "/* a comment */ " + _FIRST.replace("\n", "\n-- another\n") + ";  -- done",
)  # fmt: skip


@pytest.mark.parametrize("spelling", _ONE_QUESTION)
def test_spellings_of_one_question_are_one_value(spelling: str) -> None:
    """INVARIANT I14: the same question is the same plan, so a spelling buys no second answer."""
    assert ask(spelling) == ask(_FIRST)


_PAIRS = (
    ("SELECT COUNT(1) AS n FROM sales", "SELECT COUNT(*) AS n FROM sales"),
    ("SELECT SUM(CASE WHEN region = 'n' THEN 1 ELSE 0 END) AS n FROM sales",
     "SELECT COUNT(*) FILTER (WHERE region = 'n') AS n FROM sales"),
    ("SELECT COUNT(CASE WHEN region = 'n' THEN 1 END) AS n FROM sales",
     "SELECT COUNT(*) FILTER (WHERE region = 'n') AS n FROM sales"),
    ("SELECT SUM(CASE WHEN region = 'n' THEN quantity ELSE 0 END) AS n FROM sales",
     "SELECT COALESCE(SUM(quantity) FILTER (WHERE region = 'n'), 0) AS n FROM sales"),
    ("SELECT SUM(CASE WHEN region = 'n' THEN quantity END) AS n FROM sales",
     "SELECT SUM(quantity) FILTER (WHERE region = 'n') AS n FROM sales"),
    ("SELECT SUM(CASE region WHEN 'n' THEN 1.0 END) AS n FROM sales",
     "SELECT NULLIF(COUNT(*) FILTER (WHERE region = 'n'), 0) AS n FROM sales"),
    ("SELECT SUM(CASE region WHEN 'n' THEN 1.0 ELSE 0.0 END) AS n FROM sales",
     "SELECT COUNT(*) FILTER (WHERE region = 'n') AS n FROM sales"),
    ("SELECT COUNT(CASE WHEN region = 'n' THEN sale_id ELSE NULL END) AS n FROM sales",
     "SELECT COUNT(sale_id) FILTER (WHERE region = 'n') AS n FROM sales"),
    ("SELECT COUNT(DISTINCT CASE WHEN region = 'n' THEN unit_token END) AS n FROM sales",
     "SELECT COUNT(DISTINCT unit_token) FILTER (WHERE region = 'n') AS n FROM sales"),
    ("SELECT AVG(CASE WHEN region = 'n' THEN quantity END) FILTER (WHERE care_plan) AS n FROM sales",
     "SELECT AVG(quantity) FILTER (WHERE care_plan = TRUE AND region = 'n') AS n FROM sales"),
    ("SELECT COUNT(*) AS n FROM sales WHERE NOT care_plan", "SELECT COUNT(*) AS n FROM sales WHERE care_plan = FALSE"),
    ("SELECT COUNT(*) AS n FROM sales WHERE care_plan <> TRUE", "SELECT COUNT(*) AS n FROM sales WHERE care_plan = FALSE"),
    ("SELECT COUNT(*) AS n FROM sales WHERE care_plan IS TRUE",
     "SELECT COUNT(*) AS n FROM sales WHERE care_plan AND care_plan IS NOT NULL"),
    ("SELECT COUNT(*) AS n FROM sales WHERE line_no <= 4", "SELECT COUNT(*) AS n FROM sales WHERE line_no < 5"),
    ("SELECT COUNT(*) AS n FROM sales WHERE quantity > 1.50", "SELECT COUNT(*) AS n FROM sales WHERE 1.5 < quantity"),
    ("SELECT COUNT(*) AS n FROM sales WHERE year(sale_date) = 2025",
     "SELECT COUNT(*) AS n FROM sales WHERE sale_date BETWEEN '2025-01-01' AND '2025-12-31'"),
    ("SELECT COUNT(*) AS n FROM sales WHERE date_trunc('quarter', sale_date) = DATE '2025-04-01'",
     "SELECT COUNT(*) AS n FROM sales WHERE sale_date >= '2025-04-01' AND sale_date < '2025-07-01'"),
    ("SELECT COUNT(*) AS n FROM sales WHERE NOT year(sale_date) = 2025",
     "SELECT COUNT(*) AS n FROM sales WHERE sale_date < '2025-01-01' OR sale_date > '2025-12-31'"),
    ("SELECT COUNT(*) AS n FROM sales WHERE sold_at = DATE '2025-01-05'",
     "SELECT COUNT(*) AS n FROM sales WHERE sold_at >= '2025-01-05' AND sold_at < '2025-01-06'"),
    ("SELECT CASE region WHEN 'n' THEN 'a' ELSE 'b' END AS g, COUNT(*) AS n FROM sales GROUP BY ALL",
     "SELECT CASE WHEN region = 'n' THEN 'a' ELSE 'b' END AS g, COUNT(*) AS n FROM sales GROUP BY g"),
    ("SELECT region, COUNT(*) AS n FROM sales GROUP BY ALL HAVING NOT (5 >= COUNT(*)) ORDER BY 2 DESC, n",
     "SELECT region, COUNT(*) AS n FROM sales GROUP BY 1 HAVING NOT (n <= 5.0) ORDER BY COUNT(*) DESC"),
    ("SELECT region, channel, COUNT(*) AS n FROM sales GROUP BY channel, region",
     "SELECT region, channel, COUNT(*) AS n FROM sales GROUP BY region, 2"),
    ("SELECT COUNT(*) AS n, SUM(quantity) / COUNT(*) AS q FROM sales", "SELECT COUNT(*) AS n, SUM(quantity) / n AS q FROM sales"),
)  # fmt: skip


@pytest.mark.parametrize(("one", "other"), _PAIRS)
def test_two_ways_to_say_it_are_equal(one: str, other: str) -> None:
    """Idioms of other systems arrive at the same shape as the plain form."""
    assert ask(one) == ask(other)


_DIFFERENT = (
    ("SELECT COUNT(*) AS n FROM sales", "SELECT COUNT(sale_id) AS n FROM sales"),
    ("SELECT COUNT(*) AS n FROM sales", "SELECT COUNT(*) AS m FROM sales"),
    ("SELECT COUNT(*) AS n FROM sales WHERE quantity <= 4", "SELECT COUNT(*) AS n FROM sales WHERE quantity < 5"),
    ("SELECT COUNT(*) AS n FROM sales JOIN claims USING (unit_token)",
     "SELECT COUNT(*) AS n FROM sales LEFT JOIN claims USING (unit_token)"),
    ("SELECT COUNT(*) AS n FROM sales WHERE NOT region IN ('a', 'b')", "SELECT COUNT(*) AS n FROM sales WHERE region IN ('a', 'b')"),
    ("SELECT COUNT(*) AS n FROM sales WHERE region IS NULL", "SELECT COUNT(*) AS n FROM sales WHERE region IS NOT NULL"),
    ("SELECT COUNT(*) AS n FROM sales LIMIT 1", "SELECT COUNT(*) AS n FROM sales"),
)  # fmt: skip


@pytest.mark.parametrize(("one", "other"), _DIFFERENT)
def test_different_questions_stay_different(one: str, other: str) -> None:
    """Canonical form never brings two questions together: that would serve a wrong answer."""
    assert ask(one) != ask(other)


def test_names_inside_a_per_unit_table_do_not_matter() -> None:
    """A per-unit table's own names are dropped, like aliases."""
    one = ("WITH u AS (SELECT unit_token, COUNT(claim_id) AS a, MIN(claim_date) AS b FROM claims GROUP BY unit_token) "
           "SELECT COUNT(*) FILTER (WHERE u.a >= 2) AS n FROM sales s LEFT JOIN u ON s.unit_token = u.unit_token")  # fmt: skip
    other = ("WITH v AS (SELECT MIN(c.claim_date) AS y, COUNT(c.claim_id) AS x, c.unit_token AS t FROM claims c GROUP BY 1) "
             "SELECT COUNT(*) FILTER (WHERE 1 < x) AS n FROM sales LEFT JOIN v ON v.t = sales.unit_token")  # fmt: skip
    assert ask(one, Mode.TEMPLATES) == ask(other.replace("GROUP BY 1", "GROUP BY c.unit_token"), Mode.TEMPLATES)
