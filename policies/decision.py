"""What deciding takes and gives: the question's circumstances, and one of two answers."""

from dataclasses import dataclass
from datetime import date

from cleanroom.errors import Violation
from cleanroom.names import MemberName
from cleanroom.plan import Obligations
from policies.model import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The circumstances of a question: who asks, why, by which way, on which day, under which room floor.

    ``mode`` is ``TEMPLATES`` for an approved template and ``AD_HOC`` for any other text.
    """

    querier: MemberName
    purpose: str
    mode: Mode
    today: date
    floor: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """Every rule of every owner passed; these obligations go with the answer."""

    obligations: Obligations


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """At least one rule of one owner did not pass; all of them, in a stable order."""

    violations: tuple[Violation, ...]


Decision = Allowed | Refused
