"""Signatures hold in their domain; sealed content opens for its recipient, purpose and context."""

import pytest

from cleanroom.crypto.keys import CollaborationKey, MemberKeys, MemberPublicKeys, SealPublicKey, Signature, VerifyKey
from cleanroom.crypto.sharing import accept_key, share_key
from cleanroom.errors import DataRefused, IntegrityFailure
from tests.cleanroom.crypto.seeded import seeded

RANDOM = seeded(3)
ANNA, BERT, EVE = (MemberKeys.generate(RANDOM) for _ in range(3))
KEY = CollaborationKey.generate(RANDOM)


def test_a_signature_holds_for_its_key_domain_and_content_only() -> None:
    """Any other combination raises; nothing returns a truth value."""
    signature = ANNA.signing.sign("policy", b"content")
    key = ANNA.public.verify
    assert key.verify("policy", b"content", Signature.from_text(signature.to_text())) is None
    forged = Signature(key_id=BERT.public.verify.id, value=signature.value)
    attempts = (
        (BERT.public.verify, "policy", b"content", signature),
        (key, "receipt", b"content", signature),
        (key, "polic", b"ycontent", signature),
        (key, "policy", b"content2", signature),
        (key, "policy", b"content", forged),
        (key, "policy", b"content", Signature(key_id=key.id, value=bytes(64))),
    )
    for verify, domain, content, given in attempts:
        with pytest.raises(IntegrityFailure, match="CR-K011"):
            verify.verify(domain, content, given)


@pytest.mark.parametrize("text", ["", ":", "a:b", "a:" + "A" * 10, ":" + "A" * 88, "a:\u00e9"])
def test_texts_that_are_no_signatures(text: str) -> None:
    """A damaged signature is refused as a wrong one is."""
    with pytest.raises(IntegrityFailure, match="CR-K011"):
        Signature.from_text(text)


def test_an_empty_domain_is_a_bug() -> None:
    """Nothing is ever signed without saying what as."""
    with pytest.raises(ValueError, match="needs a domain"):
        ANNA.signing.sign("", b"content")


def test_public_keys_travel_as_text() -> None:
    """To text and back; anything else is refused."""
    assert MemberPublicKeys.from_text(ANNA.public.to_text()) == ANNA.public
    for bad in ("", "x", ANNA.public.verify.to_text(), "ed25519-v1:AAAA xwing-v1:AAAA", "ed25519-v1:\u00e9 x"):
        with pytest.raises(DataRefused, match="CR-K002"):
            MemberPublicKeys.from_text(bad)


def test_sealed_content_opens_for_recipient_info_and_aad_only() -> None:
    """Another key, purpose, context, a cut, a flipped byte: one refusal for all."""
    sealed = ANNA.public.seal.seal(b"secret", info=b"purpose", aad=b"context")
    assert ANNA.sealing.open(sealed, info=b"purpose", aad=b"context") == b"secret"
    attempts = (
        (BERT.sealing, sealed, b"purpose", b"context"),
        (ANNA.sealing, sealed, b"purposec", b"ontext"),
        (ANNA.sealing, sealed, b"purpose", b""),
        (ANNA.sealing, sealed[:-1], b"purpose", b"context"),
        (ANNA.sealing, bytes([*sealed[:-1], sealed[-1] ^ 1]), b"purpose", b"context"),
        (ANNA.sealing, sealed[7:], b"purpose", b"context"),
        (ANNA.sealing, b"", b"purpose", b"context"),
    )
    for key, content, info, aad in attempts:
        with pytest.raises(IntegrityFailure, match="CR-K012"):
            key.open(content, info=info, aad=aad)


def test_sealing_twice_gives_different_bytes() -> None:
    """The room cannot tell that two members got the same key."""
    public = ANNA.public.seal
    assert public.seal(b"secret", info=b"i", aad=b"a") != public.seal(b"secret", info=b"i", aad=b"a")


def test_a_shared_key_arrives() -> None:
    """From Anna to Bert through the room, which sees neither key nor seed."""
    document = share_key(KEY, sender=ANNA, recipient=BERT.public.seal, room="pilot")
    assert accept_key(document, recipient=BERT, sender=ANNA.public.verify, room="pilot") == KEY
    assert KEY.for_sharing() not in document


def test_the_room_cannot_read_replace_or_move_a_shared_key() -> None:
    """Eve runs the room: she cannot open the share, put her own key in, or replay it elsewhere."""
    document = share_key(KEY, sender=ANNA, recipient=BERT.public.seal, room="pilot")
    own = share_key(CollaborationKey.generate(RANDOM), sender=EVE, recipient=BERT.public.seal, room="pilot")
    with pytest.raises(IntegrityFailure, match="CR-K012"):
        accept_key(document, recipient=EVE, sender=ANNA.public.verify, room="pilot")
    with pytest.raises(IntegrityFailure, match="CR-K011"):
        accept_key(own, recipient=BERT, sender=ANNA.public.verify, room="pilot")
    with pytest.raises(IntegrityFailure, match="CR-K012"):
        accept_key(document, recipient=BERT, sender=ANNA.public.verify, room="other")
    with pytest.raises(IntegrityFailure, match="CR-K011"):
        accept_key(document.replace(b"pilot", b"other"), recipient=BERT, sender=ANNA.public.verify, room="other")


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b"{" * 9000, b"\xff", b"x" * 20_000])
def test_other_documents_are_no_shares(document: bytes) -> None:
    """Refused by form, before any cryptography."""
    with pytest.raises(DataRefused, match="CR-K005"):
        accept_key(document, recipient=BERT, sender=ANNA.public.verify, room="pilot")


def test_ids_are_stable_fingerprints() -> None:
    """16 hexadecimal digits, different for different keys."""
    ids = {VerifyKey(raw=bytes([n] * 32)).id for n in range(5)} | {SealPublicKey(raw=bytes(1216)).id, KEY.id}
    assert {len(key_id) for key_id in ids} == {16}
    assert len(ids) == 7
