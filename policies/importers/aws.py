"""AWS Clean Rooms analysis rules (the service API's JSON, CloudFormation, Terraform) -> data policy.

Aggregation rules and custom rules, with their aggregation thresholds and comparison controls. List rules hand out rows,
which nothing here does: refused. Source of the fields: the service's API reference, AnalysisRuleAggregation,
AnalysisRuleCustom and AggregationThreshold; the user guide writes `COUNT DISTINCT` and a list for `joinRequired`.
"""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from cleanroom.contracts.model import ColumnType
from cleanroom.names import MemberName
from policies.importers.columns import choose_minimum, choose_unit, grant, grant_by_role, known, renamed, shown, started
from policies.importers.envelopes import TwoRulesError, spelled, unwrapped
from policies.importers.imported import Draft, Imported, Target, read_json, unreadable
from policies.model import Mode, Permission

ORIGIN = "an AWS Clean Rooms analysis rule (JSON of the service API)"
_FUNCTIONS = {
    "SUM": Permission.SUM,
    "COUNT": Permission.COUNT,
    "COUNT_DISTINCT": Permission.COUNT_DISTINCT,
    "AVG": Permission.AVG,
}
_IN_LANGUAGE = frozenset(("COALESCE", "EXTRACT", "TRUNC", "ROUND"))
_RULE_KEYS = ("aggregateColumns", "listColumns", "allowedAnalyses")


def _function(value: object) -> object:
    return value.upper().replace(" ", "_") if isinstance(value, str) else value


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and len(value) == 1 else value or None


Names = list[str]


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class _Aggregate(_Part):
    columnNames: Names  # noqa: N815 (the API's own spelling, here and below)
    function: Annotated[str, BeforeValidator(_function)]


class _Constraint(_Part):
    columnName: str  # noqa: N815
    minimum: Annotated[int, Field(ge=1)]
    type: str = "COUNT_DISTINCT"


class _Aggregation(_Part):
    aggregateColumns: list[_Aggregate]  # noqa: N815
    joinColumns: Names  # noqa: N815
    dimensionColumns: Names  # noqa: N815
    scalarFunctions: Names = []  # noqa: N815
    outputConstraints: list[_Constraint] = []  # noqa: N815
    joinRequired: Annotated[str | None, BeforeValidator(_first)] = None  # noqa: N815
    allowedJoinOperators: Names = []  # noqa: N815
    additionalAnalyses: str | None = None  # noqa: N815


class _ColumnThreshold(_Part):
    outputColumnName: str  # noqa: N815
    minimumIdentityCount: Annotated[int, Field(ge=0)]  # noqa: N815 (0 exempts the column)


class _Threshold(_Part):
    identityColumns: Annotated[Names, Field(min_length=1)]  # noqa: N815
    minimumIdentityCount: Annotated[int, Field(ge=1)]  # noqa: N815
    type: str = "COUNT_DISTINCT"
    outputColumnThresholds: list[_ColumnThreshold] = []  # noqa: N815
    allowedAggregateExpressionType: str = "COLUMNS_ONLY"  # noqa: N815


class _Comparison(_Part):
    allowedLiteralComparisonColumns: Names = []  # noqa: N815
    allowedColumnComparisonColumns: Names = []  # noqa: N815


class _Named(_Part):
    name: str


class _Private(_Part):
    columns: Annotated[list[_Named], Field(min_length=1)]


class _Custom(_Part):
    allowedAnalyses: Names  # noqa: N815
    allowedAnalysisProviders: Names | None = None  # noqa: N815
    additionalAnalyses: str | None = None  # noqa: N815
    disallowedOutputColumns: Names = []  # noqa: N815
    differentialPrivacy: _Private | None = None  # noqa: N815
    aggregationThresholds: list[_Threshold] = []  # noqa: N815
    comparisonControls: _Comparison | None = None  # noqa: N815
    allowedResultReceivers: Names | None = None  # noqa: N815
    allowedAdditionalAnalyses: Names = []  # noqa: N815


