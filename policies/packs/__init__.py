"""Shipped policy packs: working sets of data policies to start from, one YAML stream each.

A pack's documents are ordinary policies but for three placeholders; comments stay, so that a steward reads the text
before signing it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from cleanroom.errors import UsageProblem
from cleanroom.names import DatasetName, MemberName, is_name
from policies.load import load_policy
from policies.model import DataPolicy

_HELD_BY = re.compile(r"^# held by: (retailer|manufacturer|servicer)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackPolicy:
    """One policy of a pack, filled in: whose kind of member holds such rows, the text, and what it says."""

    held_by: str
    text: str
    policy: DataPolicy

    @property
    def dataset(self) -> DatasetName:
        """The dataset that the policy is for."""
        return self.policy.dataset


def pack_names() -> tuple[str, ...]:
    """The packs there are, sorted."""
    files = (item.name for item in resources.files("policies.packs").iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in files if name.endswith(".yaml")))


def instantiate(
    pack: str, *, member: MemberName, queriers: Sequence[MemberName], held_by: str | None = None
) -> tuple[PackPolicy, ...]:
    """The policies of ``pack`` for one member, ready to read, change and sign.

    Args:
        pack: one of ``pack_names()``.
        member: who owns the rows. It receives answers too, but asks only if named among ``queriers``.
        queriers: who may ask; they receive the answers.
        held_by: only the policies for this kind of member (retailer, manufacturer, servicer); all by default.

    Raises:
        UsageProblem: CR-P070 no such pack, CR-P071 a name that is no member's.
    """
    if pack not in pack_names():
        raise UsageProblem("CR-P070", "there is no such policy pack", help=f"packs: {', '.join(pack_names())}")
    if not all(is_name(name) for name in (member, *queriers)):
        raise UsageProblem("CR-P071", "a member's name is lower-case letters, digits, _ and -", help="check the names")
    filled = (resources.files("policies.packs") / f"{pack}.yaml").read_text(encoding="utf-8")
    names = {
        "${member}": str(member),
        "${queriers}": f"[{', '.join(sorted(set(queriers)))}]",
        "${receivers}": f"[{', '.join(sorted({*queriers, member}))}]",
    }
    for placeholder, value in names.items():
        filled = filled.replace(placeholder, value)
    policies = (_policy(text, pack) for text in filled.split("\n---\n"))
    return tuple(policy for policy in policies if held_by in (None, policy.held_by))


def _policy(text: str, pack: str) -> PackPolicy:
    held_by = _HELD_BY.search(text)
    return PackPolicy(
        held_by=held_by.group(1) if held_by is not None else "",
        text=text.strip() + "\n",
        policy=load_policy(text.encode(), place=f"pack {pack}"),
    )
