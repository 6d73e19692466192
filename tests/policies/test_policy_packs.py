"""Shipped packs: they load, lint clean together, and keep their comments."""

from dataclasses import replace
from importlib import resources

import pytest
from policy_room import TODAY

from cleanroom.contracts import shipped_contracts
from cleanroom.errors import UsageProblem
from cleanroom.names import MemberName
from policies.decide import decide
from policies.decision import Allowed, Question, Refused
from policies.lint import lint
from policies.load import load_policy
from policies.model import Mode
from policies.packs import instantiate, pack_names
from queries.template import load_template

MAKER, HARBOR, ALDER = MemberName("solstice"), MemberName("harbor"), MemberName("alder")


def test_the_packs_are_those_promised() -> None:
    """Names are stable: people refer to them."""
    assert pack_names() == (
        "benchmark-across-retailers", "recall", "sell-through", "service-baseline", "warranty-baseline",
    )  # fmt: skip


@pytest.mark.parametrize("pack", pack_names())
def test_a_pack_signed_by_two_retailers_and_a_maker_lints_clean(pack: str) -> None:
    """No error, no warning, alone or in pairs."""
    asking = [MAKER, HARBOR, ALDER]
    held = [
        filled.policy
        for member, kind in ((HARBOR, "retailer"), (ALDER, "retailer"), (MAKER, "manufacturer"))
        for filled in instantiate(pack, member=member, queriers=asking, held_by=kind)
    ]
    assert lint(held, contracts=shipped_contracts(), today=TODAY) == ()


@pytest.mark.parametrize("pack", pack_names())
def test_the_text_of_a_pack_is_a_policy_of_its_own(pack: str) -> None:
    """What is handed out can be saved to a file and loaded again; comments stay, placeholders do not."""
    for filled in instantiate(pack, member=HARBOR, queriers=[MAKER]):
        assert load_policy(filled.text.encode(), place="x") == filled.policy
        assert "# held by: " in filled.text
        assert "${" not in filled.text
        assert (filled.policy.queriers, filled.policy.receivers) == ((MAKER,), (HARBOR, MAKER))


def test_a_pack_is_cut_to_a_kind_of_member() -> None:
    """A retailer signs the sales side."""
    filled = instantiate("recall", member=HARBOR, queriers=[MAKER], held_by="retailer")
    assert [policy.dataset for policy in filled] == ["sales"]


def test_unknown_packs_and_names_are_refused() -> None:
    """Nothing is written from a name that could carry YAML."""
    with pytest.raises(UsageProblem, match="CR-P070"):
        instantiate("nonsense", member=HARBOR, queriers=[MAKER])
    with pytest.raises(UsageProblem, match="CR-P071"):
        instantiate("recall", member=MemberName("a]\nmode: ad_hoc"), queriers=[MAKER])


SERVED = {
    "warranty-baseline": ("claim-rate-by-region", "claims-by-model", "claims-by-service-month", "warranty-cost"),
    "service-baseline": ("care-plan-attach", "first-response", "referrals", "returns-by-model", "funnel"),
    "recall": ("recall-reach",),
    "benchmark-across-retailers": ("claims-us-and-others",),
}


@pytest.mark.parametrize("pack", sorted(SERVED))
def test_a_pack_answers_the_shipped_templates_of_its_purpose(pack: str) -> None:
    """A retailer and a maker that sign a pack can run these at once, and for no other purpose."""
    held = [
        filled.policy
        for member, kind in ((HARBOR, "retailer"), (MAKER, "manufacturer"))
        for filled in instantiate(pack, member=member, queriers=[MAKER, HARBOR], held_by=kind)
    ]
    for name in SERVED[pack]:
        text = (resources.files("queries.library") / f"{name}.sql").read_bytes()
        template = load_template(text, place=name, contracts=shipped_contracts())
        asked = Question(querier=MAKER, purpose=template.purpose, mode=Mode.TEMPLATES, today=TODAY)
        decision = decide(template.shape, contracts=shipped_contracts(), policies=held, question=asked)
        assert isinstance(decision, Allowed), (name, decision)
        other = replace(asked, purpose="marketing")
        assert isinstance(decide(template.shape, contracts=shipped_contracts(), policies=held, question=other), Refused)
