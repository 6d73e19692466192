"""Importers: what is carried over, what is said not to be, and never looser than the original."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_room import TODAY

from cleanroom.contracts import shipped_contracts
from cleanroom.errors import PolicyRefused
from cleanroom.names import ColumnName, DatasetName, MemberName
from cleanroom.plan import Mechanism
from cleanroom.shape import Grain
from policies.importers import Imported, Target, import_aws, import_bigquery
from policies.lint import Severity, lint
from policies.load import load_policy
from policies.model import ColumnGrant, JoinPolicy, Mode, Permission

SALES = shipped_contracts()[DatasetName("sales")]
MAKER, HARBOR = MemberName("solstice"), MemberName("harbor")


def target(**changes: object) -> Target:
    """Harbor's sales, asked by solstice for warranty."""
    values: dict[str, object] = {
        "member": HARBOR,
        "contract": SALES,
        "queriers": (MAKER,),
        "purposes": ("warranty",),
        "partners": (DatasetName("claims"),),
        "accounts": {"111122223333": MAKER},
        "renamed": {"hashed_email": ColumnName("buyer_token")},
    }
    return Target(**(values | changes))  # type: ignore[arg-type]


def errors(imported: Imported) -> list[str]:
    """The codes of lint errors about the result."""
    found = lint([imported.policy], contracts=shipped_contracts(), today=TODAY)
    return [finding.code for finding in found if finding.severity is Severity.ERROR]


AGGREGATION = {
    "aggregateColumns": [
        {"columnNames": ["hashed_email", "sale_id"], "function": "COUNT_DISTINCT"},
        {"columnNames": ["net_amount"], "function": "SUM"},
        {"columnNames": ["net_amount"], "function": "AVG"},
        {"columnNames": ["quantity"], "function": "SUM_DISTINCT"},
    ],
    "joinColumns": ["hashed_email"],
    "joinRequired": "QUERY_RUNNER",
    "allowedJoinOperators": ["AND", "OR"],
    "dimensionColumns": ["region", "sale_date", "hashed_email", "shoe_size"],
    "scalarFunctions": ["UPPER", "TRUNC"],
    "outputConstraints": [
        {"columnName": "hashed_email", "minimum": 100, "type": "COUNT_DISTINCT"},
        {"columnName": "sale_id", "minimum": 150, "type": "COUNT_DISTINCT"},
    ],
    "additionalAnalyses": "ALLOWED",
}


def test_an_aggregation_rule_is_carried_over_and_its_gaps_are_told() -> None:
    """Columns, joins and minimum by value; everything else in words."""
    imported = import_aws(json.dumps({"policy": {"v1": {"aggregation": AGGREGATION}}}).encode(), target=target())
    policy = imported.policy
    assert (policy.mode, policy.privacy_unit, policy.minimum_units) == (Mode.AD_HOC, "buyer_token", 150)
    assert policy.joins == JoinPolicy(required=True, columns=("buyer_token",), with_=("claims",))
    assert policy.columns == {
        "buyer_token": ColumnGrant(allow=frozenset({Permission.COUNT_DISTINCT})),
        "sale_id": ColumnGrant(allow=frozenset({Permission.COUNT_DISTINCT})),
        "net_amount": ColumnGrant(allow=frozenset({Permission.AVG})),
        "region": ColumnGrant(allow=frozenset({Permission.DIMENSION, Permission.FILTER})),
        "sale_date": ColumnGrant(allow=frozenset({Permission.DIMENSION, Permission.FILTER}), grain=Grain.MONTH),
    }
    assert imported.not_carried == (
        "a minimum on `sale_id`: one unit is protected, the largest minimum holds for it",
        "joinRequired QUERY_RUNNER: here any other member's data will do, not the query runner's alone",
        "column `shoe_size` is not a stored column of `sales`",
        "single days of `sale_date`: it is granted by month, change `grain` if days are meant",
        "`buyer_token` as dimension or filter: it is matched on or protected, so it is counted only",
        "SUM of `net_amount`: a sum needs bounds here, add sum and `between: [smallest, largest]`",
        "the function SUM_DISTINCT is not part of the language",
        "scalar functions that the language does not have: UPPER",
        "OR between join conditions: joins are equalities tied by AND",
        "additional analyses on the result: a room releases tables of numbers only",
    )
    assert errors(imported) == []
    assert load_policy(imported.text.encode(), place="x") == policy


