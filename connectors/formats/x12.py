"""X12 852 (product activity) and 867 (product transfer and resale) -> sales rows.

``_row`` is the number of the segment that holds the quantity. Sets of other kinds are refused by name; see
``x12_envelope`` for what is checked around them, ``x12_852`` and ``x12_867`` for what becomes a row.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cleanroom.errors import DataRefused
from connectors.formats.edi_lines import COLUMNS, Numbering
from connectors.formats.opening import open_file, whole_document
from connectors.formats.source import Record, RecordSource, SourceOptions, new_tally
from connectors.formats.tally import Tally
from connectors.formats.x12_852 import read_852
from connectors.formats.x12_867 import read_867
from connectors.formats.x12_envelope import TransactionSet, transaction_sets


def open_x12(file: Path | BinaryIO, options: SourceOptions) -> RecordSource:
    """Open a file of X12 interchanges.

    Raises:
        DataRefused: CR-D102 empty, CR-D103 over a limit, CR-D151 no envelope, CR-D152 not a sales report.
    """
    text = edi_text(file, options)
    tally = new_tally(options)
    # All envelopes are read before the first row, so that a file of another kind is refused when it is opened.
    sets = list(transaction_sets(text, tally))
    return RecordSource(COLUMNS, options, tally, _records(sets, tally))


def edi_text(file: Path | BinaryIO, options: SourceOptions) -> str:
    """The text of an EDI file: the declared encoding, else UTF-8, else Latin-1 (every byte is a character)."""
    stream = open_file(file)
    try:
        data = whole_document(stream, options.limits)
    finally:
        if isinstance(file, Path):
            stream.close()
    if not data.strip(b"\0\r\n\t \x1a"):
        raise DataRefused("CR-D102", "the file is empty", help="check that the export ran")
    try:
        return data.decode(options.encoding or "utf-8-sig")
    except (UnicodeDecodeError, LookupError):
        return data.decode("latin-1")


def _records(sets: list[TransactionSet], tally: Tally) -> Iterator[Record]:
    numbering = Numbering()
    for found in sets:
        yield from (read_852 if found.kind == "852" else read_867)(found, numbering, tally)
