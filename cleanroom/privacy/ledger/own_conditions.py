"""Dimensions and conditions of a joined question -> what of them rests on one source's rows, whatever their partners are.

Pure. What cannot be told apart is ``Entangled``; whoever asks takes it for too much.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import TypeGuard

from cleanroom.engine.expressions import dimension_columns, predicate_columns
from cleanroom.privacy.ledger.retarget import on_source
from cleanroom.shape import (
    And,
    Case,
    Coalesced,
    ColumnRef,
    Compare,
    Dimension,
    In,
    IsNull,
    Not,
    Or,
    Predicate,
    QueryShape,
)

MAX_OTHERS = 4
"""Conditions on others' rows that stand between own ones in one filter: each doubles what is looked at."""

OWN = 1
"""Where own rows stand in an own question."""


class Entangled(Exception):
    """Own and others' columns in one condition that cannot be told apart."""


def own_dimensions(shape: QueryShape, source: int) -> list[int]:
    """Dimensions read off own rows alone. One of both (months between two dates) narrows own rows by its partner's."""
    for dimension in shape.dimensions:
        _need_apart(dimension, source)
    return [at for at, dimension in enumerate(shape.dimensions) if _is_own(dimension_columns(dimension), source)]


def _need_apart(dimension: Dimension, source: int) -> None:
    """Raises Entangled where a CASE has conditions on own rows beside others."""
    match dimension:
        case Coalesced(dimension=inner):
            _need_apart(inner, source)
        case Case(branches=branches) if _is_mixed(dimension_columns(dimension), source):
            leaves = [leaf for branch in branches for leaf in _leaves(branch.when)]
            if any(_is_own(predicate_columns(leaf), source) for leaf in leaves):
                raise Entangled
            for leaf in leaves:
                _need_apart(leaf.left, source)


def _leaves(test: Predicate) -> list[Compare | In | IsNull]:
    match test:
        case And(terms=terms) | Or(terms=terms):
            return [leaf for term in terms for leaf in _leaves(term)]
        case Not(term=term):
            return _leaves(term)
        case _:
            return [test]


def variants(whole: Predicate | None, source: int) -> Iterator[Predicate | None]:
    """What ``whole`` asks of own rows, for each way the conditions on others may turn out."""
    if whole is None:
        yield None
        return
    positive = _positive(whole, source, negated=False)
    others = _others(positive, source)
    if len(others) > MAX_OTHERS:
        raise Entangled
    for truth in product((True, False), repeat=len(others)):
        given = iter(truth)
        found = _given(positive, source, given)
        if found is True:
            yield None
        elif found is not False:
            yield on_source(found, OWN)


def _positive(test: Predicate, source: int, *, negated: bool) -> Predicate:
    """``test`` with its negations at what is all own or all others': unknown there then counts as untrue."""
    columns = predicate_columns(test)
    if not _is_mixed(columns, source):
        return Not(term=test) if negated else test
    match test:
        case Not(term=term):
            return _positive(term, source, negated=not negated)
        case And(terms=terms) | Or(terms=terms):
            turned = tuple(_positive(term, source, negated=negated) for term in terms)
            return And(terms=turned) if isinstance(test, And) != negated else Or(terms=turned)
        case _:
            _need_apart(test.left, source)
            return Not(term=test) if negated else test


def _others(test: Predicate, source: int) -> list[Predicate]:
    if _is_split(test, source):
        return [other for term in test.terms for other in _others(term, source)]
    return [] if _is_own(predicate_columns(test), source) else [test]


def _given(test: Predicate, source: int, given: Iterator[bool]) -> Predicate | bool:
    """``test`` where the conditions on others turn out as ``given``, in their order."""
    if _is_split(test, source):
        return _joined([_given(term, source, given) for term in test.terms], test)
    return test if _is_own(predicate_columns(test), source) else next(given)


def _joined(terms: Sequence[Predicate | bool], of: And | Or) -> Predicate | bool:
    decides = isinstance(of, Or)
    if any(term is decides for term in terms):
        return decides
    left = tuple(term for term in terms if not isinstance(term, bool))
    return not decides if not left else left[0] if len(left) == 1 else replace(of, terms=left)


def _is_split(test: Predicate, source: int) -> TypeGuard[And | Or]:
    return isinstance(test, And | Or) and _is_mixed(predicate_columns(test), source)


def _is_own(columns: frozenset[ColumnRef], source: int) -> bool:
    return {column.source for column in columns} <= {source}


def _is_mixed(columns: frozenset[ColumnRef], source: int) -> bool:
    sources = {column.source for column in columns}
    return source in sources and len(sources) > 1
