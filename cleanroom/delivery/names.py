"""Column names of a file: as the answer spells them, made distinct where a reader needs that."""

from cleanroom.released import ReleasedTable


def distinct_names(table: ReleasedTable) -> tuple[str, ...]:
    """The columns' names; a repeated one gets ``_2``, ``_3``, ... so that no reader loses a column."""
    taken: list[str] = []
    for column in table.columns:
        name, number = column.name, 1
        while name in taken:
            number += 1
            name = f"{column.name}_{number}"
        taken.append(name)
    return tuple(taken)
