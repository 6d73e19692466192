"""What a diff says is so: where it says that a version only tightens, no question passes that did not, and no bound widens."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from policy_room import CLAIMS, SALES, policy

from cleanroom.contracts import shipped_contracts
from cleanroom.names import MemberName
from cleanroom.plan import Mechanism, SourceObligations
from policies.decision import Question
from policies.diff import Effect, diff
from policies.explain import explain
from policies.merge import MECHANISMS
from policies.model import DataPolicy, Mode
from queries.check import CheckResult, check

_J = "FROM sales s JOIN claims c ON s.unit_token = c.unit_token"
_U = "WITH u AS (SELECT unit_token, {} FROM sales GROUP BY unit_token) SELECT {} FROM claims c JOIN u ON c.unit_token = u.unit_token"
_QUESTIONS = (
    "SELECT COUNT(*) AS n FROM sales",
    "SELECT region, COUNT(*) AS n FROM sales GROUP BY region",
    f"SELECT COUNT(*) AS n {_J}",
    f"SELECT COUNT(*) AS n {_J} AND s.model = c.model",
    "SELECT COUNT(*) AS n FROM sales s LEFT JOIN claims c ON s.buyer_token = c.owner_token",
    "SELECT COUNT(*) AS n FROM sales s JOIN registrations r ON s.unit_token = r.unit_token",
    f"SELECT s.region, COUNT(*) AS n {_J} GROUP BY s.region",
    f"SELECT s.region, COUNT(*) AS n {_J} WHERE s.region = 'n' GROUP BY s.region",
    f"SELECT COUNT(*) AS n {_J} WHERE s.region = 'n'",
    f"SELECT COUNT(*) FILTER (WHERE s.sku = 'n') AS n {_J}",
    f"SELECT COUNT(s.sale_id) AS n, COUNT(DISTINCT s.buyer_token) AS b {_J}",
    f"SELECT COUNT(s.unit_token) AS n {_J}",
    f"SELECT SUM(s.quantity) AS n {_J}",
    f"SELECT AVG(s.quantity) AS n {_J}",
    f"SELECT AVG(s.net_amount) AS n {_J}",
    f"SELECT SUM(s.net_amount) AS n {_J}",
    *(f"SELECT {part} AS d, COUNT(*) AS n {_J} GROUP BY 1" for part in (
        "s.sale_date", "date_trunc('month', s.sale_date)", "date_trunc('quarter', s.sale_date)", "year(s.sale_date)",
        "month(s.sale_date)", "date_diff('quarter', s.sale_date, c.claim_date)", "s.sku", "s.channel", "s.contributor",
    )),
    *(f"SELECT COUNT(*) AS n {_J} WHERE {part}" for part in (
        "s.sale_date >= DATE '2025-01-05'", "s.sale_date >= DATE '2025-02-01'", "s.sale_date >= DATE '2025-04-01'",
        "s.sale_date < DATE '2025-01-01'", "s.contributor = 'harbor'", "s.quantity > 3", "s.sale_date IS NULL",
    )),
    *(_U.format(inner, outer) for inner, outer in (
        ("COUNT(sale_id) AS x", "COUNT(*) AS n"), ("COUNT(sale_id) AS x", "SUM(u.x) AS n"),
        ("COUNT(sale_id) AS x", "AVG(u.x) AS n"), ("SUM(quantity) AS x", "AVG(u.x) AS n"),
        ("COUNT(DISTINCT buyer_token) AS x", "SUM(u.x) AS n"), ("COUNT(sale_id) AS x", "COUNT(*) FILTER (WHERE u.x > 1) AS n"),
    )),
    _U.format("MIN(sale_date) AS x", "date_trunc('month', u.x) AS d, COUNT(*) AS n") + " GROUP BY 1",
)  # fmt: skip
_CHANGES: Mapping[str, tuple[str, ...]] = {
    "minimum_units": ("10", "25", "40"),
    "queriers": ("[solstice]", "[solstice, pier]", "[pier]", "[]"),
    "receivers": ("[solstice, harbor]", "[solstice]", "[harbor]", "[solstice, pier, harbor]"),
    "purposes": ("[warranty, service]", "[warranty]", "[service]", "[]"),
    "mode": ("ad_hoc", "templates"),
    "required": ("true", "false"),
    "joined": ("[unit_token, buyer_token]", "[unit_token]", "[buyer_token]", "[]"),
    "with": ("[claims, registrations, service_tickets]", "[claims]", "[]"),
    "region": ("{allow: [dimension, filter]}", "{allow: [filter]}", "{allow: [dimension]}", ""),
    "sku": ("{allow: [dimension, filter]}", "{allow: [filter, count]}", ""),
    "sale_date": tuple(
        f"{{allow: [dimension, filter]{grain}}}" for grain in ("", ", grain: day", ", grain: month", ", grain: quarter", ", grain: year")
    ),
    "sale_id": (
        "{allow: [count, count_distinct]}", "{allow: [count], between: [0, 20]}", "{allow: [count]}",
        "{allow: [count, avg], between: [0, 9]}", "{allow: [count_distinct]}",
    ),
    "unit_token": ("{allow: [count_distinct]}", "{allow: [count, count_distinct]}", "{allow: [count_distinct], between: [0, 3]}"),
    "buyer_token": ("{allow: [count_distinct]}", "{allow: [count_distinct], between: [0, 5]}", ""),
    "quantity": (
        "{allow: [sum, avg], between: [0, 100]}", "{allow: [sum, avg], between: [0, 10]}", "{allow: [avg]}",
        "{allow: [sum, avg], between: [10, 20]}", "{allow: [avg, filter], between: [0, 10]}", "{allow: [sum, avg]}",
    ),
    "more": ("", "  contributor: {allow: [dimension, filter]}\n", "  contributor: {allow: [filter]}\n"),
    "net_amount": ("{allow: [avg], between: [0, 10000]}", "{allow: [avg]}", "{allow: [avg, sum], between: [0, 9]}"),
    "contributors": ("{minimum: 3, largest_share: 0.7}", "{minimum: 3, largest_share: 0.5}", "{minimum: 5, largest_share: 0.9}", ""),
    "release": ("{mechanism: suppress}", "{mechanism: round, base: 5}", "{mechanism: round, base: 10}", "{mechanism: perturb}"),
    "zeros": ("release", "suppress"),
    "expires": ("2027-12-31", "2026-01-01", ""),
}  # fmt: skip
_ASKED = tuple(
    Question(querier=MemberName(member), purpose=purpose, mode=mode, today=date(2026, 11, 21))
    for member in ("solstice", "harbor")
    for purpose in ("warranty", "service")
    for mode in Mode
)
_CLAIMS = policy(CLAIMS, purposes="[warranty, service]", mode="ad_hoc")
_APPROVED = Question(querier=MemberName("solstice"), purpose="warranty", mode=Mode.TEMPLATES, today=date(2026, 11, 21))
_OPEN = {
    "mode": "ad_hoc", "required": "false",
    "more": "  contributor: {allow: [dimension, filter]}\n  channel: {allow: [dimension, filter]}\n",
    "sale_date": "{allow: [dimension, filter]}", "sale_id": "{allow: [count, count_distinct], between: [0, 9]}",
    "unit_token": "{allow: [count, count_distinct]}", "buyer_token": "{allow: [count_distinct], between: [0, 9]}",
    "net_amount": "{allow: [sum, avg], between: [0, 9]}", "quantity": "{allow: [sum, avg, filter], between: [0, 9]}",
}  # fmt: skip
_versions = st.fixed_dictionaries({}, optional={key: st.sampled_from(values) for key, values in _CHANGES.items()})


@st.composite
def _pairs(draw: st.DrawFn) -> tuple[DataPolicy, DataPolicy]:
    """Two versions that differ in a few fields."""
    old = draw(_versions)
    changed = draw(st.lists(st.sampled_from(list(_CHANGES)), min_size=1, max_size=2, unique=True))
    new = {**old, **{key: draw(st.sampled_from(_CHANGES[key])) for key in changed}}
    return _sales(**old), _sales(**new)


def _sales(**changes: str) -> DataPolicy:
    """Harbor's sales; ``joined`` is `joins.columns`, and ``more`` are lines for `columns`."""
    text = SALES.replace(
        "  columns: [unit_token, buyer_token]", f"  columns: {changes.pop('joined', '[unit_token, buyer_token]')}"
    )
    return policy(text.replace("contributors:", changes.pop("more", "") + "contributors:"), **changes)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(versions=_pairs(), by=st.sampled_from(_ASKED))
