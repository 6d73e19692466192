"""Open Repair Data Standard (CSV) -> rows of the repairs contract.

The standard's columns are renamed (``id`` -> ``repair_id``, ``event_date`` -> ``repair_date`` ...); every record of it
is one visit. Its free text stays in ``problem``, which no contract column takes, so it never leaves the machine.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from cleanroom.errors import DataRefused
from connectors.formats.delimited import DelimitedSource, open_delimited
from connectors.formats.source import ROW, Source, SourceOptions

_NAMES = {
    "id": "repair_id",
    "product_category": "category",
    "product_age": "product_age",
    "repair_status": "repair_status",
    "repair_barrier_if_end_of_life": "barrier",
    "repair_barrier": "barrier",
    "group_identifier": "group_identifier",
    "event_date": "repair_date",
    "brand": "brand",
    "country": "region",
}
_NEEDED = ("id", "product_category", "repair_status", "event_date")
IDENTITY = {name: name for name in (*dict.fromkeys(_NAMES.values()), "visit_no")}


class OrdsSource(Source):
    """An ORDS file: the delimited reader's rows under the contract's names, with ``visit_no`` 1."""

    def __init__(self, inner: DelimitedSource, options: SourceOptions) -> None:
        plain = [name.strip().lower() for name in inner.columns]
        if missing := [name for name in _NEEDED if name not in plain]:
            raise DataRefused(
                "CR-D154", f"columns of the Open Repair Data Standard are missing: {', '.join(missing)}",
                help="see the standard, version 0.3",
            )  # fmt: skip
        names, taken = [], set()
        for name in plain:
            wanted = _NAMES.get(name, name)
            names.append(wanted if wanted not in taken else f"{name}_2")
            taken.add(names[-1])
        super().__init__([*names, "visit_no"], options, inner.tally)
        self._inner = inner

    def _read(self) -> Iterator[pa.RecordBatch]:
        for batch in self._inner._read():  # noqa: SLF001 - one reader inside another, sharing its tally
            visits = pa.array(["1"] * batch.num_rows, type=pa.string())
            arrays = [*batch.columns[:-1], visits, batch.columns[-1]]
            yield pa.RecordBatch.from_arrays(arrays, names=[*self.columns, ROW])


def open_ords(file: Path | BinaryIO, options: SourceOptions) -> OrdsSource:
    """Open an ORDS CSV file.

    Raises:
        DataRefused: CR-D102 empty, CR-D103 over a limit, CR-D154 not an ORDS file.
    """
    return OrdsSource(open_delimited(file, options), options)
