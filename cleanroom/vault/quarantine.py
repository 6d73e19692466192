"""Quarantined rows -> an encrypted list of row numbers and reasons that only the uploader may fetch.

It holds no value: the uploader has the file. Lines are ``row,reason``, one per broken rule. Bounded: read from the
session's tables in batches, encrypted while writing.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import duckdb

from cleanroom.crypto.keys import DataKey, Random
from cleanroom.crypto.stream import encrypting_writer, open_encrypted
from cleanroom.errors import NotFound, UsageProblem
from cleanroom.names import UploadId
from cleanroom.vault.decide import ERASED_RULE, EXISTS_RULE, TWIN_RULE, Fate
from cleanroom.vault.lake import LakePlace
from cleanroom.vault.stage import Staged, breaks

_PURPOSE = "quarantine"
_BATCH = 10_000


def write_quarantine(
    connection: duckdb.DuckDBPyConnection,
    staged: Staged,
    words: Mapping[str, str],
    target: tuple[LakePlace, DataKey, UploadId],
    random: Random,
) -> None:
    """Write the list for one upload, replacing what an earlier, killed attempt left.

    Args:
        connection: the writer's session, after ``decide``.
        staged: the file's facts.
        words: rule id -> the rule in words.
        target: whose vault, its key, and the upload.
        random: source of the file's salt and nonces.
    """
    place, key, upload = target
    path = _path(place, upload)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_suffix(".partial")
    with (
        partial.open("wb") as file,
        encrypting_writer(file, key.blob_key(_PURPOSE), associated=_context(place, upload), random=random) as writer,
    ):
        for batch in _lines(connection, staged, words):
            writer.write(batch)
    partial.replace(path)


def read_quarantine(place: LakePlace, key: DataKey, upload: UploadId) -> BinaryIO:
    """The list as CSV bytes.

    Raises:
        NotFound: CR-V041 nothing of this upload was quarantined.
    """
    path = _path(place, upload)
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise NotFound("CR-V041", "nothing of this upload was quarantined") from None
    return open_encrypted(file, key.blob_key(_PURPOSE), associated=_context(place, upload))


def _lines(connection: duckdb.DuckDBPyConnection, staged: Staged, words: Mapping[str, str]) -> Iterator[bytes]:
    yield b"row,reason\n"
    chosen = [rule for rule in staged.rules if rule in staged.errors]
    parts = [
        f"SELECT _row, {index} AS reason FROM facts WHERE {breaks(staged.rules, rule)}"
        for index, rule in enumerate(chosen)
    ]
    decided = ((Fate.TWIN, TWIN_RULE), (Fate.EXISTS, EXISTS_RULE), (Fate.ERASED, ERASED_RULE))
    parts += [
        f"SELECT _row, {len(chosen) + index} FROM fate WHERE fate = {fate:d}" for index, (fate, _) in enumerate(decided)
    ]
    names = [words[rule] for rule in (*chosen, *(rule for _, rule in decided))]
    cursor = connection.execute(" UNION ALL ".join(parts) + " ORDER BY ALL")
    while rows := cursor.fetchmany(_BATCH):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows((row, names[reason]) for row, reason in rows)
        yield text.getvalue().encode()


def _path(place: LakePlace, upload: UploadId) -> Path:
    if not upload.isascii() or not upload.replace("-", "").replace("_", "").isalnum() or len(upload) > 64:
        raise UsageProblem("CR-V042", "an upload id is letters, digits, - and _")
    return place.root / "quarantine" / f"{upload}.enc"


def _context(place: LakePlace, upload: UploadId) -> bytes:
    return f"quarantine/{place.member}/{upload}".encode()
