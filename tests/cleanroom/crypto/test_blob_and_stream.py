"""Bytes and files at rest: they open whole, in their place, with their key, or not at all."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cleanroom.crypto.blob import open_blob, seal_blob
from cleanroom.crypto.keys import BlobKey
from cleanroom.crypto.stream import CHUNK_BYTES, encrypting_writer, open_encrypted, resume_encrypted
from cleanroom.errors import IntegrityFailure
from tests.cleanroom.crypto.seeded import seeded

RANDOM = seeded(9)
KEY = BlobKey.generate(RANDOM)
STORED = CHUNK_BYTES + 28
HEADER = 24


def _encrypted(content: bytes, *, associated: bytes = b"upload 1") -> bytes:
    file = _Synced()
    with encrypting_writer(file, KEY, associated=associated, random=RANDOM) as writer:
        for start in range(0, len(content), 700_001):
            writer.write(content[start : start + 700_001])
    return file.getvalue()


class _Synced(io.BytesIO):
    """A memory file that lends this test's own file to be synced: the writer syncs what it is given."""

    def fileno(self) -> int:
        return _LENT.fileno()


_LENT = Path(__file__).open("rb")  # noqa: SIM115 - lives as long as the module


def test_a_blob_opens_with_its_key_and_place_only() -> None:
    """Another key, another associated text, altered or cut bytes: one refusal."""
    sealed = seal_blob(KEY, b"secret", associated=b"here", random=RANDOM)
    assert open_blob(KEY, sealed, associated=b"here") == b"secret"
    flipped = bytes([*sealed[:-1], sealed[-1] ^ 1])
    attempts = (
        (BlobKey.generate(RANDOM), sealed, b"here"),
        (KEY, sealed, b"there"),
        (KEY, flipped, b"here"),
        (KEY, sealed[:9], b"here"),
        (KEY, b"", b"here"),
    )
    for key, content, associated in attempts:
        with pytest.raises(IntegrityFailure, match="CR-K013"):
            open_blob(key, content, associated=associated)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 5])
def test_a_stream_comes_back_whole_and_at_random(size: int) -> None:
    """Whatever the size, whole reads and random reads agree with the plaintext, which is not on disk."""
    content = seeded(size)(size)
    stored = _encrypted(content)
    reader = open_encrypted(io.BytesIO(stored), KEY, associated=b"upload 1")
    assert reader.read() == content
    for start in (0, size // 2, max(0, size - 3), size, size + 10):
        reader.seek(start)
        assert reader.read(5) == content[start : start + 5]
    assert reader.seek(0, io.SEEK_END) == size
    assert size < 32 or content[:32] not in stored


def test_cut_reordered_repeated_and_exchanged_chunks_do_not_open() -> None:
    """Every structural attack on the file fails, none silently."""
    content = seeded(1)(3 * CHUNK_BYTES + 5)
    stored, other = _encrypted(content), _encrypted(content)
    chunks = [stored[HEADER + i * STORED : HEADER + (i + 1) * STORED] for i in range(4)]
    foreign = other[HEADER : HEADER + STORED]
    attacks = (
        stored[: HEADER + 3 * STORED],
        stored[:-1],
        stored[:HEADER],
        stored[:5],
        b"",
        stored[:HEADER] + chunks[1] + chunks[0] + chunks[2] + chunks[3],
        stored[:HEADER] + chunks[0] + chunks[0] + chunks[2] + chunks[3],
        stored[:HEADER] + chunks[0] + chunks[2] + chunks[3],
        stored[:HEADER] + foreign + chunks[1] + chunks[2] + chunks[3],
        stored + b"x",
        stored[:100] + bytes([stored[100] ^ 1]) + stored[101:],
    )
    for attack in attacks:
        with pytest.raises(IntegrityFailure, match="CR-K013"):
            open_encrypted(io.BytesIO(attack), KEY, associated=b"upload 1").read()


def test_a_stream_opens_with_its_key_and_place_only() -> None:
    """Another upload's name or another key fails at once."""
    stored = _encrypted(b"content")
    for key, associated in ((KEY, b"upload 2"), (BlobKey.generate(RANDOM), b"upload 1")):
        with pytest.raises(IntegrityFailure, match="CR-K013"):
            open_encrypted(io.BytesIO(stored), key, associated=associated)


def test_a_suspended_stream_goes_on_and_forgets_what_came_after(tmp_path: Path) -> None:
    """Bytes written after the suspend (a crash) are cut off; the result opens and is right."""
    content = seeded(2)(2 * CHUNK_BYTES + 100)
    path = tmp_path / "upload"
    with path.open("wb") as file:
        writer = encrypting_writer(file, KEY, associated=b"u", random=RANDOM)
        writer.write(content[: CHUNK_BYTES + 50])
        state = writer.suspend()
        file.write(b"lost in a crash")
    with path.open("r+b") as file, resume_encrypted(file, KEY, state, associated=b"u", random=RANDOM) as writer:
        assert writer.written_bytes == CHUNK_BYTES + 50
        writer.write(content[CHUNK_BYTES + 50 :])
    with path.open("rb") as file:
        assert open_encrypted(file, KEY, associated=b"u").read() == content


def test_an_unfinished_stream_never_opens(tmp_path: Path) -> None:
    """A torn upload is not a shorter upload."""
    path = tmp_path / "upload"
    with path.open("wb") as file:
        encrypting_writer(file, KEY, associated=b"u", random=RANDOM).write(bytes(2 * CHUNK_BYTES + 1))
    with path.open("rb") as file, pytest.raises(IntegrityFailure, match="CR-K013"):
        open_encrypted(file, KEY, associated=b"u")


def test_a_state_of_another_file_does_not_resume(tmp_path: Path) -> None:
    """The sealed rest belongs to one file."""
    states = []
    for name in ("a", "b"):
        with (tmp_path / name).open("wb") as file:
            writer = encrypting_writer(file, KEY, associated=b"u", random=RANDOM)
            writer.write(b"content")
            states.append(writer.suspend())
    with (tmp_path / "a").open("r+b") as file, pytest.raises(IntegrityFailure, match="CR-K013"):
        resume_encrypted(file, KEY, states[1], associated=b"u", random=RANDOM)


def test_pyarrow_reads_parquet_from_the_encrypted_file() -> None:
    """Random access is good enough for a Parquet reader."""
    table = pa.table({"n": list(range(200_000)), "t": [str(n) for n in range(200_000)]})
    plain = io.BytesIO()
    pq.write_table(table, plain)
    stored = _encrypted(plain.getvalue())
    assert pq.read_table(open_encrypted(io.BytesIO(stored), KEY, associated=b"upload 1")) == table
