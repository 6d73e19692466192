"""The rules, one per file: each yields a violation for every owner it offends; none yields means allowed.

A rule's page is ``docs/rules/<name>.md``; its passing and refused SQL are run as tests. ``queriers`` (CR-Q200) and
``column_granted`` (CR-Q201) have pages too; they are what ``policies.visible`` decides before any rule speaks.
"""

from policies.rules.clamp import CLAMP
from policies.rules.contributor import CONTRIBUTOR_RULE
from policies.rules.dimension import DIMENSION
from policies.rules.expiry import EXPIRY
from policies.rules.filter import FILTER
from policies.rules.grain import GRAIN
from policies.rules.join_columns import JOIN_COLUMNS
from policies.rules.join_meaning import JOIN_MEANING
from policies.rules.join_required import JOIN_REQUIRED
from policies.rules.join_with import JOIN_WITH
from policies.rules.measure import MEASURE
from policies.rules.mechanism import MECHANISM
from policies.rules.mode import MODE
from policies.rules.per_unit import PER_UNIT
from policies.rules.privacy_unit import PRIVACY_UNIT
from policies.rules.receivers import RECEIVERS
from policies.rules.rule import Rule
from policies.rules.tokens import TOKENS

RULES: tuple[Rule, ...] = (
    MODE,
    EXPIRY,
    JOIN_REQUIRED,
    JOIN_COLUMNS,
    JOIN_WITH,
    JOIN_MEANING,
    DIMENSION,
    FILTER,
    GRAIN,
    MEASURE,
    CLAMP,
    RECEIVERS,
    PRIVACY_UNIT,
    TOKENS,
    PER_UNIT,
    CONTRIBUTOR_RULE,
    MECHANISM,
)

__all__ = ["RULES", "Rule"]
