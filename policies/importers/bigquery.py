"""BigQuery `privacy_policy` JSON (the view option, also inside its SQL, or the REST resource) -> data policy.

Aggregation thresholds, join restrictions and differential privacy. Both spellings are read: `aggregation_threshold_policy`
of the SQL option and `aggregationThresholdPolicy` of the REST API. Source of the fields: the REST reference, PrivacyPolicy.
"""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from policies.importers.columns import choose_minimum, choose_unit, grant_by_role, known, shown, started
from policies.importers.envelopes import TwoRulesError, option_text, spelled
from policies.importers.imported import MAX_RULE_BYTES, Draft, Imported, Target, read_json, unreadable
from policies.model import Mode

ORIGIN = "a BigQuery privacy_policy (JSON of the view option or of the REST API)"
_NUMBER = re.compile(r"[0-9]{1,19}(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?\Z")


def _plain(value: object) -> object:
    """`1e-5` and `1E+15` written out, so that they are exact decimals in the policy."""
    return f"{Decimal(value):f}" if isinstance(value, str) and _NUMBER.match(value) else value


_MAX_EPSILON = 100  # of a data policy


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


Number = Annotated[str, BeforeValidator(_plain), Field(pattern=r"^[0-9]{1,40}(\.[0-9]{1,120})?$")]
Names = Annotated[list[str], BeforeValidator(_several)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class _Threshold(_Part):
    threshold: Annotated[int, Field(ge=1)]
    units: Annotated[Names, Field(
        min_length=1,
        validation_alias=AliasChoices("privacyUnitColumn", "privacyUnitColumns"),
    )]  # fmt: skip


class _Private(_Part):
    unit: str = Field(validation_alias="privacyUnitColumn")
    epsilon: Number | None = Field(None, validation_alias="maxEpsilonPerQuery")
    delta: Number | None = Field(None, validation_alias="deltaPerQuery")
    groups: int | None = Field(None, validation_alias="maxGroupsContributed")


class _Joins(_Part):
    condition: str = Field("JOIN_CONDITION_UNSPECIFIED", validation_alias="joinCondition")
    columns: Names = Field([], validation_alias="joinAllowedColumns")


class _Policy(_Part):
    threshold: _Threshold | None = Field(None, validation_alias="aggregationThresholdPolicy")
    private: _Private | None = Field(None, validation_alias="differentialPrivacyPolicy")
    joins: _Joins | None = Field(None, validation_alias="joinRestrictionPolicy")


def import_bigquery(document: bytes, *, target: Target) -> Imported:
    """Return the policy that says what the privacy policy in ``document`` says, as far as it can be said here.

    Args:
        document: the JSON text, with or without a `privacy_policy` or `privacyPolicy` around it (`bq show
            --format=prettyjson`), or the CREATE VIEW or ALTER VIEW statement that sets it.
        target: whose data it is here, and who the others are.

    Raises:
        PolicyRefused: CR-P080 not such a document.
    """
    try:
        content = spelled(_read(document))
        for envelope in ("view", "privacyPolicy"):
            if isinstance(content, dict) and envelope in content:
                content = content[envelope]
        if isinstance(content, str):  # the SQL option holds the JSON as a text
            content = spelled(read_json(content.encode(), ORIGIN))
    except TwoRulesError:
        raise unreadable(ORIGIN, "the document holds more than one privacy policy: give one") from None
    try:
        policy = _Policy.model_validate(content)
    except ValidationError:
        raise unreadable(ORIGIN, "the document is not a privacy policy of a known form") from None
    if policy.threshold is None and policy.private is None and policy.joins is None:
        raise unreadable(ORIGIN, "the document holds no privacy policy")
    return _imported(policy, started(target))


def _read(document: bytes) -> object:
    option = option_text(document[:MAX_RULE_BYTES].decode("utf-8", "replace"))
    return read_json(document if option is None else option.encode(), ORIGIN)


def _imported(policy: _Policy, draft: Draft) -> Imported:
    draft.mode = Mode.AD_HOC
    if policy.threshold is not None:
        choose_unit(draft, policy.threshold.units[0])
        choose_minimum(draft, policy.threshold.threshold)
        if len(policy.threshold.units) > 1:
            draft.note("several privacy unit columns: one is protected here, the first")
    else:
        draft.note("no aggregation threshold: the room's floor is the minimum")
    if policy.private is not None:
        _private(policy.private, draft)
    _joins(policy.joins, draft)
    stored = [column.name for column in draft.target.contract.stored]
    draft.note("the policy names no columns: grants follow the roles in the contract, go through them")
    grant_by_role(draft, shown_columns=stored, filtered=stored)
    for name in sorted(policy.model_extra or {}):
        draft.note(f"`{shown(name)}`: not known here")
    return draft.finished("a BigQuery privacy policy")


def _private(private: _Private, draft: Draft) -> None:
    choose_unit(draft, private.unit)
    draft.epsilon, draft.delta = private.epsilon or "1", private.delta
    if private.epsilon is None:
        draft.note("no epsilon per query: `epsilon: 1` is a placeholder, set it before signing")
    elif not 0 < Decimal(private.epsilon) <= _MAX_EPSILON:
        draft.epsilon = "1"
        draft.note(
            f"an epsilon per query outside 0 to {_MAX_EPSILON}: `epsilon: 1` is a placeholder, set it before signing"
        )
    if private.delta is not None and Decimal(private.delta) >= 1:
        draft.delta = "0"
        draft.note("a delta of 1 protects nobody: 0 is written instead")
    if private.groups is not None:
        draft.note("the most groups one unit contributes to: there is no such bound here")
    if private.model_extra:
        draft.note("the privacy budgets over many queries: there is no such budget here yet")


def _joins(joins: _Joins | None, draft: Draft) -> None:
    draft.join_required = False
    condition = joins.condition if joins is not None else "JOIN_NOT_REQUIRED"
    named = tuple(column.name for column in known(draft, joins.columns if joins is not None else []))
    match condition:
        case "JOIN_ANY":
            draft.join_required, draft.join_columns = True, named
        case "JOIN_ALL":
            draft.join_required = True
            draft.join_columns = named if len(named) == 1 else ()
            if len(named) != 1:
                draft.note("JOIN_ALL over several columns: one pair is enough here, so name those you accept alone")
        case "JOIN_BLOCKED":
            draft.join_columns = ()
        case "JOIN_NOT_REQUIRED" | "JOIN_CONDITION_UNSPECIFIED":
            draft.join_columns = named
            if not named:
                draft.note("joins on any column: name the ones you mean in `joins.columns`")
        case _:
            draft.join_required = True
            draft.note(
                f"the join condition {shown(condition)} is not known here: joins are required and none is granted"
            )
