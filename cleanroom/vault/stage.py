"""A package's rows -> the ``facts`` of a file: row number, natural key and which rules each row breaks. One pass.

The facts are small (some twenty bytes a row), so everything after decides on them; the rows themselves are read a
second time by the commit, straight into the lake. Rule bits are held in words of 60, NULL breaks nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import duckdb

from cleanroom.contracts import Contract
from cleanroom.vault.package_file import TABLE
from cleanroom.vault.physical import row_expression
from cleanroom.vault.tables import quoted

_WORD = 60
FIRST_ROWS = 20
"""How many row numbers a finding names."""


class Check(Protocol):
    """What staging needs of a row rule."""

    @property
    def id(self) -> str:
        """Stable id, for example ``required:sale_id``."""

    @property
    def violated(self) -> str:
        """SQL over the package's columns, true where a row breaks the rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many rows break one rule, and the first of them by source row number."""

    rule: str
    rows: int
    first: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """Facts of one file, in the session's temporary ``facts`` (a table or a view); ``errors`` are the rules that quarantine.

    ``first_day`` and ``last_day`` span the contract's time column over rows that keep every error rule; ``figures`` are
    the values of the aggregates that were asked for, over all rows.
    """

    contract: Contract
    present: frozenset[str]
    rules: tuple[str, ...]
    errors: frozenset[str]
    rows: int
    good: int
    tallies: tuple[Tally, ...]
    first_day: date | None
    last_day: date | None
    figures: tuple[object, ...] = ()


def stage(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    present: frozenset[str],
    checks: Sequence[Check],
    errors: frozenset[str],
    figures: Sequence[str] = (),
) -> Staged:
    """Read the registered package once and keep what later steps decide on.

    Facts are kept as rows only where a row breaks a rule; of a file that keeps them all they are a view of the package.

    Args:
        connection: a writer's session with the package registered.
        contract: the record type; natural key columns are all in ``present``.
        present: columns the package has.
        checks: row rules over these columns.
        errors: ids of the checks whose rows are quarantined.
        figures: SQL aggregates over the package's columns, to be taken in the same pass.
    """
    rules = tuple(check.id for check in checks)
    time = f"CAST({quoted(contract.time)} AS DATE)" if contract.time in present else "CAST(NULL AS DATE)"
    keys = ", ".join(quoted(name) for name in contract.natural_key)
    words = _words(checks)
    facts = (
        f"SELECT {row_expression(present)} AS _row, file_row_number AS _at, {keys}, {time} AS _day, "
        f"{', '.join(f'{word} AS _word{number}' for number, word in enumerate(words))} FROM {TABLE}"
    )
    each = ", ".join((*(f"bit_or({word})" for word in words), *figures))
    row = connection.execute(f"SELECT count(*), min({time}), max({time}), {each} FROM {TABLE}").fetchone()
    assert row is not None  # noqa: S101  # an aggregate has a row
    rows, first_day, last_day, *found = row
    hit = _hit(rules, found[: len(words)])
    connection.execute(f"CREATE TEMP {'TABLE' if hit else 'VIEW'} facts AS {facts}")
    good = rows
    if hit:
        good, first_day, last_day = _of_good(connection, broken(rules, errors))
    return Staged(
        contract=contract,
        present=present,
        rules=rules,
        errors=errors,
        rows=int(rows),
        good=int(good),
        tallies=_tallies(connection, rules, hit),
        first_day=first_day,
        last_day=last_day,
        figures=tuple(found[len(words) :]),
    )


def _of_good(connection: duckdb.DuckDBPyConnection, bad: str) -> tuple[int, date | None, date | None]:
    row = connection.execute(f"SELECT count(*), min(_day), max(_day) FROM facts WHERE NOT ({bad})").fetchone()
    assert row is not None  # noqa: S101  # an aggregate has a row
    return row[0], row[1], row[2]


def broken(rules: Sequence[str], chosen: frozenset[str]) -> str:
    """SQL over ``facts``: whether a row breaks any of the ``chosen`` rules."""
    masks: dict[int, int] = {}
    for index, rule in enumerate(rules):
        if rule in chosen:
            masks[index // _WORD] = masks.get(index // _WORD, 0) | 1 << (index % _WORD)
    return " OR ".join(f"(_word{word} & {mask}::UBIGINT) <> 0" for word, mask in masks.items()) or "false"


def breaks(rules: Sequence[str], rule: str) -> str:
    """SQL over ``facts``: whether a row breaks ``rule``."""
    return broken(rules, frozenset({rule}))


def _words(checks: Sequence[Check]) -> tuple[str, ...]:
    return tuple(_word(checks[start : start + _WORD]) for start in range(0, len(checks), _WORD)) or (_word(()),)


def _word(checks: Sequence[Check]) -> str:
    bits = (f"(CASE WHEN {c.violated} THEN {1 << i}::UBIGINT ELSE 0::UBIGINT END)" for i, c in enumerate(checks))
    return " | ".join(("0::UBIGINT", *bits))


def _tallies(connection: duckdb.DuckDBPyConnection, rules: Sequence[str], hit: tuple[str, ...]) -> tuple[Tally, ...]:
    if not hit:
        return ()
    each = ", ".join(
        f"count(*) FILTER ({breaks(rules, rule)}), min(_row, {FIRST_ROWS}) FILTER ({breaks(rules, rule)})"
        for rule in hit
    )
    row = connection.execute(f"SELECT {each} FROM facts WHERE {broken(rules, frozenset(hit))}").fetchone() or ()
    pairs = zip(row[::2], row[1::2], strict=True)
    return tuple(
        Tally(rule=rule, rows=int(count), first=tuple(first or ()))
        for rule, (count, first) in zip(hit, pairs, strict=True)
        if count
    )


def _hit(rules: Sequence[str], words: Sequence[int | None]) -> tuple[str, ...]:
    """The rules that any row breaks: on most nights few or none, and only these are counted one by one."""
    return tuple(rule for at, rule in enumerate(rules) if (words[at // _WORD] or 0) >> (at % _WORD) & 1)
