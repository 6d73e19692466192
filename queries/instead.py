"""A refused function call -> the legal text that means the same, where there is one.

Comes in: the text of one call as written. Goes out: text for a refusal's rewrite, never anything that is run: what the
asker sends next is read and checked like any other question.
"""

import re
from collections.abc import Callable, Mapping

_CALL = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*\((.*)\)\Z", re.DOTALL)
_LEXEME = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|[A-Za-z0-9_]+|.", re.DOTALL)
_DAY = re.compile(r"'([0-9]{4}-[0-9]{2}-[0-9]{2})'\Z")
_UNITS = ("year", "quarter", "month")
_BY_PATTERN = {
    "%y-%m": "date_trunc('month', {})", "yyyy-mm": "date_trunc('month', {})", "%y%m": "date_trunc('month', {})",
    "%y": "year({})", "yyyy": "year({})", "%m": "month({})", "mm": "month({})",
}  # fmt: skip


def instead_of(call: str) -> str | None:
    """What to write instead of ``call``, None where nothing in the language means the same."""
    written = _CALL.match(call.strip())
    build = _BUILDERS.get(written[1].lower()) if written else None
    return build(_arguments(written[2])) if written and build else None


def unit_first(call: str) -> str | None:
    """``DATE_DIFF(d2, d1, MONTH)`` and ``DATEDIFF(month, d1, d2)`` of other systems, in ours."""
    written = _CALL.match(call.strip())
    arguments = _arguments(written[2]) if written else []
    if len(arguments) != 3:
        return None
    first, second, third = arguments
    if first.lower() in _UNITS:
        return f"date_diff('{first.lower()}', {second}, {third})"
    return f"date_diff('{third.lower()}', {second}, {first})" if third.lower() in _UNITS else None


def _arguments(text: str) -> list[str]:
    """The arguments between a call's brackets: cut at commas outside quotes, comments and inner brackets."""
    depth, start, found = 0, 0, []
    for lexeme in _LEXEME.finditer(text):
        depth += (lexeme.group() == "(") - (lexeme.group() == ")")
        if lexeme.group() == "," and not depth:
            found.append(text[start : lexeme.start()].strip())
            start = lexeme.end()
    return [*found, text[start:].strip()]


def _count_if(arguments: list[str]) -> str | None:
    return f"COUNT(*) FILTER (WHERE {arguments[0]})" if len(arguments) == 1 and arguments[0] else None


def _if(arguments: list[str]) -> str | None:
    if len(arguments) not in (2, 3):
        return None
    otherwise = f" ELSE {arguments[2]}" if len(arguments) == 3 else ""
    return f"CASE WHEN {arguments[0]} THEN {arguments[1]}{otherwise} END"


def _mean(arguments: list[str]) -> str | None:
    return f"AVG({arguments[0]})" if len(arguments) == 1 and arguments[0] else None


def _part(arguments: list[str]) -> str | None:
    if len(arguments) != 2:
        return None
    unit = arguments[0].strip("'\"").lower()
    return f"{unit}({arguments[1]})" if unit in _UNITS else None


def _formatted(arguments: list[str]) -> str | None:
    """A date as text: the date function that makes the same groups. The pattern stands on either side."""
    patterns = [one for one in arguments if one.startswith("'")]
    dates = [one for one in arguments if not one.startswith("'")]
    if len(patterns) != 1 or len(dates) != 1:
        return None
    # `%Y` is the year and `%y` its last two digits: only the first has a function.
    known = None if "%y" in patterns[0] else _BY_PATTERN.get(patterns[0].strip("'").lower())
    return known.format(dates[0]) if known else None


def _day(arguments: list[str]) -> str | None:
    day = _DAY.match(arguments[0]) if len(arguments) == 1 else None
    return f"DATE '{day[1]}'" if day else None


_BUILDERS: Mapping[str, Callable[[list[str]], str | None]] = {
    "count_if": _count_if, "countif": _count_if,
    "if": _if, "iif": _if,
    "mean": _mean, "average": _mean,
    "date_part": _part, "datepart": _part,
    "strftime": _formatted, "to_char": _formatted, "format_date": _formatted, "date_format": _formatted,
    "date": _day, "to_date": _day, "timestamp": _day,
}  # fmt: skip