CUSTOM = {
    "allowedAnalyses": ["arn:aws:cleanrooms:us-east-1:111122223333:membership/a/analysistemplate/b"],
    "allowedAnalysisProviders": ["111122223333"],
    "disallowedOutputColumns": ["store_id"],
    "aggregationThresholds": [
        {
            "identityColumns": ["hashed_email"],
            "minimumIdentityCount": 40,
            "type": "COUNT_DISTINCT",
            "outputColumnThresholds": [{"outputColumnName": "region", "minimumIdentityCount": 60}],
            "allowedAggregateExpressionType": "ANY_EXPRESSION",
        }
    ],
    "comparisonControls": {
        "allowedLiteralComparisonColumns": ["region", "sale_date", "store_id"],
        "allowedColumnComparisonColumns": ["hashed_email", "model"],
    },
    "allowedResultReceivers": ["111122223333", "999999999999"],
}


def test_a_custom_rules_thresholds_and_comparison_controls_are_carried_over() -> None:
    """Literal comparison becomes filter, column comparison of tokens becomes joins, the largest threshold holds."""
    imported = import_aws(
        json.dumps({"analysisRule": {"policy": {"v1": {"custom": CUSTOM}}}}).encode(), target=target()
    )
    policy = imported.policy
    assert (policy.mode, policy.privacy_unit, policy.minimum_units) == (Mode.TEMPLATES, "buyer_token", 60)
    assert (policy.joins.columns, policy.receivers) == (("buyer_token",), ("solstice",))
    filtered = {name for name, grant in policy.columns.items() if Permission.FILTER in grant.allow}
    shown = {name for name, grant in policy.columns.items() if Permission.DIMENSION in grant.allow}
    assert filtered == {"region", "sale_date", "store_id"}
    assert "store_id" not in shown
    assert {"region", "sale_date", "model", "channel"} <= shown
    assert (
        "thresholds per output column: the largest holds for every number, and none is exempt" in imported.not_carried
    )
    assert "expressions inside aggregates: arguments are bare columns here" in imported.not_carried
    assert errors(imported) == []


def test_any_query_is_ad_hoc_and_a_rule_without_threshold_gets_the_floor() -> None:
    """What the original leaves open is closed here, and said."""
    rule = {"custom": {"allowedAnalyses": ["ANY_QUERY"], "allowedAnalysisProviders": ["111122223333"]}}
    imported = import_aws(json.dumps(rule).encode(), target=target())
    assert (imported.policy.mode, imported.policy.minimum_units) == (Mode.AD_HOC, 10)
    assert imported.policy.joins.columns == ()
    assert "no aggregation threshold: the room's floor is the minimum" in imported.not_carried


def test_differential_privacy_is_not_dropped_silently() -> None:
    """A rule that asks for noise becomes a policy that asks for noise: nothing is answered without."""
    rule = {"allowedAnalyses": ["ANY_QUERY"], "differentialPrivacy": {"columns": [{"name": "hashed_email"}]}}
    imported = import_aws(json.dumps(rule).encode(), target=target())
    assert imported.policy.release.mechanism is Mechanism.DIFFERENTIAL_PRIVACY
    assert errors(imported) == ["CR-P034"]


def test_a_list_rule_is_refused() -> None:
    """Rows never leave a room."""
    with pytest.raises(PolicyRefused, match="CR-P081"):
        import_aws(b'{"policy": {"v1": {"list": {"joinColumns": ["a"], "listColumns": ["b"]}}}}', target=target())


def test_a_bigquery_policy_is_carried_over_in_both_spellings() -> None:
    """The SQL option and the REST resource say the same."""
    option = (
        b'{"aggregation_threshold_policy": {"threshold": 50, "privacy_unit_column": "hashed_email"},'
        b' "join_restriction_policy": {"join_condition": "JOIN_ANY", "join_allowed_columns": ["hashed_email"]}}'
    )
    resource = (
        b'{"privacyPolicy": {"aggregationThresholdPolicy": {"threshold": "50", "privacyUnitColumns": ["hashed_email"]},'
        b' "joinRestrictionPolicy": {"joinCondition": "JOIN_ANY", "joinAllowedColumns": ["hashed_email"]}}}'
    )
    one, other = (import_bigquery(document, target=target()) for document in (option, resource))
    assert one == other
    assert (one.policy.privacy_unit, one.policy.minimum_units) == ("buyer_token", 50)
    assert one.policy.joins == JoinPolicy(required=True, columns=("buyer_token",), with_=("claims",))
    assert errors(one) == []


