"""Milliseconds per check of a 50-line question, once warm: ``python -m benchmarks.check_speed [ROUNDS]``."""

import statistics
import sys
import time
from datetime import date

from cleanroom.contracts import shipped_contracts
from cleanroom.names import MemberName
from policies.decision import Question
from policies.load import load_policy
from policies.model import Mode
from queries.check import CheckResult, check

_POLICY = """
apiVersion: cleanroom/v1
kind: DataPolicy
member: {member}
dataset: {dataset}
version: 1
privacy_unit: {unit}
minimum_units: 25
queriers: [solstice]
receivers: [solstice, harbor]
purposes: [warranty]
mode: ad_hoc
joins: {{required: false, columns: [unit_token], with: [sales, claims]}}
columns:
  model: {{allow: [dimension, filter]}}
  brand: {{allow: [dimension, filter]}}
  region: {{allow: [dimension, filter]}}
  {more}
release: {{mechanism: suppress}}
zeros: release
"""
POLICIES = (
    _POLICY.format(
        member="harbor", dataset="sales", unit="buyer_token",
        more="sale_date: {allow: [dimension, filter], grain: month}\n  channel: {allow: [dimension, filter]}\n"
        "  unit_token: {allow: [count_distinct]}\n  sale_id: {allow: [count]}\n"
        "  quantity: {allow: [sum, avg], between: [0, 100]}",
    ),
    _POLICY.format(
        member="solstice", dataset="claims", unit="owner_token",
        more="claim_date: {allow: [dimension, filter], grain: month}\n  outcome: {allow: [dimension, filter]}\n"
        "  claim_id: {allow: [count]}\n  total_cost: {allow: [sum, avg], between: [0, 5000]}",
    ),
)  # fmt: skip
_BUCKETS = "\n".join(
    f"         WHEN date_diff('month', s.sale_date, c.claim_date) < {12 * (number + 1)} THEN 'year {number + 1}'"
    for number in range(10)
)
_REGIONS = "\n".join(f"    'region {number}'," for number in range(12))
QUESTION = f"""SELECT
  s.model,
  s.region,
  date_trunc('month', s.sale_date) AS sale_month,
  CASE
{_BUCKETS}
    ELSE 'later'
  END AS age,
  COUNT(DISTINCT s.unit_token) AS units,
  COUNT(c.claim_id) AS claims,
  COUNT(c.claim_id) FILTER (WHERE c.outcome = 'repair') AS repairs,
  SUM(c.total_cost) AS cost,
  ROUND(1000.0 * COUNT(c.claim_id) / NULLIF(COUNT(DISTINCT s.unit_token), 0), 2) AS claims_per_1000
FROM sales s
LEFT JOIN claims c
  ON s.unit_token = c.unit_token
WHERE s.sale_date BETWEEN DATE '2024-01-01' AND DATE '2025-12-31'
  AND s.brand = 'Solstice'
  AND s.region IN (
{_REGIONS}
    'elsewhere'
  )
  AND (
    s.channel = 'web'
    OR c.outcome IS NULL
  )
GROUP BY ALL
HAVING COUNT(*) >= 100
ORDER BY claims_per_1000 DESC, units
LIMIT 500
"""


def check_once() -> CheckResult:
    """One check, as any surface does it, with policies already loaded."""
    return check(QUESTION, contracts=_CONTRACTS, policies=_LOADED, question=_CIRCUMSTANCES)


_CONTRACTS = shipped_contracts()
_LOADED = tuple(load_policy(text.encode(), place="benchmark") for text in POLICIES)
_CIRCUMSTANCES = Question(querier=MemberName("solstice"), purpose="warranty", mode=Mode.AD_HOC, today=date(2026, 1, 1))


def main(rounds: int) -> None:
    """Print the median and the slowest of ``rounds`` checks."""
    result = check_once()
    assert result.allowed, [violation.message for violation in result.violations]
    times, cpu = [], []
    for _ in range(rounds):
        start, used = time.perf_counter(), time.process_time()
        check_once()
        times.append((time.perf_counter() - start) * 1000)
        cpu.append((time.process_time() - used) * 1000)
    lines = QUESTION.count("\n")
    print(
        f"check of a {lines}-line question: median {statistics.median(times):.1f} ms "
        f"({statistics.median(cpu):.1f} ms of processor time), slowest {max(times):.1f} ms"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
