"""ReleasedTable -> one Arrow IPC stream."""

import pyarrow as pa

from cleanroom.delivery.about import About
from cleanroom.delivery.arrow_table import to_arrow
from cleanroom.released import ReleasedTable


def render_arrow(table: ReleasedTable, about: About) -> bytes:
    """``table`` as an Arrow IPC stream; metadata as in ``arrow_table``."""
    content = to_arrow(table, about)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, content.schema) as writer:
        writer.write_table(content)
    return bytes(sink.getvalue().to_pybytes())
