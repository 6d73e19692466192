"""The damage corpus through the readers: no crash, no hang, no silent loss, no value in what is said."""

import io

import pytest

from cleanroom.errors import CleanroomError
from connectors.formats import SourceOptions, open_source
from tests.connectors.conformance.damage import Damaged, corpus
from tests.connectors.samples import CANARY

CORPUS = tuple(corpus())


def test_the_corpus_is_large_and_each_file_has_a_name() -> None:
    """At least 300 files, each damage class on its own."""
    assert len(CORPUS) >= 300
    assert len({item.name for item in CORPUS}) == len(CORPUS)


@pytest.mark.parametrize("damaged", CORPUS, ids=lambda d: d.name)
def test_rows_in_are_yielded_rejected_or_skipped(damaged: Damaged) -> None:
    """INVARIANT I15: the counts balance, the damage is named by its code, and no text carries a value."""
    said: set[str]
    try:
        source = open_source(io.BytesIO(damaged.data), damaged.options)
        yielded = sum(batch.num_rows for batch in source.batches())
    except CleanroomError as error:
        texts, said = error.message + error.help + error.place, {error.code}
        is_alone = error.__cause__ is None and (error.__suppress_context__ or error.__context__ is None)
        balanced = damaged.rows_in is None
    else:
        texts, said, is_alone = repr(source.findings), {finding.code for finding in source.findings}, True
        known = damaged.rows_in is None or source.rows_read - _above_header(source.skipped) == damaged.rows_in
        balanced = known and source.rows_read == yielded + len(source.rejected) + sum(source.skipped.values())
    assert damaged.codes <= said
    assert balanced
    assert is_alone, "a foreign error travels along"
    assert CANARY not in texts


def _above_header(skipped: object) -> int:
    assert isinstance(skipped, dict)
    return int(skipped.get("CR-D123", 0)) - 1 if "CR-D123" in skipped else 0


@pytest.mark.parametrize(
    "damaged", [item for item in CORPUS if item.options.format in ("csv", "auto")], ids=lambda d: d.name
)
def test_blocks_are_read_only_where_they_agree(damaged: Damaged) -> None:
    """INVARIANT I2: reading in blocks gives, cell for cell, what reading line by line gives (a footer makes it do so)."""
    try:
        blocks, careful = (
            [
                tuple(row.values())
                for batch in open_source(
                    io.BytesIO(damaged.data), SourceOptions(format="csv", footer_rows=footer)
                ).batches()
                for row in batch.to_pylist()
            ]
            for footer in (0, 1)
        )
    except CleanroomError:
        return
    assert blocks[:-1] == careful
