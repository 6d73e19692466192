"""Natural mistakes: each is refused with a text that leads to a working query at the first try."""

from pathlib import Path

import pytest
import yaml

from tests.queries.asking import ask, refusals, rewritten

_CORPUS = Path(__file__).parents[1] / "attacks" / "sql"
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
    ("CR-Q126", "SELECT COUNT(*) FROM sales WHERE sold_at >= TIMESTAMP '2025-01-05 00:00'",
     "SELECT COUNT(*) FROM sales WHERE sold_at >= DATE '2025-01-05'"),
    ("CR-Q126", "SELECT COUNT(*) FROM sales WHERE sold_at >= '2025-01-05'::TIMESTAMP",
     "SELECT COUNT(*) FROM sales WHERE sold_at >= DATE '2025-01-05'"),
    ("CR-Q126", "SELECT COUNT(*) FROM sales WHERE sale_date >= DATE('2025-01-05')",
     "SELECT COUNT(*) FROM sales WHERE sale_date >= DATE '2025-01-05'"),
    ("CR-Q126", "SELECT COUNT(*) FILTER (WHERE care_plan)::float / COUNT(*) FROM sales",
     "SELECT COUNT(*) FILTER (WHERE care_plan) / COUNT(*) FROM sales"),
    ("CR-Q126", "SELECT ROUND(AVG(net_amount)::numeric, 2) FROM sales", "SELECT ROUND(AVG(net_amount), 2) FROM sales"),
    ("CR-Q126", "SELECT CAST(SUM(quantity) AS DECIMAL(18, 2)) FROM sales", "SELECT SUM(quantity) FROM sales"),
    ("CR-Q153", "SELECT SUM(net_amount - unit_price) AS n FROM sales",
     "SELECT (SUM(net_amount) - SUM(unit_price)) AS n FROM sales"),
    ("CR-Q125", "SELECT QUANTILE_CONT(net_amount, 0.5) FROM sales", "SELECT AVG(net_amount) FROM sales"),
    ("CR-Q126", "SELECT SUM(quantity::DOUBLE) FROM sales", "SELECT SUM(quantity) FROM sales"),
    ("CR-Q164", "SELECT COUNT(*) FROM sales WHERE sale_date >= '2025-1-5 00:00:00'",
     "SELECT COUNT(*) FROM sales WHERE sale_date >= DATE '2025-01-05'"),
    ("CR-Q164", "SELECT COUNT(*) FROM sales WHERE sale_date >= '2025-04'",
     "SELECT COUNT(*) FROM sales WHERE sale_date >= DATE '2025-04-01'"),
    ("CR-Q124", "SELECT SUM(IF(region IS NULL OR region = ')', 1, 0)) AS n FROM sales",
     "SELECT SUM(CASE WHEN region IS NULL OR region = ')' THEN 1 ELSE 0 END) AS n FROM sales"),
    ("CR-Q125", "SELECT COUNT_IF(region = 'a,b' AND care_plan) * 2 FROM sales",
     "SELECT COUNT(*) FILTER (WHERE region = 'a,b' AND care_plan) * 2 FROM sales"),
    ("CR-Q124", "SELECT strftime(sale_date, '%Y-%m') AS m, COUNT(*) FROM sales GROUP BY 1",
     "SELECT date_trunc('month', sale_date) AS m, COUNT(*) FROM sales GROUP BY 1"),
    ("CR-Q124", "SELECT to_char(sale_date, 'YYYY') AS y, COUNT(*) FROM sales GROUP BY 1",
     "SELECT year(sale_date) AS y, COUNT(*) FROM sales GROUP BY 1"),
    ("CR-Q124", "SELECT date_part('quarter', sale_date) AS q, COUNT(*) FROM sales GROUP BY 1",
     "SELECT quarter(sale_date) AS q, COUNT(*) FROM sales GROUP BY 1"),
    ("CR-Q124", "SELECT MEAN(net_amount) FROM sales", "SELECT AVG(net_amount) FROM sales"),
    ("CR-Q167", "SELECT DATE_DIFF(restated_at, sale_date, MONTH) AS d, COUNT(*) FROM sales GROUP BY 1",
     "SELECT date_diff('month', sale_date, restated_at) AS d, COUNT(*) FROM sales GROUP BY 1"),
    ("CR-Q167", "SELECT DATEDIFF(month, sale_date, restated_at) AS d, COUNT(*) FROM sales GROUP BY 1",
     "SELECT date_diff('month', sale_date, restated_at) AS d, COUNT(*) FROM sales GROUP BY 1"),
    ("CR-Q153", "SELECT 100 * AVG(CASE WHEN region IS NULL THEN 1 ELSE 0 END) FROM sales",
     "SELECT 100 * (COUNT(*) FILTER (WHERE region IS NULL) / COUNT(*)) FROM sales"),
    ("CR-Q153", "SELECT COUNT(CASE WHEN care_plan THEN 1 ELSE 0 END) FROM sales",
     "SELECT COUNT(*) FILTER (WHERE care_plan) FROM sales"),
    ("CR-Q156", "SELECT SUM(care_plan) FROM sales", "SELECT COUNT(*) FILTER (WHERE care_plan) FROM sales"),
    ("CR-Q156", "SELECT AVG(care_plan) FROM sales", "SELECT (COUNT(*) FILTER (WHERE care_plan) / COUNT(care_plan)) FROM sales"),
    ("CR-Q158", "SELECT COUNT(*) AS a, SUM(quantity) AS a FROM sales", "SELECT COUNT(*) AS a, SUM(quantity) AS a_2 FROM sales"),
    ("CR-Q162", 'SELECT COUNT(*) FROM sales WHERE region = "north"', "SELECT COUNT(*) FROM sales WHERE region = 'north'"),
    ("CR-Q166", "SELECT quantity > 1 AS several, COUNT(*) FROM sales GROUP BY 1",
     "SELECT CASE WHEN quantity > 1 THEN 'yes' ELSE 'no' END AS several, COUNT(*) FROM sales GROUP BY 1"),
    ("CR-Q201", "SELECT year(sale_date) AS y, COUNT(*) FROM sales WHERE y = 2025 GROUP BY y",
     "SELECT year(sale_date) AS y, COUNT(*) FROM sales WHERE year(sale_date) = 2025 GROUP BY y"),
    ("CR-Q203", "SELECT date_trunc('month', sale_date) AS sale_date, COUNT(*) FROM sales GROUP BY sale_date",
     "SELECT date_trunc('month', sale_date) AS sale_date, COUNT(*) FROM sales GROUP BY 1"),
    ("CR-Q203", "SELECT region AS r, channel AS region, COUNT(*) FROM sales GROUP BY 1, 2 HAVING region = 'n'", None),
    ("CR-Q201", "SELECT COUNT(*) AS n FROM sales WHERE n > 5", None),
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


