"""Released answers as tables that other programs read with SQL: only what left the room, only to who may hold it.

| file | what it owns |
|---|---|
| names | identifiers that no reader takes for something else |
| layout | releases of one member -> series: one typed table each, over all its releases; pure |
| duckdb_file | a layout -> the bytes of a DuckDB file |
| postgres | a layout -> a member's own schema, role and row-level security in a PostgreSQL database |

What was released stays released: a template, policy or person that was withdrawn or erased later changes nothing here.
"""

from cleanroom.published.layout import Entry, Layout, lay_out

__all__ = ["Entry", "Layout", "lay_out"]
