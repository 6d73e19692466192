"""The gate and Great Expectations count the same, on any file; and the worker tells counts only."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleanroom.contracts import Contract
from cleanroom.ingest.guarding import guard_rules
from cleanroom.quality.evidence import EvidenceWorker
from cleanroom.quality.report import Evidence
from cleanroom.quality.rules import row_rules
from cleanroom.quality.wire import rules_from_json, rules_to_json
from cleanroom.vault.package_file import register_package
from cleanroom.vault.stage import stage
from tests.cleanroom.ingest.rig import CLAIMS, SALES, TODAY, Rig


@pytest.fixture(scope="module")
def worker() -> Iterator[EvidenceWorker]:
    """One Great Expectations process for all tests here: importing it takes seconds."""
    running = EvidenceWorker()
    yield running
    running.close()


def _opinion(rig: Rig, worker: EvidenceWorker, rows: list[dict[str, object]], contract: Contract) -> Evidence:
    package, _ = rig.package(rows, contract)
    present = frozenset(str(column.name) for column in contract.stored)
    rules = row_rules(contract, present=present, today=TODAY, period=(date(2026, 1, 1), date(2026, 1, 31)))
    rules = (*rules, *guard_rules(contract, present)[:8])
    with rig.vault.writer(wait=True) as writer:
        register_package(writer.connection, package)
        staged = stage(writer.connection, contract, present, rules, frozenset())
        return worker.check(writer.connection, staged, rules)


_days = st.none() | st.dates(date(1960, 1, 1), date(2030, 1, 1)) | st.just(TODAY + timedelta(days=1))
_claims = st.fixed_dictionaries(
    {
        "claim_id": st.none() | st.text("ab", max_size=3) | st.just("x" * 120),
        "claim_date": _days,
        "closed_date": _days,
        "outcome": st.sampled_from([None, "repair", "Repair", "other"]),
        "total_cost": st.none() | st.decimals(-5, 5, places=4),
        "region": st.sampled_from([None, "north", "jane.doe@example.com", "+44 20 7946 0958", "{x}"]),
    }
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(_claims, min_size=1, max_size=12))
def test_both_count_the_same(
    rows: list[dict[str, object]], worker: EvidenceWorker, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Over random rows, good and bad, every rule is broken by as many rows for one as for the other."""
    opinion = _opinion(Rig.make(tmp_path_factory.mktemp("evidence")), worker, rows, CLAIMS)
    assert (opinion.state, opinion.disagreements, opinion.checked_rows) == ("agreed", (), len(rows))


def test_timestamps_and_times_count_the_same(worker: EvidenceWorker, tmp_path: Path) -> None:
    """A moment late on the last plausible day is plausible to both."""
    late = datetime(2026, 11, 22, 23, 59)  # noqa: DTZ001  # stored timestamps are local
    rows: list[dict[str, object]] = [{"sale_id": "S1", "sale_date": TODAY, "sold_at": late}]
    assert _opinion(Rig.make(tmp_path), worker, rows, SALES).state == "agreed"


def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    """Out of time is an opinion that failed, not a file that failed."""
    impatient = EvidenceWorker(seconds=0.01)
    rig = Rig.make(tmp_path)
    opinion = _opinion(rig, impatient, [{"claim_id": "C1"}], CLAIMS)
    impatient.close()
    assert (opinion.state, opinion.checked_rows) == ("failed", 1)


def test_rules_survive_the_pipe() -> None:
    """Arguments keep their kind: a decimal stays exact, a date a date, a list a tuple."""
    present = frozenset(str(column.name) for column in CLAIMS.stored)
    rules = row_rules(CLAIMS, present=present, today=TODAY)
    assert rules_from_json(rules_to_json(rules)) == rules
