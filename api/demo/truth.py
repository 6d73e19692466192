"""The demo world's clear rows in DuckDB: a library template run as the plain SQL it also is gives the true answer."""

import re
from collections.abc import Mapping
from importlib import resources

import duckdb
import yaml

from api.demo import world
from api.demo.files import MAKER_DATASETS, RETAILER_DATASETS
from api.demo.generate import Clear
from queries.insights.model import Table

_BUYERS = ("sales", "returns", "care_plans")


def clear_room(clear: Clear) -> duckdb.DuckDBPyConnection:
    """Clear rows under contract names, as all members together hold and send them; clear identifiers stand for their tokens."""
    connection = duckdb.connect()
    for name in sorted({*MAKER_DATASETS, *RETAILER_DATASETS}):
        frame = clear[name]
        connection.register(f"{name}_frame", frame.to_arrow())
        person = "buyer" if name in _BUYERS else "owner"
        tokens = [] if name == "products" else ["serial AS unit_token"]
        if name not in ("products", "parts_orders"):
            tokens.append(f"coalesce({person}_email, {person}_phone) AS {person}_token")
        if "retailer" in frame.columns:
            maker = f"'{world.MAKER}'"
            holder = "retailer" if name in _BUYERS else maker
            if name == "surveys":
                holder = f"CASE WHEN sender = 'maker' THEN {maker} ELSE retailer END"
            tokens.append(f"{holder} AS contributor")
        connection.execute(f"CREATE TABLE {name} AS SELECT {', '.join(['*', *tokens])} FROM {name}_frame")
    connection.execute(f"DELETE FROM sales WHERE brand <> '{world.BRAND}'")  # the retailers keep these to themselves
    connection.execute(f"DELETE FROM returns WHERE brand <> '{world.BRAND}'")
    return connection


def true_answer(connection: duckdb.DuckDBPyConnection, template: str, values: Mapping[str, str]) -> Table:
    """What ``template`` answers over clear rows, nothing withheld."""
    text = (resources.files("queries") / "library" / f"{template}.sql").read_text("utf-8")
    front, sql = text.removeprefix("/* ---").split("--- */", 1)
    declared = yaml.safe_load(front).get("parameters") or {}
    cursor = connection.cursor().execute(re.sub(r":(\w+)", r"$\1", sql), {name: values[name] for name in declared})
    names = tuple(column[0] for column in cursor.description or ())
    return Table(columns=names, rows=tuple(cursor.fetchall()))
