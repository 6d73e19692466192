"""sqlglot's DuckDB parser with a budget of steps.

Attack: sqlglot backtracks, and some texts of a few hundred bytes (``JOIN a JOIN b ...`` without ON, types nested in
types) make it try again twice per level, without an end in sight. Every step it takes, forward or back, goes through
``_advance``: counting there bounds the time of any text, known or not.
"""

import logging
from collections.abc import Sequence

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ErrorLevel
from sqlglot.parsers.duckdb import DuckDBParser
from sqlglot.tokenizer_core import Token

DIALECT = DuckDB()
# INVARIANT I15: sqlglot logs the text it cannot read, literals and all.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL + 1)
STEPS_PER_TOKEN = 50
"""Queries of the language take one to four steps per token; 50 leaves room for a mistake to be read and explained."""
MIN_STEPS = 3_000


class TooManyStepsError(Exception):
    """The text makes the parser go round in circles; raised inside it and turned into a refusal by ``parse``."""


class BoundedParser(DuckDBParser):
    """One use: make it, parse once."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._steps_left = max(MIN_STEPS, STEPS_PER_TOKEN * len(tokens))
        super().__init__(dialect=DIALECT, error_level=ErrorLevel.IMMEDIATE)

    def _advance(self, times: int = 1) -> None:
        self._steps_left -= 1
        if self._steps_left < 0:
            raise TooManyStepsError
        super()._advance(times)

    @property
    def steps_left(self) -> int:
        """What remains of the budget."""
        return self._steps_left


def parse_trees(tokens: list[Token], text: str) -> list[exp.Expr | None]:
    """sqlglot's trees of ``tokens``.

    Raises:
        TooManyStepsError: out of steps.
        Exception: whatever sqlglot raises.
    """
    return list(BoundedParser(tokens).parse(tokens, text))
