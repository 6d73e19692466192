"""The escape corpus: statements that must never become a shape, each refused with exactly the codes it expects."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cleanroom.contracts import shipped_contracts
from cleanroom.errors import PolicyRefused
from policies.model import Mode
from queries.binding.bind import bind
from queries.parse import parse
from queries.template import with_contributor

_HERE = Path(__file__).parent
_CONTRACTS = with_contributor(shipped_contracts())


def _statements() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for path in sorted(_HERE.glob("*.yaml")):
        for entry in yaml.safe_load(path.read_text("utf-8")):
            codes = entry["code"] if isinstance(entry["code"], list) else [entry["code"]]
            yield path.stem, entry["sql"], tuple(codes)


_ALL = tuple(_statements())


@pytest.mark.parametrize(("theme", "sql", "codes"), _ALL, ids=[f"{theme}-{n}" for n, (theme, _, _) in enumerate(_ALL)])
def test_a_hostile_statement_is_refused_with_its_code(theme: str, sql: str, codes: tuple[str, ...]) -> None:
    """INVARIANT I7: nothing outside the closed grammar becomes a shape, and the refusal says what is wrong."""
    with pytest.raises(PolicyRefused, match="CR-Q") as refused:
        bind(parse(sql), contracts=_CONTRACTS, mode=Mode.AD_HOC)
    assert tuple(sorted({violation.code for violation in refused.value.violations})) == tuple(sorted(codes))
    # A text without a query, or none at all, has no place to name.
    if not {"CR-Q101", "CR-Q106"} & set(codes) and sql.split() != ["SELECT"]:
        assert all(violation.span is not None for violation in refused.value.violations), "a refusal names its place"


def test_the_corpus_is_large_and_without_doubles() -> None:
    """At least 300 different statements, so that a theme cannot shrink unnoticed."""
    statements = [sql for _, sql, _ in _ALL]
    assert len(set(statements)) == len(statements) >= 790


def test_no_refusal_quotes_a_literal() -> None:
    """INVARIANT I15: what stands between quotes in a text never comes back in a message or help."""
    with pytest.raises(PolicyRefused, match="CR-Q160") as refused:
        bind(
            parse("SELECT COUNT(*) FROM sales WHERE quantity = 'canary-7431' AND sale_date = 'canary-7431'"),
            contracts=_CONTRACTS,
            mode=Mode.AD_HOC,
        )
    said = " ".join(f"{one.message} {one.help} {one.rewrite}" for one in refused.value.violations)
    assert "canary" not in said
