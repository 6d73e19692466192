"""One error tree, grouped by what the caller does next.

::

    CleanroomError
    |-- UsageProblem        fix the command or the request's form      exit 2   HTTP 400
    |-- DataRefused         fix the data, mapping or key               exit 3   HTTP 422
    |-- PolicyRefused       ask for something else, or ask the owner   exit 4   HTTP 403
    |-- NotAuthorised       sign in, or ask for the role               exit 5   HTTP 401/403
    |-- NotFound            no such thing, or none you may see         exit 2   HTTP 404
    |-- Conflict            read again, then retry                     exit 6   HTTP 409
    |-- OutcomeUnknown      read back before retrying                  exit 6   HTTP 503
    |-- Unavailable         wait, then retry                           exit 6   HTTP 503
    `-- IntegrityFailure    stop; a proof does not hold                exit 1   HTTP 500

Codes are ``CR-`` + a letter + three digits, stable and append-only; each has an entry under ``docs/errors``.
INVARIANT I15: no message, help or attribute ever carries a cell value, token, key or parameter value. Foreign
exceptions (DuckDB, pyarrow, openpyxl) quote cells in their texts: catch them at the border, raise ours ``from None``.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A place in a text: 0-based character offsets ``start`` <= ``end``, and the 1-based line and column of start."""

    start: int
    end: int
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One rule that one owner's policy (or the grammar, owner ``room``) does not let this text pass.

    ``rewrite`` is a legal replacement for the text at ``span`` where one exists.
    Messages are lower case, without a full stop, with input names (never values of rows) in backticks.
    """

    code: str
    rule: str
    owner: str
    message: str
    help: str
    span: Span | None = None
    rewrite: str | None = None
    retryable: bool = False


class CleanroomError(Exception):
    """Base of all errors shown to people: ``code``, ``message``, ``help``, ``place`` and whether a retry can help."""

    exit_code = 1
    http_status = 500
    retryable = False

    def __init__(self, code: str, message: str, *, help: str = "", place: str = "") -> None:  # noqa: A002
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.help = help
        self.place = place


class UsageProblem(CleanroomError):
    """The command or request is malformed: fix it."""

    exit_code = 2
    http_status = 400


class NotFound(CleanroomError):
    """No such thing, or none the caller may see; the two read the same (I17)."""

    exit_code = 2
    http_status = 404


class DataRefused(CleanroomError):
    """The data, mapping, package or key cannot be accepted; nothing was stored."""

    exit_code = 3
    http_status = 422


class PolicyRefused(CleanroomError):
    """A policy or the grammar refuses; ``violations`` holds all of them at once and is never empty."""

    exit_code = 4
    http_status = 403

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        if not violations:
            raise AssertionError("a refusal names at least one violation")
        first = violations[0]
        super().__init__(first.code, first.message, help=first.help)
        self.violations = violations


class NotAuthorised(CleanroomError):
    """Not signed in, or without the role."""

    exit_code = 5
    http_status = 403


class Conflict(CleanroomError):
    """Somebody else changed it first: read again, then retry."""

    exit_code = 6
    http_status = 409
    retryable = True


class OutcomeUnknown(CleanroomError):
    """It may or may not have happened: read back before retrying."""

    exit_code = 6
    http_status = 503
    retryable = True


class Unavailable(CleanroomError):
    """Busy, out of space or out of time: wait, then retry."""

    exit_code = 6
    http_status = 503
    retryable = True


class IntegrityFailure(CleanroomError):
    """A signature, digest or chain does not hold: stop and look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something true about a file that its owner should know; counts and row numbers only, never a value.

    ``rows`` are 1-based row numbers in the source file, at most the first twenty.
    """

    code: str
    severity: str  # "fatal" | "error" | "warning" | "note"
    message: str
    help: str = ""
    column: str = ""
    count: int = 0
    rows: tuple[int, ...] = field(default=())
