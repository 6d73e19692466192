"""The public JSON of a check (design 5): stable, extended freely, never renamed."""

import json
from typing import TypedDict

from cleanroom.errors import Span, Violation
from cleanroom.plan import Obligations, SourceObligations
from queries.check import CheckResult


class SpanJson(TypedDict):
    """A place in the text: 0-based characters, 1-based line and column."""

    start: int
    end: int
    line: int
    column: int


class ViolationJson(TypedDict):
    """One refusal, as every surface shows it."""

    code: str
    rule: str
    owner: str
    message: str
    help: str
    span: SpanJson | None
    rewrite: str | None
    retryable: bool


class ContributorsJson(TypedDict):
    """``largest_share`` is exact text."""

    minimum: int
    largest_share: str


class SourceJson(TypedDict):
    """What one source of the question must keep to; clamps are exact text, inclusive."""

    dataset: str
    members: list[str]
    privacy_unit: str
    minimum_units: int
    contributors: ContributorsJson | None
    clamps: dict[str, list[str]]
    zeros: str
    policies: list[str]


class ObligationsJson(TypedDict, total=False):
    """Empty where the question is refused."""

    querier: str
    purpose: str
    receivers: list[str]
    mechanism: str
    rounding_base: int | None
    sources: list[SourceJson]


class ReadJson(TypedDict):
    """Columns and members of one dataset."""

    columns: list[str]
    members: list[str]


class CheckJson(TypedDict):
    """The answer of ``cleanroom query check --json``."""

    decision: str
    violations: list[ViolationJson]
    obligations: ObligationsJson
    sql: str
    reads: dict[str, ReadJson]


def check_json(result: CheckResult) -> CheckJson:
    """``result`` as the public object."""
    return CheckJson(
        decision=result.decision,
        violations=[violation_json(one) for one in result.violations],
        obligations=_obligations(result, result.obligations),
        sql=result.sql,
        reads={str(one.dataset): ReadJson(columns=[*one.columns], members=[*one.members]) for one in result.reads},
    )


def check_line(result: CheckResult, identity: str | None = None) -> str:
    """``result`` as one line of JSON, with the batch's ``id`` first if there is one."""
    content = check_json(result)
    return json.dumps({"id": identity, **content} if identity is not None else content, ensure_ascii=False)


def violation_json(violation: Violation) -> ViolationJson:
    """One violation as the public object."""
    return ViolationJson(
        code=violation.code,
        rule=violation.rule,
        owner=violation.owner,
        message=violation.message,
        help=violation.help,
        span=_span(violation.span),
        rewrite=violation.rewrite,
        retryable=violation.retryable,
    )


def _span(span: Span | None) -> SpanJson | None:
    return SpanJson(start=span.start, end=span.end, line=span.line, column=span.column) if span is not None else None


def _obligations(result: CheckResult, obligations: Obligations | None) -> ObligationsJson:
    if obligations is None:
        return ObligationsJson()
    return ObligationsJson(
        querier=str(result.querier),
        purpose=result.purpose,
        receivers=[*obligations.receivers],
        mechanism=str(obligations.mechanism),
        rounding_base=obligations.rounding_base,
        sources=[_source(one) for one in obligations.sources],
    )


def _source(one: SourceObligations) -> SourceJson:
    shared = one.contributors
    return SourceJson(
        dataset=str(one.dataset),
        members=[*one.members],
        privacy_unit=str(one.privacy_unit),
        minimum_units=one.minimum_units,
        contributors=ContributorsJson(minimum=shared.minimum, largest_share=format(shared.largest_share, "f"))
        if shared is not None
        else None,
        clamps={str(column): [format(low, "f"), format(high, "f")] for column, (low, high) in one.clamps.items()},
        zeros="release" if one.zeros else "suppress",
        policies=[*one.policies],
    )
