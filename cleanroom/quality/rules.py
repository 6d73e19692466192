"""A contract -> its row rules: what must hold for every row, in words and as one SQL predicate.

The predicate is true where a row *breaks* the rule; NULL counts as keeping it (``required`` is a rule of its own).
The same rules drive the one-pass gate in the vault and the Great Expectations suite, under the same ids.
Nobody writes either by hand.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from cleanroom.contracts import Column, ColumnType, Contract
from cleanroom.names import ColumnName

EARLIEST = date(1970, 1, 1)


class Severity(StrEnum):
    """``fatal`` refuses the file, ``error`` quarantines the row, ``warning`` is reported."""

    FATAL = "fatal"
    ERROR = "error"
    WARNING = "warning"


class RuleKind(StrEnum):
    """What a rule looks at; each has one expectation in the Great Expectations suite."""

    REQUIRED = "required"
    ALLOWED = "allowed"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    MAX_LENGTH = "max_length"
    PATTERN = "pattern"
    EARLY = "early"
    FUTURE = "future"
    ORDER = "order"
    PERIOD = "period"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRule:
    """One rule. ``violated`` is SQL over the package's columns, made from the contract only.

    ``argument`` is the bound, pattern or list the rule compares with, as the suite needs it.
    """

    id: str
    kind: RuleKind
    severity: Severity
    columns: tuple[ColumnName, ...]
    words: str
    help: str
    violated: str
    argument: object = None


# (dataset, earlier column, later column): impossible intervals. Columns the contract lacks are left out.
_ORDERED: tuple[tuple[str, str, str, Severity], ...] = (
    ("claims", "claim_date", "closed_date", Severity.ERROR),
    ("claims", "claim_date", "reported_date", Severity.WARNING),
    ("claims", "purchase_date_used", "claim_date", Severity.WARNING),
    ("returns", "sale_date", "return_date", Severity.ERROR),
    ("registrations", "purchase_date", "registered_date", Severity.WARNING),
    ("care_plans", "sold_date", "cancelled_date", Severity.ERROR),
    ("service_tickets", "created", "first_response", Severity.ERROR),
    ("service_tickets", "created", "resolved", Severity.ERROR),
    ("parts_orders", "ordered", "shipped", Severity.ERROR),
    ("repairs", "opened_date", "closed_date", Severity.ERROR),
    ("surveys", "sent", "answered", Severity.ERROR),
    ("surveys", "scale_min", "score", Severity.ERROR),
    ("surveys", "score", "scale_max", Severity.ERROR),
)


def row_rules(
    contract: Contract, *, present: frozenset[str], today: date, period: tuple[date, date] | None = None
) -> tuple[RowRule, ...]:
    """All row rules of ``contract`` that concern columns in ``present``, in a stable order.

    Args:
        contract: the record type.
        present: columns the package has.
        today: the room's day; later dates are in the future (one day of grace for time zones).
        period: first and last day of a declared period; rows outside it are errors.
    """
    key = frozenset(contract.natural_key)
    rules: list[RowRule] = []
    for column in contract.stored:
        if column.name in present:
            rules += _value_rules(column, required=column.required or column.name in key)
            rules += _date_rules(column, is_time=column.name == contract.time, today=today)
    rules += _interval_rules(contract, present)
    if period is not None and contract.time is not None and contract.time in present:
        rules.append(_period_rule(contract.time, period))
    return tuple(rules)


def _value_rules(column: Column, *, required: bool) -> list[RowRule]:
    name, rules = _name(column.name), []
    if required:
        words = "must be present"
        rules.append(_rule(RuleKind.REQUIRED, column, words, "map it, or fill it in the source", f"{name} IS NULL"))
    if column.allowed:
        # Not IN: DuckDB makes a join of a longer list.
        listed = " ".join(f"WHEN {_text(value)} THEN false" for value in column.allowed)
        words = "must be one of " + ", ".join(column.allowed)
        fix = "map the source's words to these"
        rules.append(
            _rule(
                RuleKind.ALLOWED,
                column,
                words,
                fix,
                f"({name} IS NOT NULL AND CASE {name} {listed} ELSE true END)",
                column.allowed,
            )
        )
    if column.minimum is not None:
        words = f"must be at least {column.minimum:f}"
        violated = f"{name} < {column.minimum:f}"
        rules.append(_rule(RuleKind.MINIMUM, column, words, "check its sign and unit", violated, column.minimum))
    if column.maximum is not None:
        words = f"must be at most {column.maximum:f}"
        violated = f"{name} > {column.maximum:f}"
        rules.append(_rule(RuleKind.MAXIMUM, column, words, "check its unit", violated, column.maximum))
    if column.max_length is not None and column.type is ColumnType.TEXT:
        words, longest = f"must not be longer than {column.max_length} characters", column.max_length
        rules.append(
            _rule(
                RuleKind.MAX_LENGTH,
                column,
                words,
                "shorten it in the mapping",
                f"strlen({name}) > {longest} AND length({name}) > {longest}",
                longest,
            )
        )
    if column.pattern is not None:
        full = f"^(?:{column.pattern})$"  # both engines search; the anchors are ours
        words, violated = "must have the form its contract states", f"NOT regexp_matches({name}, {_text(full)})"
        rules.append(_rule(RuleKind.PATTERN, column, words, "normalise it", violated, full))
    return rules


def _date_rules(column: Column, *, is_time: bool, today: date) -> list[RowRule]:
    if column.type not in (ColumnType.DATE, ColumnType.TIMESTAMP):
        return []
    # Other dates may be planned (a launch, a cancellation): worth a word, not worth the row.
    severity, name = Severity.ERROR if is_time else Severity.WARNING, _name(column.name)
    end = today + timedelta(days=2)
    return [
        _rule(RuleKind.EARLY, column, "must not be before 1970", "check the date format",
              f"{name} < DATE '{EARLIEST}'", EARLIEST, severity),
        _rule(RuleKind.FUTURE, column, "must not be in the future", "check which of day and month comes first",
              f"{name} >= DATE '{end}'", end, severity),
    ]  # fmt: skip


def _rule(
    kind: RuleKind, column: Column, words: str, fix: str, violated: str,
    argument: object = None, severity: Severity = Severity.ERROR,
) -> RowRule:  # fmt: skip
    return RowRule(
        id=f"{kind}:{column.name}",
        kind=kind,
        severity=severity,
        columns=(column.name,),
        words=f"`{column.name}` {words}",
        help=fix,
        violated=violated,
        argument=argument,
    )


def _interval_rules(contract: Contract, present: frozenset[str]) -> list[RowRule]:
    return [
        RowRule(
            id=f"order:{earlier}:{later}",
            kind=RuleKind.ORDER,
            severity=severity,
            columns=(ColumnName(earlier), ColumnName(later)),
            words=f"`{later}` must not be before `{earlier}`",
            help="check both dates in the source; two columns may be swapped",
            violated=f"{_name(later)} < {_name(earlier)}",
        )
        for dataset, earlier, later, severity in _ORDERED
        if dataset == contract.dataset and earlier in present and later in present
    ]


def _period_rule(time: ColumnName, period: tuple[date, date]) -> RowRule:
    first, last = period
    end = last + timedelta(days=1)
    return RowRule(
        id=f"period:{time}",
        kind=RuleKind.PERIOD,
        severity=Severity.ERROR,
        columns=(time,),
        words=f"`{time}` must lie in the declared period",
        help="push rows of another period as that period, or with mode upsert",
        violated=f"({_name(time)} < DATE '{first}' OR {_name(time)} >= DATE '{end}' OR {_name(time)} IS NULL)",
        argument=(first, end),
    )


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
