"""The one way an insight says it cannot answer: which input or column is missing, or that there is too little to go on."""

from cleanroom.errors import DataRefused


class InsightRefused(DataRefused):
    """An insight's input lacks something. Codes: CR-B001 no such insight, CR-B002 input missing, CR-B003 column missing,

    CR-B004 a value is not of its kind, CR-B005 too little to compute.
    """


def missing_columns(insight: str, wanted: tuple[str, ...], found: tuple[str, ...]) -> InsightRefused:
    """CR-B003 naming the columns an input needs and does not have."""
    lacking = ", ".join(f"`{name}`" for name in wanted if name not in found)
    return InsightRefused(
        "CR-B003",
        f"the input of `{insight}` lacks {lacking}",
        help="docs/insights.md lists each insight's input columns",
        place=insight,
    )
