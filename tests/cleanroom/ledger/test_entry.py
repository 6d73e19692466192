"""Entries and shapes read back exactly as written, or not at all."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from cleanroom.canonical import canonical_json
from cleanroom.errors import IntegrityFailure
from cleanroom.names import MemberName
from cleanroom.privacy.ledger.entry import LedgerEntry, decode_entry, encode_entry
from cleanroom.privacy.ledger.review import Ledger
from cleanroom.privacy.ledger.store import MemoryStore
from cleanroom.privacy.ledger_port import LedgerPort
from cleanroom.shape_codec import shape_from_bytes
from tests.attacks.ledger.scenarios import ATTACKS, TYPES, Upload
from tests.cleanroom.ledger.room import Room, ask, plain


def entry() -> LedgerEntry:
    """An entry with every kind of cell key."""
    room = Room(types=TYPES)
    room.upload("harbor", "sales", [])
    cells = (("north", date(2026, 1, 1), None), (Decimal("1.5"), 2.5, True))
    return LedgerEntry(plan=room.plan(ask(by=[plain("region")])), cells=cells, shown=((True,), (False,)))


def test_an_entry_reads_back_as_it_was_written() -> None:
    """Encode, decode: the same value."""
    assert decode_entry(encode_entry(entry())) == entry()


def test_what_was_asked_and_what_an_earlier_build_wrote_reads_back() -> None:
    """The first format had results alone."""
    asked = replace(entry(), asked_by=MemberName("solstice"))
    assert decode_entry(encode_entry(asked)) == asked
    first = encode_entry(entry()).replace(b'"asked_by":null,', b"").replace(b'"format":2', b'"format":1')
    assert decode_entry(first) == entry()


@pytest.mark.parametrize("change", [(b'"format":2', b'"format":3'), (b'"1"', b'"7"'), (b"Plan", b"Plot"), (b"{", b"")])
def test_a_changed_entry_is_refused(change: tuple[bytes, bytes]) -> None:
    """What does not read back exactly is not guessed."""
    with pytest.raises(IntegrityFailure, match=r"CR-R40[14]"):
        decode_entry(encode_entry(entry()).replace(*change, 1))


def test_every_shape_of_the_attacks_reads_back() -> None:
    """Shapes of all kinds survive the round trip."""
    shapes = [step for attack in ATTACKS for step in attack.steps if not isinstance(step, Upload)]
    assert [shape_from_bytes(canonical_json(shape)) for shape in shapes] == shapes


def test_the_ledger_fits_the_port() -> None:
    """The release story can be given a ledger."""
    port: LedgerPort = Ledger(MemoryStore())
    assert callable(port.review)
