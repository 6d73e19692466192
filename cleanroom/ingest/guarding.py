"""INVARIANT I3: no clear identifier enters a room. Row rules that see e-mails, phones and bare hashes in any text.

Two levels: a row that holds one is quarantined wherever it is (a stray address in a free text), and a column that
holds them in more than one row of a hundred is what it looks like: the file is refused. No value is echoed.
Stopped here: a mapping that sends an e-mail column as ``region``, and "hashed" columns (bare SHA-256 and its like),
which anyone reverses by enumeration.
"""

from collections.abc import Mapping

import duckdb

from cleanroom.contracts import Column, ColumnType, Contract
from cleanroom.errors import Finding
from cleanroom.identifiers.guard import SAMPLE_VALUES, kind_of_sample
from cleanroom.quality.rules import RowRule, RuleKind, Severity
from cleanroom.vault.package_file import TABLE
from cleanroom.vault.stage import Tally

_REFUSED_PER_HUNDRED = 1
_SPREAD_ROWS = 1_000_000
"""Up to this many rows the sample is spread over the file; beyond, reading every row again would cost too much."""

# Not IN: DuckDB makes a join of a longer list, for each column one, and cannot leave them out where nobody asks.
_LENGTHS = " ".join(f"WHEN {length} THEN true" for length in (32, 40, 56, 64, 96, 128))
# Kind -> (a cheap test that rules out nearly every row, the pattern itself). RE2, searched unless anchored.
_LOOKS: Mapping[str, tuple[str, str]] = {
    "email": ("contains({c}, '@')", r"[^@\s]+@[^@\s]+\.[A-Za-z]{{2,}}"),
    "phone": ("(starts_with({c}, '+') OR starts_with({c}, '('))", r"^(\+|\()[0-9 ()./-]{{8,20}}$"),
    "hash": (f"strlen({{c}}) >= 32 AND CASE strlen({{c}}) {_LENGTHS} ELSE false END", r"^([0-9a-f]+|[0-9A-F]+)$"),
    "base64 hash": ("strlen({c}) = 44", r"^[A-Za-z0-9+/_-]{{43}}=$"),
}
_SHORTEST: Mapping[str, int] = {"email": 6, "phone": 9, "hash": 32, "base64 hash": 44}
_HELP = "map the identifier to the contract's identifier column: it is made a keyed token on your machine"


def guard_rules(contract: Contract, present: frozenset[str]) -> tuple[RowRule, ...]:
    """One rule per text column and kind of identifier."""
    return tuple(
        RowRule(
            id=f"clear:{kind}:{column.name}",
            kind=RuleKind.CLEAR,
            severity=Severity.ERROR,
            columns=(column.name,),
            words=f"`{column.name}` must not hold a clear identifier or bare hash ({kind})",
            help=_HELP,
            violated=_violated(str(column.name), *look),
        )
        for column in contract.stored
        if column.type is ColumnType.TEXT and column.name in present
        for kind, look in _LOOKS.items()
        if _fits(column, kind)
    )


def guard_findings(rules: Mapping[str, RowRule], tallies: tuple[Tally, ...], rows: int) -> tuple[Finding, ...]:
    """The columns that are identifiers rather than hold a stray one: each refuses the file (CR-V025)."""
    return tuple(
        Finding(
            code="CR-V025",
            severity="fatal",
            message=f"column `{rules[tally.rule].columns[0]}` looks like clear identifiers or bare hashes",
            help=_HELP,
            column=str(rules[tally.rule].columns[0]),
            count=tally.rows,
        )
        for tally in tallies
        if tally.rule in rules
        and rules[tally.rule].kind is RuleKind.CLEAR
        and 100 * tally.rows > _REFUSED_PER_HUNDRED * rows
    )


def sampled_findings(
    connection: duckdb.DuckDBPyConnection, contract: Contract, present: frozenset[str], rows: int
) -> tuple[Finding, ...]:
    """What the member's own guard says of a sample of each text column: addresses, names, phones without a plus too.

    The client asks the same before it packages; here it is asked of packages made by other hands.
    """
    columns = [c for c in contract.stored if c.type is ColumnType.TEXT and c.name in present and not c.allowed]
    if not columns or not rows:
        return ()
    names = ", ".join('"' + c.name.replace('"', '""') + '"' for c in columns)
    spread = f"file_row_number % {max(rows // SAMPLE_VALUES, 1)} = 0" if rows <= _SPREAD_ROWS else "true"
    query = f"SELECT {names} FROM {TABLE} WHERE {spread} LIMIT {SAMPLE_VALUES}"
    sample = connection.execute(query).fetchall()
    findings = []
    for column, values in zip(columns, zip(*sample, strict=True), strict=True):
        kind = kind_of_sample(column, [value for value in values if value is not None])
        if kind is not None:
            message = f"column `{column.name}` looks like {kind}"
            findings.append(Finding(code="CR-V025", severity="fatal", message=message, help=_HELP, column=column.name))
    return tuple(findings)


def _fits(column: Column, kind: str) -> bool:
    # Closed lists, patterns and short columns keep such values out by rules of their own: no need to look twice.
    return not column.allowed and not column.pattern and (column.max_length or _SHORTEST[kind]) >= _SHORTEST[kind]


def _violated(column: str, cheap: str, pattern: str) -> str:
    name = '"' + column.replace('"', '""') + '"'
    return f"{cheap.format(c=name)} AND regexp_matches({name}, '{pattern.format()}')"