def test_where_a_diff_only_tightens_nothing_more_is_allowed(
    versions: tuple[DataPolicy, DataPolicy], by: Question
) -> None:
    """INVARIANT I10: what passes under the new version passed under the old one, under obligations that are no weaker."""
    old, new = versions
    assume({change.effect for change in diff(old, new)} <= {Effect.TIGHTENS})
    for text in _QUESTIONS:
        after = _asked(text, new, by)
        if after.allowed:
            _no_weaker(_asked(text, old, by), after, text)


@pytest.mark.parametrize("key", _CHANGES)
def test_every_single_change_that_only_tightens_lets_nothing_more_through(key: str) -> None:
    """The same, for all pairs of values of one field in a policy that is otherwise wide open."""
    asked: dict[str, dict[str, CheckResult]] = {}
    versions = {value: _sales(**{**_OPEN, key: value}) for value in _CHANGES[key]}
    for before, after in permutations(versions, 2):
        if {change.effect for change in diff(versions[before], versions[after])} != {Effect.TIGHTENS}:
            continue
        for value in (before, after):
            asked.setdefault(value, {text: _asked(text, versions[value], _APPROVED) for text in _QUESTIONS})
        for text in _QUESTIONS:
            if asked[after][text].allowed:
                _no_weaker(asked[before][text], asked[after][text], text)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=_versions)