def import_aws(document: bytes, *, target: Target) -> Imported:
    """Return the policy that says what the analysis rule in ``document`` says, as far as it can be said here.

    Args:
        document: the rule as the API returns or takes it, with or without its envelopes (`analysisRule`, `policy`, `v1`),
            or a CloudFormation template or Terraform state that holds one.
        target: whose data it is here, and who the others are.

    Raises:
        PolicyRefused: CR-P080 not such a document, CR-P081 a list rule.
    """
    try:
        content = unwrapped(spelled(read_json(document, ORIGIN)), _RULE_KEYS)
    except TwoRulesError:
        raise unreadable(ORIGIN, "the document holds more than one rule: give one") from None
    if not isinstance(content, dict):
        raise unreadable(ORIGIN, "the document holds no analysis rule")
    if "list" in content or "listColumns" in content:
        raise unreadable(ORIGIN, "a list rule hands out rows, which no policy here can allow", "CR-P081")
    if "aggregation" in content and "custom" in content:
        raise unreadable(ORIGIN, "the document holds more than one rule: give one")
    try:
        if "aggregation" in content or "aggregateColumns" in content:
            return _aggregation(_Aggregation.model_validate(content.get("aggregation", content)), started(target))
        return _custom(_Custom.model_validate(content.get("custom", content)), started(target))
    except ValidationError:
        raise unreadable(ORIGIN, "the document is not an analysis rule of a known form") from None


def _aggregation(rule: _Aggregation, draft: Draft) -> Imported:
    draft.mode = Mode.AD_HOC
    _constraints(rule.outputConstraints, draft)
    draft.join_columns = tuple(column.name for column in known(draft, rule.joinColumns))
    draft.join_required = rule.joinRequired is not None
    if draft.join_required:
        draft.note("joinRequired QUERY_RUNNER: here any other member's data will do, not the query runner's alone")
    for column in known(draft, rule.dimensionColumns):
        grant(draft, column, Permission.DIMENSION, Permission.FILTER)
    for aggregate in rule.aggregateColumns:
        permission = _FUNCTIONS.get(aggregate.function)
        if permission is None:
            draft.note(f"the function {shown(aggregate.function)} is not part of the language")
            continue
        for column in known(draft, aggregate.columnNames):
            grant(draft, column, permission)
    foreign = sorted(set(rule.scalarFunctions) - _IN_LANGUAGE)
    if foreign:
        draft.note(f"scalar functions that the language does not have: {', '.join(map(shown, foreign))}")
    if "OR" in rule.allowedJoinOperators:
        draft.note("OR between join conditions: joins are equalities tied by AND")
    _additional(rule.additionalAnalyses, draft)
    _extras(rule, draft)
    return draft.finished("an AWS Clean Rooms aggregation rule")


def _constraints(constraints: list[_Constraint], draft: Draft) -> None:
    """The unit is the contract's if it is among the constraints, else the first; the strictest count holds for it."""
    if not constraints:
        draft.note("no output constraint: the room's floor is the minimum")
        return
    unit = draft.target.contract.privacy_unit
    chosen = next((c for c in constraints if renamed(draft.target, c.columnName) == unit), constraints[0])
    choose_unit(draft, chosen.columnName)
    choose_minimum(draft, max(constraint.minimum for constraint in constraints))
    for constraint in constraints:
        if constraint is not chosen:
            draft.note(
                f"a minimum on `{shown(constraint.columnName)}`: one unit is protected, the largest minimum holds for it"
            )


def _custom(rule: _Custom, draft: Draft) -> Imported:
    _analyses(rule, draft)
    _thresholds(rule.aggregationThresholds, draft)
    if rule.differentialPrivacy is not None:
        choose_unit(draft, rule.differentialPrivacy.columns[0].name)
        draft.epsilon = "1"
        draft.note("the privacy budget stands outside the rule: `epsilon: 1` is a placeholder, set it before signing")
    _compared(rule, draft)
    _additional(rule.additionalAnalyses, draft)
    if rule.allowedAdditionalAnalyses:
        draft.note("models and audiences on top of results: a room releases tables of numbers only")
    _extras(rule, draft)
    return draft.finished("an AWS Clean Rooms custom rule")