def test_what_is_offered_for_a_hostile_statement_reads() -> None:
    """Over the whole escape corpus: a rewrite put at its place leaves no broken text behind, and takes its refusal away."""
    statements = [
        entry["sql"] for path in sorted(_CORPUS.glob("*.yaml")) for entry in yaml.safe_load(path.read_text("utf-8"))
    ]
    offered = 0
    for sql in statements:
        before = refusals(sql)
        for violation in before:
            if violation.rewrite is None or "USING ()" in sql:
                continue
            offered += 1
            after = {one.code for one in refusals(rewritten(sql, violation))}
            assert not (after - {one.code for one in before}) & {
                "CR-Q100",
                "CR-Q102",
                "CR-Q105",
                "CR-Q107",
                "CR-Q109",
            }, sql
    assert offered > 90


def test_no_text_is_offered_where_only_a_part_of_it_is_known() -> None:
    """sqlglot keeps no place of NOT and of signs: a CASE around half a condition would mean something else."""
    for dimension in ("NOT care_plan", "-1 < line_no", "NOT care_plan AND region = 'n'", "(region) = 'n'"):
        assert [one.rewrite for one in refusals(f"SELECT {dimension} AS d, COUNT(*) FROM sales GROUP BY 1")] == [None]


def test_a_broken_part_is_said_once() -> None:
    """A name that hangs on a refused source repeats no second refusal."""
    sql = "SELECT s.region, f.x, COUNT(f.y) FROM sales s JOIN foo f ON s.unit_token = f.unit_token WHERE f.z = 1 GROUP BY ALL"
    assert [one.code for one in refusals(sql)] == ["CR-Q200"]
