"""What new analysts type, what the room answers, and what they type next: the page docs/twenty-mistakes.md.

``python -m tests.docs.mistakes`` writes the page anew; a test holds it to what ``query check`` answers today.
"""

from datetime import date
from pathlib import Path

from cleanroom.contracts import shipped_contracts
from cleanroom.names import MemberName
from policies.decision import Question
from policies.load import load_policy
from policies.model import Mode
from queries.check import CheckResult, check

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "twenty-mistakes.md"
J = "FROM sales s JOIN claims c ON s.unit_token = c.unit_token"
MISTAKES: tuple[tuple[str, str, str], ...] = (
    (
        "wants to look at the rows first",
        f"SELECT * {J}",
        f"SELECT s.region, COUNT(DISTINCT s.unit_token) AS units {J} GROUP BY s.region",
    ),
    (
        "lists rows of a column",
        f"SELECT s.region {J}",
        f"SELECT s.region, COUNT(DISTINCT s.unit_token) AS units {J} GROUP BY s.region",
    ),
    (
        "forgets GROUP BY",
        f"SELECT s.region, COUNT(*) AS n {J}",
        f"SELECT s.region, COUNT(*) AS n {J} GROUP BY s.region",
    ),
    (
        "asks for one day",
        f"SELECT s.region, COUNT(*) AS n {J} WHERE s.sale_date = DATE '2026-03-05' GROUP BY s.region",
        f"SELECT s.region, COUNT(*) AS n {J} WHERE s.sale_date BETWEEN DATE '2026-03-01' AND DATE '2026-03-31' GROUP BY s.region",
    ),
    (
        "cuts inside a month",
        f"SELECT s.region, COUNT(*) AS n {J} WHERE s.sale_date >= DATE '2026-03-05' GROUP BY s.region",
        f"SELECT s.region, COUNT(*) AS n {J} WHERE s.sale_date >= DATE '2026-03-01' GROUP BY s.region",
    ),
    (
        "groups by day",
        f"SELECT s.sale_date, COUNT(*) AS n {J} GROUP BY s.sale_date",
        f"SELECT date_trunc('month', s.sale_date) AS month, COUNT(*) AS n {J} GROUP BY month",
    ),
    (
        "asks about one owner's sales alone",
        "SELECT region, COUNT(*) AS n FROM sales GROUP BY region",
        f"SELECT s.region, COUNT(*) AS n {J} GROUP BY s.region",
    ),
    (
        "joins with a comma",
        "SELECT s.region, COUNT(*) AS n FROM sales s, claims c WHERE s.unit_token = c.unit_token GROUP BY s.region",
        f"SELECT s.region, COUNT(*) AS n {J} GROUP BY s.region",
    ),
    (
        "joins the other way round",
        "SELECT s.region, COUNT(*) AS n FROM claims c RIGHT JOIN sales s ON s.unit_token = c.unit_token GROUP BY s.region",
        "SELECT s.region, COUNT(*) AS n FROM sales s LEFT JOIN claims c ON s.unit_token = c.unit_token GROUP BY s.region",
    ),
    (
        "joins on the model",
        "SELECT s.region, COUNT(*) AS n FROM sales s JOIN claims c ON s.model = c.model GROUP BY s.region",
        f"SELECT s.region, COUNT(*) AS n {J} AND s.model = c.model GROUP BY s.region",
    ),
    (
        "wants the median",
        f"SELECT s.region, MEDIAN(c.total_cost) AS cost {J} GROUP BY s.region",
        f"SELECT s.region, AVG(c.total_cost) AS cost {J} GROUP BY s.region",
    ),
    (
        "wants the dearest claim",
        f"SELECT s.region, MAX(c.total_cost) AS cost {J} GROUP BY s.region",
        f"SELECT s.region, SUM(c.total_cost) AS cost {J} GROUP BY s.region",
    ),
    (
        "sums what may only be averaged",
        f"SELECT s.region, SUM(s.net_amount) AS money {J} GROUP BY s.region",
        f"SELECT s.region, AVG(s.net_amount) AS money {J} GROUP BY s.region",
    ),
    (
        "asks for a column that is not open",
        f"SELECT s.store_id, COUNT(*) AS n {J} GROUP BY s.store_id",
        f"SELECT s.region, COUNT(*) AS n {J} GROUP BY s.region",
    ),
    (
        "mistypes a column",
        f"SELECT s.regoin, COUNT(*) AS n {J} GROUP BY s.regoin",
        f"SELECT s.region, COUNT(*) AS n {J} GROUP BY s.region",
    ),
    (
        "filters by what may only be shown",
        f"SELECT s.region, COUNT(*) AS n {J} WHERE s.channel = 'online' GROUP BY s.region",
        f"SELECT s.region, s.channel, COUNT(*) AS n {J} GROUP BY s.region, s.channel",
    ),
    (
        "looks for one unit",
        f"SELECT COUNT(*) AS n {J} WHERE s.unit_token = '00000000-0000-0000-0000-000000000001'",
        f"SELECT COUNT(*) AS n {J}",
    ),
    (
        "adds up with a window",
        f"SELECT s.region, SUM(COUNT(*)) OVER (ORDER BY s.region) AS n {J} GROUP BY s.region",
        f"SELECT s.region, COUNT(*) AS n {J} GROUP BY s.region ORDER BY s.region",
    ),
    (
        "asks for subtotals",
        f"SELECT s.region, s.model, COUNT(*) AS n {J} GROUP BY ROLLUP (s.region, s.model)",
        f"SELECT s.region, s.model, COUNT(*) AS n {J} GROUP BY s.region, s.model",
    ),
    (
        "takes the time from the clock",
        f"SELECT s.region, COUNT(*) AS n {J} WHERE s.sale_date >= current_date GROUP BY s.region",
        f"SELECT s.region, COUNT(*) AS n {J} WHERE s.sale_date >= DATE '2026-03-01' GROUP BY s.region",
    ),
    (
        "adds a year to a date",
        f"SELECT s.region, COUNT(*) AS n {J} WHERE c.claim_date <= s.sale_date + INTERVAL '1 year' GROUP BY s.region",
        f"SELECT s.region, COUNT(*) AS n {J} WHERE date_diff('month', s.sale_date, c.claim_date) <= 12 GROUP BY s.region",
    ),
    (
        "averages the time to a claim",
        f"SELECT s.region, AVG(c.claim_date - s.sale_date) AS days {J} GROUP BY s.region",
        f"SELECT date_diff('month', s.sale_date, c.claim_date) AS months, COUNT(*) AS n {J} GROUP BY months",
    ),
    (
        "averages a condition",
        f"SELECT s.region, AVG(CASE WHEN c.outcome = 'denied' THEN 1 ELSE 0 END) AS denied {J} GROUP BY s.region",
        f"SELECT s.region, (COUNT(*) FILTER (WHERE c.outcome = 'denied') / COUNT(*)) AS denied {J} GROUP BY s.region",
    ),
    (
        "adds up an IF",
        f"SELECT s.region, SUM(IF(c.outcome = 'denied', 1, 0)) AS denied {J} GROUP BY s.region",
        f"SELECT s.region, SUM(CASE WHEN c.outcome = 'denied' THEN 1 ELSE 0 END) AS denied {J} GROUP BY s.region",
    ),
    (
        "writes the month as text",
        f"SELECT strftime(s.sale_date, '%Y-%m') AS month, COUNT(*) AS n {J} GROUP BY month",
        f"SELECT date_trunc('month', s.sale_date) AS month, COUNT(*) AS n {J} GROUP BY month",
    ),
    (
        "casts a count to divide it",
        f"SELECT s.region, CAST(COUNT(*) AS DOUBLE) / COUNT(DISTINCT s.unit_token) AS claims_each {J} GROUP BY s.region",
        f"SELECT s.region, COUNT(*) / COUNT(DISTINCT s.unit_token) AS claims_each {J} GROUP BY s.region",
    ),
    (
        "puts a text into double quotes",
        f'SELECT s.model, COUNT(*) AS n {J} WHERE s.region = "north" GROUP BY s.model',
        f"SELECT s.model, COUNT(*) AS n {J} WHERE s.region = 'north' GROUP BY s.model",
    ),
    (
        "names an output in WHERE",
        f"SELECT year(s.sale_date) AS sold, COUNT(*) AS n {J} WHERE sold = 2025 GROUP BY sold",
        f"SELECT year(s.sale_date) AS sold, COUNT(*) AS n {J} WHERE year(s.sale_date) = 2025 GROUP BY sold",
    ),
    (
        "calls an output like its column",
        f"SELECT date_trunc('month', s.sale_date) AS sale_date, COUNT(*) AS n {J} GROUP BY sale_date",
        f"SELECT date_trunc('month', s.sale_date) AS sale_date, COUNT(*) AS n {J} GROUP BY 1",
    ),
    (
        "looks for units without a claim",
        (
            "SELECT s.region, COUNT(*) AS n FROM sales s LEFT JOIN claims c ON s.unit_token = c.unit_token "
            "WHERE c.unit_token IS NULL GROUP BY s.region"
        ),
        (
            "SELECT s.region, COUNT(DISTINCT s.unit_token) - COUNT(DISTINCT c.unit_token) AS n "
            "FROM sales s LEFT JOIN claims c ON s.unit_token = c.unit_token GROUP BY s.region"
        ),
    ),
)
"""(what they do, what they type, what they type after reading the answer)."""