def _thresholds(thresholds: list[_Threshold], draft: Draft) -> None:
    """The first one's identity is protected; the strictest count of all holds for it."""
    if not thresholds:
        draft.note("no aggregation threshold: the room's floor is the minimum")
        return
    choose_unit(draft, thresholds[0].identityColumns[0])
    overrides = [one for threshold in thresholds for one in threshold.outputColumnThresholds]
    counts = [*(one.minimumIdentityCount for one in thresholds), *(one.minimumIdentityCount for one in overrides)]
    choose_minimum(draft, max(counts))
    if overrides:
        draft.note("thresholds per output column: the largest holds for every number, and none is exempt")
    if len(thresholds) > 1 or len(thresholds[0].identityColumns) > 1:
        draft.note("several identity columns: one is protected here, the first, with the largest minimum")
    for threshold in thresholds:
        if threshold.type != "COUNT_DISTINCT":
            draft.note(f"the threshold {shown(threshold.type)}: distinct units are counted here")
        if threshold.allowedAggregateExpressionType != "COLUMNS_ONLY":
            draft.note("expressions inside aggregates: arguments are bare columns here")


def _analyses(rule: _Custom, draft: Draft) -> None:
    draft.mode = Mode.TEMPLATES
    if "ANY_QUERY" in rule.allowedAnalyses:
        _providers(rule.allowedAnalysisProviders or [], draft)
    if "ANY_JOB" in rule.allowedAnalyses:
        draft.note("jobs (ANY_JOB): a room runs questions in its own language only")
    if any(analysis not in ("ANY_QUERY", "ANY_JOB") for analysis in rule.allowedAnalyses):
        draft.note("the allowed analysis templates: submit each as a query template and approve it")
    if rule.allowedAnalysisProviders and "ANY_QUERY" not in rule.allowedAnalyses:
        draft.note("who may write analyses: any querier may submit a template, each owner's steward approves it")
    if rule.allowedResultReceivers is not None:
        draft.receivers = tuple(_members(rule.allowedResultReceivers, draft))


def _providers(accounts: list[str], draft: Draft) -> None:
    """ANY_QUERY lets the named accounts ask anything, and nobody else: so here, as far as they are known as members."""
    asking = [draft.target.accounts[one] for one in accounts if one in draft.target.accounts]
    both = tuple(member for member in draft.queriers if member in asking)
    if len(asking) < len(accounts):
        draft.note("an analysis provider whose account is not mapped to a member: it may not ask here")
    if not both:
        draft.note("ANY_QUERY without a provider that is a querier here: approved templates only")
        return
    if len(both) < len(draft.queriers):
        draft.note("queriers that are no analysis providers: they may not ask here")
    draft.mode, draft.queriers = Mode.AD_HOC, both


def _members(accounts: list[str], draft: Draft) -> list[MemberName]:
    members = []
    for account in accounts:
        if account in draft.target.accounts:
            members.append(draft.target.accounts[account])
        else:
            draft.note("a result receiver whose account is not mapped to a member: name it under `receivers`")
    return members


def _compared(rule: _Custom, draft: Draft) -> None:
    """Which columns are shown, filtered by and joined on: everything but what the rule takes away."""
    stored = [column.name for column in draft.target.contract.stored]
    hidden = {column.name for column in known(draft, rule.disallowedOutputColumns)}
    filtered = set(stored)
    if rule.comparisonControls is not None:
        filtered = {column.name for column in known(draft, rule.comparisonControls.allowedLiteralComparisonColumns)}
        joined = known(draft, rule.comparisonControls.allowedColumnComparisonColumns)
        draft.join_columns = tuple(column.name for column in joined if column.type is ColumnType.TOKEN)
        if len(draft.join_columns) < len(joined):
            draft.note(
                "comparisons of columns that are no tokens: in ON, beside a token, where both sides are dimensions"
            )
    else:
        draft.note("no comparison controls: every column could be joined on, name the ones you mean in `joins.columns`")
    draft.join_required = False
    draft.note("the rule names no columns: grants follow the roles in the contract, go through them")
    grant_by_role(draft, shown_columns=set(stored) - hidden, filtered=filtered)


def _additional(setting: str | None, draft: Draft) -> None:
    if setting == "ALLOWED":
        draft.note("additional analyses on the result: a room releases tables of numbers only")
    elif setting not in (None, "NOT_ALLOWED"):
        draft.queriers = ()
        draft.note("results that leave through additional analyses only: a room has none, so nobody may ask")


def _extras(rule: BaseModel, draft: Draft) -> None:
    for name in sorted(rule.model_extra or {}):
        draft.note(f"`{shown(name)}`: not known here")
