"""Expressions mean on a grid what the engine's SQL means: the two are compared over the same rows."""

import random

import duckdb

from cleanroom.engine.expressions import render_dimension, render_predicate
from cleanroom.privacy.ledger import evaluate
from cleanroom.shape import Coalesced, ColumnRef, DateDiff, DatePart, Grain
from tests.attacks.ledger.test_random_rooms import TYPES, random_claims, random_predicate, random_sales
from tests.cleanroom.ledger.room import col, literal, month, plain


def test_predicates_and_dimensions_agree_with_the_engine() -> None:
    """300 random predicates and every kind of dimension, three-valued."""
    source = random.Random(7)  # noqa: S311 - a seeded trial, not a secret
    sales = random_sales(source, 0, 60)
    claims = {row["unit"]: row for row in random_claims(source, sales)}
    rows = [(sale, claims.get(sale["unit"], {})) for sale in sales]
    connection = duckdb.connect(":memory:")
    for index, (dataset, types) in enumerate(TYPES.items()):
        listed = ", ".join(f"{name} {kind}" for name, kind in types.items())
        connection.execute(f"CREATE TABLE r{index} (_row INTEGER, {listed})")
        marks = ", ".join("?" for _ in range(len(types) + 1))
        values = [[n, *(pair[index].get(name) for name in types)] for n, pair in enumerate(rows)]
        connection.executemany(f"INSERT INTO r{index} VALUES ({marks})", values)
        assert dataset in TYPES

    def column(reference: ColumnRef) -> evaluate.Coded:
        return evaluate.coded(pair[reference.source].get(reference.column) for pair in rows)

    def engine(expression: str) -> list[object]:
        text = f"SELECT {expression} FROM r0 JOIN r1 USING (_row) ORDER BY _row"
        return [row[0] for row in connection.execute(text).fetchall()]

    truth = {evaluate.TRUE: True, evaluate.FALSE: False, evaluate.UNKNOWN: None}
    for _ in range(300):
        predicate = random_predicate(source, 1)
        found = [truth[int(value)] for value in evaluate.predicate(predicate, column)]
        assert found == engine(render_predicate(predicate))
    dates = [col("sale_date"), col("claim_date", 1)]
    dimensions = [
        plain("region"),
        Coalesced(dimension=plain("region"), default=literal("none")),
        *(month("sale_date", 0, grain) for grain in Grain if grain is not Grain.DAY),
        *(DatePart(part=grain, column=dates[1]) for grain in Grain),
        *(DateDiff(grain=grain, start=dates[0], end=dates[1]) for grain in Grain),
    ]
    for dimension in dimensions:
        coded = evaluate.dimension(dimension, column)
        found = [None if code < 0 else coded.values[code] for code in coded.codes.tolist()]
        assert found == engine(render_dimension(dimension))
