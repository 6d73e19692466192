"""The rules, one per file: each yields a violation for every owner it offends; none yields means allowed.

A rule's page is ``docs/rules/<name>.md``; its passing and refused SQL are run as tests.
"""

from policies.rules.expiry import EXPIRY
from policies.rules.mode import MODE
from policies.rules.rule import Rule

RULES: tuple[Rule, ...] = (MODE, EXPIRY)

__all__ = ["RULES", "Rule"]
