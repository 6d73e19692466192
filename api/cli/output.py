"""What the CLI prints: answers on standard output, everything said beside them on standard error.

With ``--json`` an answer is one JSON document; an error is one too, on standard error, shaped as HTTP's problem+json.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path

from cleanroom.errors import CleanroomError, Finding, PolicyRefused, Violation


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether ``--json`` stands among the arguments (before any ``--``)."""
    known = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in known


def say(text: str = "") -> None:
    """One line of the answer."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """One line beside the answer."""
    sys.stderr.write(text + "\n")


def answer(value: object, *, as_json: bool, text: Callable[[], None]) -> None:
    """The whole answer: ``value`` as JSON, or what ``text`` says."""
    if as_json:
        say(json.dumps(plain(value), ensure_ascii=False))
    else:
        text()


def plain(value: object) -> object:
    """``value`` in JSON's types; dataclasses become objects, exact numbers keep their text."""
    match value:
        case None | bool() | int() | float() | str():
            return str(value) if isinstance(value, Enum) else value
        case Enum():
            return str(value.value)
        case Decimal():
            return format(value, "f")
        case date() | Path():
            return value.isoformat() if isinstance(value, date) else str(value)
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {f.name: plain(getattr(value, f.name)) for f in fields(value) if f.repr}
        case Iterable():
            return [plain(item) for item in value]
        case _:
            raise TypeError(f"no JSON form for {type(value).__name__}")


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A plain table, columns aligned, numbers to the right; wide ones are not cut."""
    texts = [[_cell(cell) for cell in row] for row in rows]
    right = [bool(texts) and all(_is_number(row[at]) for row in texts) for at in range(len(headings))]
    widths = [max([len(head), *(len(row[at]) for row in texts)]) for at, head in enumerate(headings)]
    for row in (list(headings), ["-" * width for width in widths], *texts):
        cells = (
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(row, widths, right, strict=True)
        )
        say("  ".join(cells).rstrip())


def _cell(cell: object) -> str:
    shown = plain(cell)
    if shown is None:
        return ""
    if isinstance(shown, bool):
        return "yes" if shown else "no"
    if isinstance(shown, list):
        return ", ".join(str(item) for item in shown)
    return str(shown)


def _is_number(text: str) -> bool:
    return text == "" or text.replace(",", "").replace(".", "", 1).lstrip("-").isdigit()


def findings(found: Iterable[Finding]) -> None:
    """Findings, worst first as given: severity, code, count, message and fix."""
    for finding in found:
        count = f" ({finding.count:,})" if finding.count else ""
        where = f" in `{finding.column}`" if finding.column else ""
        rows = (
            f"; rows {', '.join(map(str, finding.rows[:5]))}{' ...' if len(finding.rows) > 5 else ''}"
            if finding.rows
            else ""
        )
        note(f"{finding.severity}: {finding.code} {finding.message}{where}{count}{rows}")
        if finding.help:
            note(f"    {finding.help}")


def violations(found: Iterable[Violation], *, place: str = "") -> None:
    """Violations, each with its place, owner, help and rewrite."""
    for violation in found:
        at = (
            f"{place}:{violation.span.line}:{violation.span.column}: "
            if violation.span
            else f"{place}: "
            if place
            else ""
        )
        note(f"{at}{violation.code} {violation.rule} [{violation.owner}] {violation.message}")
        if violation.help:
            note(f"    {violation.help}")
        if violation.rewrite:
            note(f"    write instead: {violation.rewrite}")


def bar(word: str, unit: str) -> Callable[[int, int | None], None]:
    """Progress on standard error, only on a terminal, at most ten times a second."""
    if not sys.stderr.isatty():
        return lambda _done, _total: None
    shown = [datetime.min.replace(tzinfo=UTC)]

    def show(done: int, total: int | None) -> None:
        now = datetime.now(UTC)
        if (now - shown[0]).total_seconds() < 0.1 and done != total:
            return
        shown[0] = now
        of = f" of {total:,} ({100 * done // max(1, total)} %)" if total else ""
        sys.stderr.write(f"\r{word} {done:,}{of} {unit}   ")
        if done == total:
            sys.stderr.write("\n")

    return show


def fail(error: CleanroomError, *, as_json: bool) -> int:
    """Say what went wrong and return the exit code."""
    if as_json:
        found = [plain(violation) for violation in error.violations] if isinstance(error, PolicyRefused) else []
        document = {
            "code": error.code,
            "message": error.message,
            "help": error.help,
            "place": error.place,
            "retryable": error.retryable,
        }
        note(json.dumps(document | ({"violations": found} if found else {}), ensure_ascii=False))
    elif isinstance(error, PolicyRefused):
        violations(error.violations, place=error.place)
    else:
        note(f"{error.place}: {error.code} {error.message}" if error.place else f"{error.code} {error.message}")
        if error.help:
            note(f"    {error.help}")
    return error.exit_code


def fail_unexpectedly(error: Exception, *, as_json: bool) -> int:
    """A bug: its type and where it was raised, never its text, which may quote a value (I15)."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace is not None else "?"
    message = f"this is a bug in cleanroom: {type(error).__name__} at {where}"
    note(json.dumps({"code": "CR-A099", "message": message}) if as_json else f"CR-A099 {message}")
    return 1
