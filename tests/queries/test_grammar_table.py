"""The grammar table stands against the installed sqlglot: nothing new slips in with an upgrade."""

import pytest
import sqlglot
from sqlglot import exp

from cleanroom.errors import PolicyRefused
from queries.bounded_parser import DIALECT, MIN_STEPS, BoundedParser
from queries.grammar import ANY_VALUE, GRAMMAR, grammar_violations
from queries.known_args import KNOWN_ARGS
from queries.parse import parse
from queries.places import Places


def test_sqlglot_is_the_version_the_table_was_read_for() -> None:
    """The pin is part of the gate."""
    assert sqlglot.__version__ == "30.30.0"


def test_no_permitted_node_grew_an_argument() -> None:
    """Drift: an argument sqlglot adds is decided about by a person before it can be used."""
    assert {kind.__name__: frozenset(kind.arg_types) for kind in GRAMMAR} == KNOWN_ARGS


def test_the_table_lists_only_arguments_that_exist_and_only_nodes_it_knows() -> None:
    """A typing mistake in the table would otherwise refuse silently, or permit a node nobody checks."""
    plain = {str, bool, exp.DType}
    for kind, arguments in GRAMMAR.items():
        assert set(arguments) <= set(kind.arg_types)
        for permitted in arguments.values():
            assert permitted - plain <= set(GRAMMAR)
    assert set(GRAMMAR) >= ANY_VALUE


def test_every_argument_outside_the_table_is_refused() -> None:
    """INVARIANT I7: put a node into each argument the table does not list, and the tree is refused."""
    for kind, arguments in GRAMMAR.items():
        for name in set(kind.arg_types) - set(arguments):
            node = kind(**{name: exp.Identifier(this="x", quoted=False)})
            tree = node if kind is exp.Select else exp.Select(expressions=[exp.Paren(this=node)])
            assert grammar_violations(tree, Places.of("")), (kind, name)


def test_every_node_type_outside_the_table_is_refused() -> None:
    """Every other expression class of sqlglot, wherever a value may stand."""
    kinds = [
        kind
        for kind in vars(exp).values()
        if isinstance(kind, type)
        and issubclass(kind, exp.Expression)
        and kind not in GRAMMAR
        and kind is not exp.Expression
    ]
    assert len(kinds) > 500
    for kind in kinds:
        tree = exp.Select(expressions=[kind()])
        assert grammar_violations(tree, Places.of("")), kind


def test_the_parser_counts_every_step() -> None:
    """Attack: texts that make sqlglot backtrack for ever; a compiled sqlglot that skips the count would fail here."""
    tokens = DIALECT.tokenize("SELECT COUNT(*) FROM sales")
    parser = BoundedParser(tokens)
    parser.parse(tokens, "SELECT COUNT(*) FROM sales")
    assert MIN_STEPS - 100 < parser.steps_left <= MIN_STEPS - len(tokens)


def test_nesting_that_doubles_the_work_is_refused_in_time() -> None:
    """Types nested in types cost two tries per level; the budget ends it."""
    for word in ("row", "date", "decimal", "struct", "timestamp"):
        text = f"SELECT {word}(" * 1 + f"{word}(" * 20 + "1" + ")" * 21 + " FROM sales"
        with pytest.raises(PolicyRefused, match="CR-Q1"):
            parse(text)
