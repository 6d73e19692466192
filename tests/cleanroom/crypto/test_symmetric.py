"""Room key, data keys, key files."""

import base64
from pathlib import Path

import pytest

from cleanroom.crypto.keys import CollaborationKey, DataKey, KeyEncryptionKey, MemberKeys
from cleanroom.errors import Conflict, DataRefused, IntegrityFailure, NotFound
from tests.cleanroom.crypto.seeded import seeded

RANDOM = seeded(11)
KEK = KeyEncryptionKey.generate(RANDOM)
DATA = DataKey.generate(RANDOM)


def test_a_wrapped_key_opens_under_its_room_key_only() -> None:
    """Another room's key, an altered byte, a cut and an empty text all fail the same way."""
    wrapped = KEK.wrap(DATA)
    assert KEK.unwrap(wrapped) == DATA
    flipped = bytes([*wrapped[:-1], wrapped[-1] ^ 1])
    for key, bad in (
        (KeyEncryptionKey.generate(RANDOM), wrapped),
        (KEK, flipped),
        (KEK, wrapped[:-8]),
        (KEK, b""),
        (KEK, wrapped[5:]),
    ):
        with pytest.raises(IntegrityFailure, match="CR-K010"):
            key.unwrap(bad)


def test_duckdb_takes_the_key_as_base64() -> None:
    """32 bytes in base64."""
    assert len(base64.b64decode(DATA.duckdb_key(), validate=True)) == 32


def test_purposes_have_keys_of_their_own() -> None:
    """Keys for uploads and quarantine differ, and differ from another member's."""
    other = DataKey.generate(RANDOM)
    ids = {
        DATA.blob_key("upload").id,
        DATA.blob_key("quarantine").id,
        other.blob_key("upload").id,
        KEK.blob_key("upload").id,
    }
    assert len(ids) == 4


@pytest.mark.parametrize("kind", [KeyEncryptionKey, CollaborationKey, MemberKeys])
def test_key_files_come_back_and_are_owner_only(kind: type[MemberKeys], tmp_path: Path) -> None:
    """Saved with mode 0600, loaded equal, never overwritten, refused when others can read."""
    path = tmp_path / "key"
    key = kind.generate(RANDOM)
    key.save(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert kind.load(path) == key
    with pytest.raises(Conflict, match="CR-K004"):
        key.save(path)
    for mode in (0o640, 0o604, 0o620, 0o660):
        path.chmod(mode)
        with pytest.raises(DataRefused, match="CR-K003"):
            kind.load(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cleanroom-room-key/v2 AAAA",
        "cleanroom-room-key/v1 AAAA",
        "cleanroom-room-key/v1 %%%",
        "x" * 70_000,
        "caf\u00e9",
    ],
)
def test_other_files_are_not_keys(text: str, tmp_path: Path) -> None:
    """A wrong version, length, alphabet or size is refused without echo."""
    path = tmp_path / "key"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(DataRefused, match=r"^CR-K002: this is not a key of the expected kind and version$"):
        KeyEncryptionKey.load(path)


def test_one_kind_of_key_file_is_not_another(tmp_path: Path) -> None:
    """A collaboration key cannot be loaded as the room's key."""
    CollaborationKey.generate(RANDOM).save(tmp_path / "key")
    with pytest.raises(DataRefused, match="CR-K002"):
        KeyEncryptionKey.load(tmp_path / "key")


def test_a_missing_key_file_is_not_found(tmp_path: Path) -> None:
    """The error names the file and nothing else."""
    with pytest.raises(NotFound, match="CR-K001"):
        MemberKeys.load(tmp_path / "absent")
