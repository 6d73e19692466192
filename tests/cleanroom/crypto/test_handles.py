"""INVARIANT I5: key bytes never leave the keyring."""

import copy
import json
import logging
import pickle

import pytest

from cleanroom.crypto.handle import KeyHandle
from cleanroom.crypto.keys import (
    BlobKey,
    CollaborationKey,
    DataKey,
    KeyEncryptionKey,
    MemberKeys,
    SealingKey,
    SigningKey,
)
from cleanroom.crypto.tokens import TokenKey
from tests.cleanroom.crypto.seeded import seeded

KINDS = (BlobKey, CollaborationKey, DataKey, KeyEncryptionKey, MemberKeys, SealingKey, SigningKey, TokenKey)
SECRET = bytes(range(32))


@pytest.mark.parametrize("kind", KINDS)
def test_no_text_form_shows_the_bytes(kind: type[KeyHandle], caplog: pytest.LogCaptureFixture) -> None:
    """repr, str, format, a container's repr and a log line show type and id only."""
    key = kind(SECRET)
    logging.getLogger("test").warning("using %s and %r", key, [key])
    shown = f"{key}{key!r}{[key]}{(key,)!r}{caplog.text}"
    assert (
        shown
        == f"<{kind.__name__} {key.id}>" * 2 + f"[<{kind.__name__} {key.id}>](<{kind.__name__} {key.id}>,){caplog.text}"
    )
    assert SECRET.hex() not in shown
    assert repr(SECRET)[2:-1] not in shown


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_refuses(kind: type[KeyHandle], protocol: int) -> None:
    """No queue or cache can carry a key."""
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(kind(SECRET), protocol=protocol)


@pytest.mark.parametrize("kind", KINDS)
def test_copies_and_json_refuse(kind: type[KeyHandle]) -> None:
    """No second object holds the bytes, and no serialiser finds them."""
    key = kind(SECRET)
    for attempt in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled or copied"):
            attempt(key)
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps(key)
    with pytest.raises(TypeError, match="__dict__"):
        vars(key)


@pytest.mark.parametrize("kind", KINDS)
def test_equality_is_by_key_and_kind(kind: type[KeyHandle]) -> None:
    """The same bytes are the same key of one kind, and of no other; keys are not hashable."""
    other = next(k for k in KINDS if k is not kind)
    assert kind(SECRET) == kind(SECRET)
    assert kind(SECRET) != other(SECRET)
    assert kind(SECRET) != kind(SECRET[::-1])
    with pytest.raises(TypeError, match="unhashable"):
        hash(kind(SECRET))


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_has_32_bytes(length: int) -> None:
    """Nothing shorter is ever padded into a key."""
    with pytest.raises(ValueError, match="has 32 bytes"):
        DataKey(bytes(length))


def test_generated_keys_use_the_randomness_given() -> None:
    """The same seed gives the same key: no hidden source of randomness."""
    assert DataKey.generate(seeded(5)) == DataKey.generate(seeded(5))
    assert DataKey.generate(seeded(5)) != DataKey.generate(seeded(6))
