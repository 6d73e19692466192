"""The demo world's own brand in DuckDB, made once per test process."""

from functools import cache

import duckdb

from api.demo import truth
from api.demo.generate import generate
from api.demo.story import parameters_of
from queries.insights.model import Table


@cache
def clear_room() -> duckdb.DuckDBPyConnection:
    """Clear rows of one seeded world."""
    return truth.clear_room(generate(seed=2026, scale=1.0))


def run_template(name: str, **parameters: object) -> Table:
    """The template's answer over clear rows, nothing withheld."""
    defaults = parameters_of(name)
    return truth.true_answer(
        clear_room(), name, {key: str(parameters.get(key, value)) for key, value in defaults.items()}
    )