@pytest.mark.parametrize(
    ("condition", "columns", "expected"),
    [
        ("JOIN_ANY", ["hashed_email"], (True, ("buyer_token",))),
        ("JOIN_ALL", ["hashed_email"], (True, ("buyer_token",))),
        ("JOIN_ALL", ["hashed_email", "unit_token"], (True, ())),
        ("JOIN_NOT_REQUIRED", [], (False, ())),
        ("JOIN_BLOCKED", [], (False, ())),
        ("JOIN_SOMEHOW", ["hashed_email"], (True, ())),
    ],
)
def test_join_conditions_are_never_loosened(
    condition: str, columns: list[str], expected: tuple[bool, tuple[str, ...]]
) -> None:
    """What cannot be said here is left ungranted and told."""
    document = {"join_restriction_policy": {"join_condition": condition, "join_allowed_columns": columns}}
    policy = import_bigquery(json.dumps(document).encode(), target=target()).policy
    assert (policy.joins.required, policy.joins.columns) == expected


def test_bigquery_noise_keeps_its_epsilon_and_delta_exactly() -> None:
    """Budgets are exact decimals, also where they are written as 1e-5."""
    document = (
        b'{"differential_privacy_policy": {"privacy_unit_column": "hashed_email", "max_epsilon_per_query": 1.5,'
        b' "delta_per_query": 1e-5, "epsilon_budget": 25.0, "max_groups_contributed": 2}}'
    )
    imported = import_bigquery(document, target=target())
    release = imported.policy.release
    assert (str(release.epsilon), str(release.delta)) == ("1.5", "0.00001")
    assert "the privacy budgets over many queries: there is no such budget here yet" in imported.not_carried


def test_a_threshold_under_the_floor_is_raised_and_told() -> None:
    """The room's floor holds for imported policies too."""
    document = b'{"aggregation_threshold_policy": {"threshold": 3, "privacy_unit_columns": ["region"]}}'
    imported = import_bigquery(document, target=target())
    assert (imported.policy.minimum_units, imported.policy.privacy_unit) == (10, "buyer_token")
    assert "a minimum of 3: the room's floor is 10" in imported.not_carried


@pytest.mark.parametrize("importer", [import_aws, import_bigquery])
@pytest.mark.parametrize(
    "document", [b"", b"[]", b"{}", b"null", b"{" * 3000, b'"x"', b"\xff", b'{"custom": 1}', b'{"v1": []}']
)
def test_other_documents_are_refused(importer: object, document: bytes) -> None:
    """Whatever comes in, only a refusal comes out."""
    with pytest.raises(PolicyRefused, match="CR-P080"):
        importer(document, target=target())  # type: ignore[operator]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["region", "hashed_email", "OR"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*AGGREGATION, *CUSTOM, "custom", "aggregation_threshold_policy", "threshold", "x\n`#"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(content=_JSON, base=st.sampled_from([AGGREGATION, CUSTOM, {"join_restriction_policy": {}}]))
def test_any_json_is_imported_or_refused_and_nothing_else(content: object, base: dict[str, object]) -> None:
    """Fuzz: parts of a working rule are replaced; the result always loads."""
    document = json.dumps({**base, **content} if isinstance(content, dict) else content).encode()
    for importer in (import_aws, import_bigquery):
        try:
            imported = importer(document, target=target())
        except PolicyRefused:
            continue
        assert load_policy(imported.text.encode(), place="x") == imported.policy


# What people have at hand: the vendors' own examples, and the forms their tools write.


def renamed() -> Target:
    """Harbor's sales, whose vendor columns have the names of the vendors' examples."""
    columns = {"user_id": "buyer_token", "campaign_id": "sku", "event_date": "sale_date", "status": "channel"}
    return target(
        renamed={theirs: ColumnName(ours) for theirs, ours in columns.items()},
        accounts={"444455556666": MAKER, "333366669999": MemberName("other")},
    )


_REACH = {
    "aggregationThresholds": [
        {
            "identityColumns": ["user_id"],
            "minimumIdentityCount": 100,
            "type": "COUNT_DISTINCT",
            "allowedAggregateExpressionType": "COLUMNS_ONLY",
            "outputColumnThresholds": [{"outputColumnName": "campaign_id", "minimumIdentityCount": 5}],
        }
    ],
    "comparisonControls": {"allowedLiteralComparisonColumns": ["campaign_id", "event_date"]},
    "allowedAnalyses": ["ANY_QUERY"],
    "allowedAnalysisProviders": ["444455556666"],
}
_TOGETHER = {
    "disallowedOutputColumns": ["user_id"],
    "comparisonControls": {
        "allowedLiteralComparisonColumns": ["status"],
        "allowedColumnComparisonColumns": ["user_id"],
    },
    "aggregationThresholds": [
        {
            **_REACH["aggregationThresholds"][0],
            "outputColumnThresholds": [{"outputColumnName": "x", "minimumIdentityCount": 0}],
        }  # type: ignore[index]
    ],
    "allowedAnalyses": ["ANY_QUERY"],
    "allowedAnalysisProviders": ["444455556666", "333366669999"],
}