def answer(sql: str) -> CheckResult:
    """What the room of docs/rules/room answers."""
    policies = tuple(
        load_policy(path.read_bytes(), place=path.name)
        for path in sorted((ROOT / "docs" / "rules" / "room").glob("*.yaml"))
    )
    question = Question(querier=MemberName("solstice"), purpose="warranty", mode=Mode.AD_HOC, today=date(2026, 6, 30))
    return check(sql, contracts=shipped_contracts(), policies=policies, question=question)


def page() -> str:
    """The page as it should be."""
    parts = [
        "# Twenty natural mistakes, and ten more\n",
        "What a new analyst types, what the room answers, and what they type next. The policies are those in",
        "`docs/rules/room`; every answer on this page is what `cleanroom query check` says today (a test holds it to that).\n",
    ]
    for number, (what, wrong, right) in enumerate(MISTAKES, start=1):
        refused = answer(wrong)
        said = []
        for violation in refused.violations:
            said.append(f"{violation.code} {violation.rule} [{violation.owner}] {violation.message}")
            said += [f"    {violation.help}"] if violation.help else []
            said += [f"    write instead: {violation.rewrite}"] if violation.rewrite else []
        parts += [
            f"## {number}. The analyst {what}\n",
            f"```sql\n{wrong}\n```\n",
            "```text\n" + "\n".join(said) + "\n```\n",
            f"Then, and it is allowed:\n\n```sql\n{right}\n```\n",
        ]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
