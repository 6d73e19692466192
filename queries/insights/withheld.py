"""What an insight's reader must know about numbers that did not leave: how many, why, and how large they may be."""

from collections import Counter
from decimal import Decimal

from cleanroom.released import Reason, Withheld
from queries.insights.model import SMALL, UNKNOWN_HIGH, Inputs, Settings


def largest_withheld(minimum: int, largest_share: Decimal | None) -> int:
    """The largest count that is withheld for too few units, if each stands for one.

    One below the ``minimum``; where a receiver's own units in a dataset that it shares do not count towards it, that
    holds for what the others bring, and all of it is limited by the ``largest_share`` that a member may bring.
    """
    if largest_share is None:
        return minimum - 1
    if largest_share >= 1:
        return UNKNOWN_HIGH
    return int((minimum - 1) / (1 - largest_share))


def said_of_withheld(inputs: Inputs, settings: Settings) -> tuple[str, ...]:
    """Sentences on withheld numbers and unlisted rows of all inputs; empty where there are none."""
    marks = Counter(
        cell.reason for table in inputs.values() for row in table.rows for cell in row if isinstance(cell, Withheld)
    )
    rows = Counter({reason: n for table in inputs.values() for reason, n in table.dropped.items()})
    few, other = _split(marks)
    few_rows, other_rows = _split(rows)
    said = []
    if few and settings.withheld_high >= UNKNOWN_HIGH:
        said.append(
            f"{_counted(few, 'number is', 'numbers are')} withheld for too few persons or units of others; a receiver's own "
            "do not count there, so such a number may be of any size that the numbers around it allow."
        )
    elif few:
        said.append(
            f"{_counted(few, 'number is', 'numbers are')} withheld for too few persons or units; each enters with every "
            f"value from 0 to {settings.withheld_high:,}, as if each person held one unit."
        )
    if other:
        said.append(
            f"{_counted(other, 'number is', 'numbers are')} withheld for another reason (too few members, one member's "
            "share, the ledger), which says nothing about size: such a number enters with every value that the numbers "
            "around it allow, and has no upper limit where nothing caps it."
        )
    if few_rows:
        said.append(f"{_counted(few_rows, 'row is', 'rows are')} not listed for too few persons or units.")
    elif any(table.is_release for table in inputs.values()):
        said.append("Rows of too few persons or units are not listed, and how many they are is not told.")
    if other_rows:
        said.append(
            f"{_counted(other_rows, 'row is', 'rows are')} not listed because too few members, or mainly one, hold it: it may be large, "
            "and overall numbers are of the rows that are listed."
        )
    return tuple(said)


def _split(counts: Counter[Reason]) -> tuple[int, int]:
    few = sum(count for reason, count in counts.items() if reason in SMALL)
    return few, sum(counts.values()) - few


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
