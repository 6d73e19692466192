"""Identifiers of people to erase -> tokens, on the member's own machine: what was typed never leaves it."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from uuid import UUID

from api.cli.remote import room_client, stored_profile
from cleanroom.contracts.model import Column, Contract, Role
from cleanroom.crypto import CollaborationKey
from cleanroom.crypto.tokens import token_key, within
from cleanroom.errors import DataRefused, UsageProblem
from cleanroom.identifiers import PROFILES, profile_named
from cleanroom.identifiers.profile import Canonical
from cleanroom.names import DatasetName

_PER_REQUEST = 10_000


def erase_lines(
    lines: Iterable[str],
    contracts: Mapping[DatasetName, Contract],
    *,
    kind: str,
    region: str | None,
    purging: bool,
    profile: Path | None,
    url: str | None,
) -> dict[str, int]:
    """Erase the people on ``lines``; rows removed per dataset. The history is purged once, with the last request.

    Raises:
        DataRefused: CR-K007 the profile names no collaboration key; and as ``tokens_to_erase``.
    """
    stored = stored_profile(profile)
    if stored.collaboration_key is None:
        raise DataRefused("CR-K007", "tokens need the collaboration key", help="`cleanroom key accept` takes one")
    key = CollaborationKey.load(stored.collaboration_key)
    tokens = [str(token) for token in tokens_to_erase(lines, contracts, key, kind=kind, region=region)]
    removed: dict[str, int] = {}
    with room_client(profile, url) as client:
        for start in range(0, len(tokens), _PER_REQUEST):
            part = tokens[start : start + _PER_REQUEST]
            is_last = start + _PER_REQUEST >= len(tokens)
            said = client.post("/erasures", {"tokens": part, "purge": purging and is_last})["removed"]
            for dataset, count in said.items():
                removed[dataset] = removed.get(dataset, 0) + int(count)
    return removed


def tokens_to_erase(
    lines: Iterable[str],
    contracts: Mapping[DatasetName, Contract],
    key: CollaborationKey,
    *,
    kind: str,
    region: str | None,
) -> tuple[UUID, ...]:
    """Tokens of each line under each normaliser profile of its kind.

    Args:
        lines: identifiers as people typed them, one a line; empty lines do not count.
        contracts: the record types; every identifier column of ``kind`` gives its profile.
        kind: ``email``, ``phone``; a serial identifies a unit, not a person, and is written ``BRAND,SERIAL``.
        region: the country of phones without one.

    Raises:
        UsageProblem: CR-A112 no contract has identifiers of this kind; CR-A113 a serial without its brand; CR-V045 no lines.
        DataRefused: CR-N010 a line is not valid under any profile; its number is told, never its text.
    """
    columns = _identifiers(contracts, kind)
    if not columns:
        raise UsageProblem("CR-A112", "no record type has identifiers of this kind", help="email, phone or serial")
    # A mapping may choose another profile than its contract: a person is looked for under all of the kind.
    names = {str(column.normaliser) for column in columns}
    names |= {profile.name for profile in PROFILES if profile.name.startswith(f"{kind}.")}
    keys = {profile_named(name): token_key(key, kind=kind, profile=name) for name in sorted(names)}
    is_scoped = any(column.within is not None for column in columns)
    found: dict[UUID, None] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        scope, text = _scoped(line, is_scoped=is_scoped)
        outcomes = ((made, profile.normalise(text, region)) for profile, made in keys.items())
        tokens = [made.token(scope(outcome.text)) for made, outcome in outcomes if isinstance(outcome, Canonical)]
        if not tokens:
            raise DataRefused("CR-N010", f"line {number} is no valid {kind}", help="`cleanroom normalize` says why")
        found.update(dict.fromkeys(tokens))
    if not found:
        raise UsageProblem("CR-V045", "give at least one identifier, one a line, on standard input")
    return tuple(found)


def _identifiers(contracts: Mapping[DatasetName, Contract], kind: str) -> list[Column]:
    columns = (column for contract in contracts.values() for column in contract.columns)
    return [c for c in columns if c.role is Role.IDENTIFIER and (c.identifier_kind or c.name) == kind and c.normaliser]


def _scoped(line: str, *, is_scoped: bool) -> tuple[Callable[[str], str], str]:
    """How a canonical text stands inside its scope, and the text itself."""
    if not is_scoped:
        return (lambda text: text), line.strip("\r\n")
    brand, comma, rest = line.partition(",")
    if not comma:
        raise UsageProblem("CR-A113", "write BRAND,SERIAL: a serial is unique within its brand")
    even = " ".join(brand.upper().split())
    return (lambda text: within(even, text)), rest.strip("\r\n")
