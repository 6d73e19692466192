"""Rules come from the contract alone, and say in SQL what they say in words."""

from datetime import date

import duckdb
import pytest

from cleanroom.contracts import Contract, shipped_contracts
from cleanroom.ingest.guarding import guard_rules
from cleanroom.quality.rules import RuleKind, Severity, row_rules
from cleanroom.vault.tables import physical_columns, quoted
from tests.cleanroom.ingest.rig import CLAIMS, SALES, TODAY

PRESENT = frozenset(str(column.name) for column in CLAIMS.stored)


@pytest.mark.parametrize("contract", shipped_contracts().values(), ids=lambda contract: contract.dataset)
def test_every_contract_compiles(contract: Contract) -> None:
    """Ids are unique, and every predicate binds to a table of the contract's stored columns."""
    present = frozenset(str(column.name) for column in contract.stored)
    period = (date(2026, 1, 1), date(2026, 1, 31)) if contract.time else None
    rules = (*row_rules(contract, present=present, today=TODAY, period=period), *guard_rules(contract, present))
    assert len({rule.id for rule in rules}) == len(rules)
    with duckdb.connect() as connection:
        columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in physical_columns(contract))
        connection.execute(f"CREATE TABLE t ({columns})")
        each = ", ".join(f"count(*) FILTER ({rule.violated})" for rule in rules)
        assert connection.execute(f"SELECT {each} FROM t").fetchone() == (0,) * len(rules)


def test_columns_that_are_not_there_have_no_rules() -> None:
    """A package without an optional column is not wrong about it."""
    rules = row_rules(CLAIMS, present=frozenset({"claim_id"}), today=TODAY)
    assert {rule.columns for rule in rules} == {("claim_id",)}


def test_a_future_time_is_an_error_and_another_future_date_a_warning() -> None:
    """Only the contract's own time column decides over the row."""
    rules = {rule.id: rule.severity for rule in row_rules(CLAIMS, present=PRESENT, today=TODAY)}
    assert rules["future:claim_date"] is Severity.ERROR
    assert rules["future:purchase_date_used"] is Severity.WARNING
    assert rules["order:claim_date:closed_date"] is Severity.ERROR


def test_natural_keys_are_required_even_if_the_contract_forgot() -> None:
    """A row without its key could never be restated."""
    required = {r.columns[0] for r in row_rules(SALES, present=frozenset({"sale_id"}), today=TODAY)}
    assert required == {"sale_id"}
    assert RuleKind.REQUIRED in {r.kind for r in row_rules(SALES, present=frozenset({"sale_id"}), today=TODAY)}


@pytest.mark.parametrize(
    ("value", "clear"),
    [
        ("jane@example.com", True),
        ("call (212) 555-0100", False),
        ("(212) 555-0100", True),
        ("+44 20 7946 0958", True),
        ("d41d8cd98f00b204e9800998ecf8427e", True),
        ("00012345678905", False),
        ("POST", False),
        ("WHITE HANGING HEART T-LIGHT HOLDER", False),
        ("INV-2026-000123", False),
        ("@home", False),
    ],
)
def test_what_looks_like_a_clear_identifier(value: str, clear: bool) -> None:
    """INVARIANT I3: addresses, numbers and bare hashes; article numbers and descriptions pass."""
    rules = guard_rules(SALES, frozenset({"region"}))
    with duckdb.connect() as connection:
        each = " OR ".join(f"coalesce({rule.violated}, false)" for rule in rules)
        text = "'" + value + "'"
        assert connection.execute(f"SELECT {each} FROM (SELECT {text} AS region)").fetchone() == (clear,)
