"""ReleasedTable -> one Parquet file."""

import pyarrow as pa
import pyarrow.parquet as pq

from cleanroom.delivery.about import About
from cleanroom.delivery.arrow_table import to_arrow
from cleanroom.released import ReleasedTable


def render_parquet(table: ReleasedTable, about: About) -> bytes:
    """``table`` as a Parquet file, zstd-compressed; metadata as in ``arrow_table``."""
    sink = pa.BufferOutputStream()
    pq.write_table(to_arrow(table, about), sink, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())
