"""Tells clear identifiers and bare hashes from what a room may hold (INVARIANT I3). Shares and counts, never a value.

The member's client asks before packaging, the room asks again on ingest: a mapping mistake (``sku: {from: Email}``) is
stopped on both sides. A bare hash of an e-mail or serial is as good as the clear value to whoever can enumerate, so
it is refused too. What this cannot see: identifiers that look like ordinary words or codes.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from cleanroom.contracts.model import Column, ColumnType, Role
from cleanroom.errors import Finding

SAMPLE_VALUES = 2_000


class Kind(StrEnum):
    """What a column looks like."""

    EMAIL = "e-mail addresses"
    PHONE = "phone numbers"
    ADDRESS = "postal addresses"
    PERSON = "names of people"
    HASH = "bare hashes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """``pattern`` (Rust regular expression) marks values; the column is of ``kind`` from ``share`` per cent of them."""

    kind: Kind
    pattern: str
    share: int


_FIRST_NAMES = (
    "james|john|robert|michael|william|david|richard|joseph|thomas|charles|daniel|matthew|anthony|mark|paul|steven|"
    "andrew|peter|george|kevin|brian|edward|mary|patricia|jennifer|linda|elizabeth|barbara|susan|jessica|sarah|karen|"
    "lisa|nancy|sandra|emily|emma|olivia|sophie|anna|maria|laura|julia|lena|hans|klaus|jan|lars|pierre|jean|marie|"
    "claire|jose|juan|carlos|luis|carmen|giulia|marco|luca|sofia|mohammed|muhammad|ahmed|fatima|ali|wei|li|priya|raj"
)
_STREETS = (
    "street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|ct|close|crescent|way|place|square|terrace|"
    "strasse|straße|str|weg|platz|allee|rue|via|calle|straat|laan"
)
DETECTORS: tuple[Detector, ...] = (
    # One address is one too many: free text with an e-mail in a single row is a leak.
    Detector(kind=Kind.EMAIL, pattern=r"[A-Za-z0-9._%+\-']+@[A-Za-z0-9\-]+\.[A-Za-z]{2,}", share=0),
    Detector(kind=Kind.HASH, pattern=r"^(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[A-Za-z0-9+/]{43}=)$", share=20),
    Detector(kind=Kind.HASH, pattern=r"^[0-9a-fA-F]{32}$", share=50),
    Detector(
        kind=Kind.PHONE,
        pattern=r"^(?:\+[1-9][0-9 ().\-]{8,18}|\(?[0-9]{3}\)?[ .\-][0-9]{3}[ .\-][0-9]{4}|0[1-9][0-9]{2,4}[ \-/][0-9 ]{5,8})$",
        share=50,
    ),
    Detector(kind=Kind.PHONE, pattern=r"^0[1-9][0-9]{8,9}$", share=80),
    Detector(
        kind=Kind.ADDRESS,
        pattern=rf"(?i)(?:^[0-9]+[a-z]?,?\s+\S.*\b(?:{_STREETS})\b|(?:{_STREETS})\.?\s+[0-9]+)",
        share=20,
    ),
    Detector(
        kind=Kind.PERSON,
        pattern=rf"(?i)^(?:(?:mr|mrs|ms|dr|herr|frau)\.?\s+\S+|(?:{_FIRST_NAMES})\s+[a-z'\-]{{2,}}(?:\s+[a-z'\-]{{2,}})?)$",
        share=30,
    ),
)
_KEYS_MAY_BE = (Kind.PHONE, Kind.ADDRESS, Kind.PERSON)
_UUID_WITHOUT_HYPHENS = DETECTORS[2]


def looks_like(values: pl.Series) -> Kind | None:
    """What the non-null ``values`` (text) look like, or None."""
    return _first(values, DETECTORS)


def guard_column(column: Column, values: pl.Series, first: pl.Series | None = None) -> Finding | None:
    """A fatal finding if ``values`` must not enter a room as ``column``; a key may look like a number or an id.

    E-mail addresses are looked for in all ``values`` (each at least once), the rest in the ``first`` 2,000 rows.
    """
    if column.type is not ColumnType.TEXT or column.role is Role.IDENTIFIER:
        return None
    detectors = DETECTORS
    if column.role is Role.KEY:
        detectors = tuple(d for d in DETECTORS if d.kind not in _KEYS_MAY_BE and d is not _UUID_WITHOUT_HYPHENS)
    with_at = values.filter(values.str.contains("@", literal=True).fill_null(value=False))
    kind = _first(with_at, DETECTORS[:1]) or _first((values if first is None else first).head(SAMPLE_VALUES), detectors)
    if kind is None:
        return None
    return Finding(
        code="CR-N020",
        severity="fatal",
        message=f"the column looks like {kind}",
        help="map it to an identifier column, so that it is tokenised here; a room takes no clear or hashed identifier",
        column=column.name,
    )


def kind_of_sample(column: Column, values: Collection[str]) -> Kind | None:
    """What a sample of texts says about a column, e-mails aside (a stray one is a matter of its row); at most 2,000.

    The same detectors without polars: its threads do not survive a fork, and a room's process may fork.
    """
    detectors = [d for d in DETECTORS if d.kind is not Kind.EMAIL]
    if column.role is Role.KEY:
        detectors = [d for d in detectors if d.kind not in _KEYS_MAY_BE and d is not _UUID_WITHOUT_HYPHENS]
    present = list(dict.fromkeys(values))[:SAMPLE_VALUES]
    for detector in detectors:
        pattern = re.compile(detector.pattern)
        hits = sum(1 for value in present if pattern.search(value))
        if hits and hits * 100 >= detector.share * len(present):
            return detector.kind
    return None


def _first(values: pl.Series, detectors: tuple[Detector, ...]) -> Kind | None:
    present = values.drop_nulls().unique(maintain_order=True).head(SAMPLE_VALUES)
    if present.len() == 0:
        return None
    for detector in detectors:
        hits = present.str.contains(detector.pattern).sum()
        if hits and hits * 100 >= detector.share * present.len():
            return detector.kind
    return None


def is_bare_hash(text: str) -> bool:
    """Whether one value is a hash by its form: hexadecimal MD5, SHA-1 or SHA-256, or SHA-256 in base64."""
    return any(re.search(d.pattern, text) is not None for d in DETECTORS if d.kind is Kind.HASH)
