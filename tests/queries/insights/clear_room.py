"""The demo world's clear tables in DuckDB, so that library templates can be run as the plain SQL they also are."""

import re
from functools import cache
from importlib import resources

import duckdb
import yaml

from api.demo import world
from api.demo.generate import generate
from queries.insights.model import Table

_BUYERS = ("sales", "returns", "care_plans")


@cache
def clear_room() -> duckdb.DuckDBPyConnection:
    """Clear rows under contract names; tokens are the clear identifiers themselves."""
    connection = duckdb.connect()
    for name, frame in generate(seed=2026, scale=1.0).items():
        connection.register(f"{name}_frame", frame.to_arrow())
        person = "buyer" if name in _BUYERS else "owner"
        tokens = [] if name == "products" else ["serial AS unit_token"]
        if name not in ("products", "parts_orders"):
            tokens.append(f"coalesce({person}_email, {person}_phone) AS {person}_token")
        extra = ", retailer AS contributor" if "retailer" in frame.columns else ""
        columns = ", ".join(["*", *tokens]) + extra
        connection.execute(f"CREATE TABLE {name} AS SELECT {columns} FROM {name}_frame")
        if name == "sales":
            connection.execute(f"DELETE FROM sales WHERE brand <> '{world.BRAND}'")
    return connection


def run_template(name: str, **parameters: object) -> Table:
    """The template's answer over clear rows, nothing withheld."""
    text = (resources.files("queries") / "library" / f"{name}.sql").read_text()
    front, sql = text.removeprefix("/* ---").split("--- */", 1)
    declared = yaml.safe_load(front).get("parameters") or {}
    defaults = {"from": world.FIRST_SALE, "to": world.DATA_DATE, "model": "SX-200", "us": "harbor"}
    values = {key: parameters.get(key, defaults[key]) for key in declared}
    cursor = clear_room().cursor().execute(re.sub(r":(\w+)", r"$\1", sql), values)
    names = tuple(column[0] for column in cursor.description or ())
    return Table(columns=names, rows=tuple(cursor.fetchall()))
