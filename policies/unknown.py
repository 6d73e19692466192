"""The one wording for a dataset or column that does not exist, or that the querier may not see.

# INVARIANT I17: both read the same, byte for byte, so that refusals cannot be used to list what others hold. The
binder and the policy engine both call these functions; neither writes such a text of its own.
"""

from cleanroom.errors import Span, Violation

NO_DATASET = "CR-Q200"
NO_COLUMN = "CR-Q201"


def no_dataset(dataset: str, span: Span | None = None) -> Violation:
    """CR-Q200 for a name in FROM or JOIN."""
    return Violation(
        code=NO_DATASET,
        rule="queriers",
        owner="room",
        message=f"no dataset `{dataset}` that you may use",
        help="check the spelling and your purpose; to be admitted, ask the member that holds the data",
        span=span,
    )


def no_column(column: str, dataset: str, span: Span | None = None) -> Violation:
    """CR-Q201 for a column of ``dataset``, which the querier may use."""
    return Violation(
        code=NO_COLUMN,
        rule="column_granted",
        owner="room",
        message=f"no column `{column}` that you may use in `{dataset}`",
        help="`cleanroom policy check --explain` lists the columns a policy grants",
        span=span,
    )