def test_the_guides_example_of_reach_is_carried_over() -> None:
    """Thresholds with an override and literal comparisons alone: nothing may be joined, two columns filter."""
    imported = import_aws(json.dumps(_REACH).encode(), target=renamed())
    policy = imported.policy
    assert (policy.mode, policy.queriers, policy.minimum_units) == (Mode.AD_HOC, (MAKER,), 100)
    assert policy.joins == JoinPolicy(required=False, columns=(), with_=())
    assert {name for name, grant in policy.columns.items() if Permission.FILTER in grant.allow} == {"sku", "sale_date"}


def test_a_column_that_may_not_be_shown_is_not_counted_either() -> None:
    """The vendor blocks COUNT of a disallowed output column, too; joins on it stay. An override of 0 exempts nothing."""
    imported = import_aws(json.dumps(_TOGETHER).encode(), target=renamed())
    policy = imported.policy
    assert "buyer_token" not in policy.columns
    assert (policy.joins.columns, policy.minimum_units, policy.queriers) == (("buyer_token",), 100, (MAKER,))
    assert errors(imported) == []


@pytest.mark.parametrize("providers", [None, [], ["999999999999"], ["333366669999"]])
def test_any_query_without_a_known_provider_is_templates_only(providers: list[str] | None) -> None:
    """ANY_QUERY is open to the named accounts, so here it is open to nobody who was not named."""
    rule = {"allowedAnalyses": ["ANY_QUERY"], "allowedAnalysisProviders": providers}
    assert import_aws(json.dumps(rule).encode(), target=renamed()).policy.mode is Mode.TEMPLATES


def test_queriers_that_are_no_providers_do_not_ask() -> None:
    """The draft's queriers are cut down to the accounts that the rule lets ask."""
    rule = {"allowedAnalyses": ["ANY_QUERY"], "allowedAnalysisProviders": ["111122223333"]}
    imported = import_aws(json.dumps(rule).encode(), target=target(queriers=(MAKER, MemberName("pier"))))
    assert imported.policy.queriers == (MAKER,)
    assert "queriers that are no analysis providers: they may not ask here" in imported.not_carried


@pytest.mark.parametrize("setting", ["REQUIRED", "SOMETHING_NEW"])
def test_results_for_additional_analyses_only_are_released_to_nobody(setting: str) -> None:
    """REQUIRED forbids the vendor to hand out the direct result; what is not known is not taken for a permission."""
    rule = {**AGGREGATION, "additionalAnalyses": setting}
    assert import_aws(json.dumps(rule).encode(), target=target()).policy.queriers == ()


def _pascal(content: object) -> object:
    if isinstance(content, dict):
        return {key[:1].upper() + key[1:]: _pascal(value) for key, value in content.items()}
    return [_pascal(item) for item in content] if isinstance(content, list) else content


def _snake(content: object) -> object:
    if isinstance(content, dict):
        return {"".join(f"_{c.lower()}" if c.isupper() else c for c in key): _snake(v) for key, v in content.items()}
    return [_snake(item) for item in content] if isinstance(content, list) else content


_GUIDE = {
    **AGGREGATION,
    "joinRequired": ["QUERY_RUNNER"],
    "aggregateColumns": [
        {**one, "function": str(one["function"]).replace("_", " ")} for one in AGGREGATION["aggregateColumns"]  # type: ignore[attr-defined, index]
    ],
}  # fmt: skip
_RESOURCE = {
    "Type": "AWS::CleanRooms::ConfiguredTable",
    "Properties": {"AnalysisRules": [{"Type": "AGGREGATION", "Policy": {"V1": {"Aggregation": _pascal(AGGREGATION)}}}]},
}
_FORMS = {
    "request": {"analysisRuleType": "AGGREGATION", "analysisRulePolicy": {"v1": {"aggregation": AGGREGATION}}},
    "response": {
        "analysisRule": {"type": "AGGREGATION", "createTime": 1.5, "policy": {"v1": {"aggregation": AGGREGATION}}}
    },
    "collaboration": {"analysisRules": [{"name": "t", "policy": {"v1": {"aggregation": AGGREGATION}}}], "errors": []},
    "guide": _GUIDE,
    "template": {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}, "Table": _RESOURCE}},
    "resource": _RESOURCE,
    "state": {"analysis_rule_policy": [{"v1": [{"aggregation": [_snake(AGGREGATION)], "custom": [], "list": []}]}]},
    "nulls": {"policy": {"v1": {"aggregation": {**AGGREGATION}, "custom": None, "list": None}}},
}