def test_the_question_that_explain_writes_passes(changes: Mapping[str, str]) -> None:
    """What a steward is told can be seen, can be seen: the finest question passes for whoever is said to ask."""
    version = _sales(**changes)
    seen = explain([version], contract=shipped_contracts()[version.dataset])
    assume(seen.sql and "solstice" in seen.queriers)
    by = Question(querier=MemberName("solstice"), purpose=seen.purposes[0], mode=seen.mode, today=date(2025, 12, 31))
    assert [violation.message for violation in _asked(seen.sql, version, by).violations] == []


def test_explain_tells_the_last_day_and_what_the_room_does_not_offer() -> None:
    """An end and a mechanism that is not there change what can be seen."""
    contract = shipped_contracts()[policy().dataset]
    assert "all of this until 2027-12-31" in explain([policy()], contract=contract).sentences
    noisy = explain([policy(release="{mechanism: perturb}")], contract=contract)
    assert noisy.queriers == ()
    assert noisy.sentences == ("nobody can see anything of harbor's `sales`: this room does not offer `perturb`",)


def test_every_question_passes_somewhere() -> None:
    """The property above would hold of questions that never pass."""
    never = [text for text in _QUESTIONS if not _asked(text, _sales(**_OPEN), _APPROVED).allowed]
    assert [text for text in never if "registrations" not in text] == []


def _asked(text: str, version: DataPolicy, by: Question) -> CheckResult:
    return check(text, contracts=shipped_contracts(), policies=(version, _CLAIMS), question=by)


def _no_weaker(before: CheckResult, after: CheckResult, text: str) -> None:
    assert before.allowed, text
    assert before.obligations is not None
    assert after.obligations is not None
    assert set(after.obligations.receivers) <= set(before.obligations.receivers), text
    assert _rank(after.obligations.mechanism) >= _rank(before.obligations.mechanism), text
    if before.obligations.rounding_base is not None and after.obligations.mechanism is Mechanism.ROUND:
        assert (after.obligations.rounding_base or 0) % before.obligations.rounding_base == 0, text
    for one, other in zip(before.obligations.sources, after.obligations.sources, strict=True):
        _source_no_weaker(one, other, text)


def _source_no_weaker(before: SourceObligations, after: SourceObligations, text: str) -> None:
    assert after.minimum_units >= before.minimum_units, text
    assert before.zeros or not after.zeros, text
    assert after.privacy_unit == before.privacy_unit, text
    if before.contributors is not None:
        assert after.contributors is not None, text
        assert after.contributors.minimum >= before.contributors.minimum, text
        assert after.contributors.largest_share <= before.contributors.largest_share, text
    for column, (low, high) in before.clamps.items():
        inner = after.clamps.get(column, (Decimal("-Infinity"), Decimal("Infinity")))
        assert low <= inner[0] <= inner[1] <= high, text


def _rank(mechanism: Mechanism) -> int:
    return MECHANISMS.index(mechanism)
