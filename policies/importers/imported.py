"""The result of an import, and the draft it is written from: a policy text that loads, with its gaps as comments."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cleanroom.contracts.model import Contract
from cleanroom.errors import PolicyRefused, Violation
from cleanroom.names import ColumnName, DatasetName, MemberName
from cleanroom.plan import Mechanism
from policies.load import load_policy
from policies.model import ColumnGrant, DataPolicy, Mode

MAX_RULE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the foreign rule does not say: whose data it is here, and who the others are.

    ``accounts`` maps the vendor's account ids to members; ``renamed`` the vendor's column names to the contract's;
    ``partners`` are the datasets it may be joined with. ``floor`` is the room's least ``minimum_units``.
    """

    member: MemberName
    contract: Contract
    queriers: tuple[MemberName, ...]
    purposes: tuple[str, ...]
    partners: tuple[DatasetName, ...] = ()
    accounts: Mapping[str, MemberName] = field(default_factory=dict)
    renamed: Mapping[str, ColumnName] = field(default_factory=dict)
    floor: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A policy text ready for its steward, what it says, and what of the original is not in it (sentences)."""

    text: str
    policy: DataPolicy
    not_carried: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Draft:
    """A policy being written; not frozen because an importer fills it step by step."""

    target: Target
    privacy_unit: ColumnName
    minimum_units: int
    mode: Mode = Mode.TEMPLATES
    queriers: tuple[MemberName, ...] = ()
    receivers: tuple[MemberName, ...] = ()
    join_required: bool = True
    join_columns: tuple[ColumnName, ...] = ()
    columns: dict[ColumnName, ColumnGrant] = field(default_factory=dict)
    epsilon: str | None = None
    delta: str | None = None
    notes: list[str] = field(default_factory=list)

    def note(self, sentence: str) -> None:
        """Remember what could not be carried over, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def finished(self, origin: str) -> Imported:
        """The draft as text, loaded back: an import never hands out what would not load."""
        text = "\n".join([*self._comments(origin), *self._lines()]) + "\n"
        policy = load_policy(text.encode(), place=origin)
        return Imported(text=text, policy=policy, not_carried=tuple(self.notes))

    def _comments(self, origin: str) -> list[str]:
        return [f"# drafted from {origin}; read it before signing", *(f"# not carried over: {n}" for n in self.notes)]

    def _lines(self) -> list[str]:
        target = self.target
        lines = [
            "apiVersion: cleanroom/v1",
            "kind: DataPolicy",
            f"member: {target.member}",
            f"dataset: {target.contract.dataset}",
            "version: 1",
            f"privacy_unit: {self.privacy_unit}",
            f"minimum_units: {self.minimum_units}",
            f"queriers: {_flow(sorted(set(self.queriers)))}",
            f"receivers: {_flow(sorted(set(self.receivers)))}",
            f"purposes: {_flow(sorted(set(target.purposes)))}",
            f"mode: {self.mode}",
            "joins:",
            f"  required: {str(self.join_required).lower()}",
            f"  columns: {_flow(sorted(set(self.join_columns)))}",
            f"  with: {_flow(sorted(set(target.partners)) if self.join_columns else [])}",
            "columns:" if self.columns else "columns: {}",
            *(f"  {name}: {_grant(grant)}" for name, grant in self.columns.items()),
        ]
        if self.epsilon is None:
            return [*lines, f"release: {{mechanism: {Mechanism.SUPPRESS}}}", "zeros: suppress"]
        delta = f", delta: {self.delta}" if self.delta is not None else ""
        release = f"release: {{mechanism: {Mechanism.DIFFERENTIAL_PRIVACY}, epsilon: {self.epsilon}{delta}}}"
        return [*lines, release, "zeros: suppress"]


def read_json(document: bytes, origin: str) -> object:
    """The JSON of ``document``, numbers as their exact text.

    Raises:
        PolicyRefused: CR-P080 larger than 1 MB, or not JSON.
    """
    if len(document) > MAX_RULE_BYTES:
        raise unreadable(origin, "the document is larger than 1 MB")
    try:
        return json.loads(document, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_once)
    except _TwiceError:
        raise unreadable(origin, "a key is given twice, and which of the two is meant cannot be told") from None
    except (ValueError, RecursionError):
        raise unreadable(origin, "the document is not JSON") from None


class _TwiceError(Exception):
    """A key twice in one object: readers differ in which of them they take."""


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _TwiceError
    return found


def unreadable(origin: str, message: str, code: str = "CR-P080") -> PolicyRefused:
    """A refusal of a foreign document."""
    return PolicyRefused(
        (Violation(code=code, rule="policy_import", owner="room", message=message, help=f"give it {origin}"),)
    )


def _grant(grant: ColumnGrant) -> str:
    parts = [f"allow: {_flow(sorted(grant.allow))}"]
    if grant.grain is not None:
        parts.append(f"grain: {grant.grain}")
    if grant.between is not None:
        parts.append(f"between: [{grant.between[0]:f}, {grant.between[1]:f}]")
    return "{" + ", ".join(parts) + "}"


def _flow(names: Sequence[str]) -> str:
    return f"[{', '.join(names)}]"