@pytest.mark.parametrize("form", _FORMS)
def test_every_form_of_a_rule_is_the_same_rule(form: str) -> None:
    """API requests and answers, the user guide's spelling, CloudFormation, Terraform state."""
    wanted = import_aws(json.dumps(AGGREGATION).encode(), target=target())
    assert import_aws(json.dumps(_FORMS[form]).encode(), target=target()).policy == wanted.policy


_SEVERAL = (
    {"v1": {"aggregation": AGGREGATION, "custom": CUSTOM}},
    {"analysisRules": [{"policy": {"v1": {"custom": CUSTOM}}}, {"policy": {"v1": {"custom": CUSTOM}}}]},
    {"Resources": {"A": _RESOURCE, "B": _RESOURCE}},
    {"v1": {"custom": CUSTOM}, "V1": {"custom": CUSTOM}},
)


@pytest.mark.parametrize("document", _SEVERAL)
def test_of_two_rules_none_is_taken(document: object) -> None:
    """Which rule holds is not for an importer to choose."""
    with pytest.raises(PolicyRefused, match="more than one rule"):
        import_aws(json.dumps(document).encode(), target=target())


def test_a_key_that_is_given_twice_is_refused() -> None:
    """Readers of JSON differ in which of two values they take: a minimum of 100 must not be read as 2."""
    with pytest.raises(PolicyRefused, match="given twice"):
        import_bigquery(b'{"aggregation_threshold_policy": {"threshold": 100, "threshold": 2}}', target=target())


_OPTION = '{"aggregation_threshold_policy": {"threshold": 50, "privacy_unit_column": "hashed_email"}}'
_STATEMENTS = (
    f"ALTER VIEW d.v SET OPTIONS (privacy_policy = '{_OPTION}')",
    f"CREATE OR REPLACE VIEW d.v OPTIONS(description='x', privacy_policy= '{_OPTION}'\n) AS SELECT 1;",
    f"ALTER VIEW d.v SET OPTIONS (privacy_policy = r'''{_OPTION}''')",
    "ALTER VIEW d.v SET OPTIONS (PRIVACY_POLICY = " + json.dumps(_OPTION) + ")",
    json.dumps({"kind": "bigquery#table", "view": {"query": "SELECT 1", "privacyPolicy": {
        "aggregationThresholdPolicy": {"threshold": "50", "privacyUnitColumns": ["hashed_email"]}}}}),
    json.dumps({"privacy_policy": _OPTION}),
    '{"aggregation_threshold_policy": {"threshold": 50, "privacy_unit_columns": "hashed_email"}}',
)  # fmt: skip


@pytest.mark.parametrize("document", _STATEMENTS)
def test_a_privacy_policy_is_read_where_people_have_it(document: str) -> None:
    """From the statement that sets it, from `bq show`, and in the spelling of the reference."""
    wanted = import_bigquery(_OPTION.encode(), target=target())
    assert import_bigquery(document.encode(), target=target()) == wanted


def test_several_views_are_refused() -> None:
    """A script that sets two privacy policies names none."""
    with pytest.raises(PolicyRefused, match="more than one privacy policy"):
        import_bigquery(f"{_STATEMENTS[0]};\n{_STATEMENTS[1]}".encode(), target=target())


@pytest.mark.parametrize(
    ("epsilon", "delta", "expected"),
    [
        ("0.01", "0.005", ("0.01", "0.005")),
        ("1e+15", "1e-15", ("1", "0.000000000000001")),
        ("100", "1", ("100", "0")),
        ("1E2", "1.0", ("100", "0")),
    ],
)
def test_noise_outside_our_range_is_never_weaker(epsilon: str, delta: str, expected: tuple[str, str]) -> None:
    """The vendor's range is wider than ours: what does not fit becomes the stricter end, and is said."""
    document = (
        f'{{"differential_privacy_policy": {{"privacy_unit_column": "hashed_email", "max_epsilon_per_query": {epsilon},'
        f' "delta_per_query": {delta}, "epsilon_budget": 25.6, "delta_budget": 9.6, "max_groups_contributed": 2}}}}'
    )
    release = import_bigquery(document.encode(), target=target()).policy.release
    assert (f"{release.epsilon:f}", f"{release.delta:f}") == expected
