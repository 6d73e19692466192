"""Ask a question of the shipped contracts, in tests."""

from cleanroom.contracts import shipped_contracts
from cleanroom.errors import PolicyRefused, Violation
from cleanroom.shape import QueryShape
from policies.model import Mode
from queries.binding.bind import bind
from queries.parameters import GivenValue, Parameters
from queries.parse import parse
from queries.template import with_contributor

CONTRACTS = with_contributor(shipped_contracts())


def ask(sql: str, mode: Mode = Mode.AD_HOC, **given: GivenValue) -> QueryShape:
    """The shape of ``sql``."""
    return bind(parse(sql), contracts=CONTRACTS, mode=mode, parameters=Parameters(given=given))


def refusals(sql: str, mode: Mode = Mode.AD_HOC) -> tuple[Violation, ...]:
    """The violations of ``sql``, or none."""
    try:
        ask(sql, mode)
    except PolicyRefused as refused:
        return refused.violations
    return ()


def rewritten(sql: str, violation: Violation) -> str:
    """``sql`` with the rewrite of ``violation`` put in its place."""
    assert violation.span is not None
    assert violation.rewrite is not None
    return sql[: violation.span.start] + violation.rewrite + sql[violation.span.end :]
