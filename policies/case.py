"""A question laid out for the rules: each source with its contract and admitted owners, and every use of every column.

Made once per decision; rules read it and never the shape's trees again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cleanroom.contracts.model import Column, Contract
from cleanroom.names import ColumnName, DatasetName
from cleanroom.shape import ColumnRef, QueryShape, Source
from policies.decision import Question
from policies.model import ColumnGrant, DataPolicy
from policies.uses import Uses
from policies.visible import admitted, column_exists


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSource:
    """One source of the shape. ``policies`` is never empty; ``columns`` are the contract's stored columns by name."""

    index: int
    source: Source
    contract: Contract
    columns: Mapping[ColumnName, Column]
    policies: tuple[DataPolicy, ...]

    @property
    def dataset(self) -> DatasetName:
        """The source's dataset."""
        return self.source.dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything a rule may look at. ``held`` are all active policies, for ``named`` only."""

    shape: QueryShape
    sources: tuple[CaseSource, ...]
    question: Question
    uses: Uses
    held: Sequence[DataPolicy]

    def named(self, datasets: Iterable[DatasetName], otherwise: str) -> str:
        """Those of ``datasets`` that this question may use, for help texts; ``otherwise`` if there are none.

        # INVARIANT I17: an owner's policy may list partners that the querier is not to know of.
        """
        seen = [f"`{name}`" for name in datasets if admitted(name, self.held, self.question)]
        return ", ".join(seen) or otherwise

    def columns_named(self, source: CaseSource, columns: Iterable[ColumnName], otherwise: str) -> str:
        """Those of ``columns`` of ``source`` that every owner grants, for help texts."""
        return ", ".join(f"`{name}`" for name in columns if column_exists(name, source.policies)) or otherwise

    def owners(self) -> Iterator[tuple[CaseSource, DataPolicy]]:
        """Every owner of every source, in source order and then by member."""
        for source in self.sources:
            for policy in source.policies:
                yield source, policy

    def grants(self, source: int, column: ColumnName) -> Iterator[tuple[DataPolicy, ColumnGrant | None]]:
        """What each owner of ``source`` grants of ``column``."""
        for policy in self.sources[source].policies:
            yield policy, policy.columns.get(column)

    def spelled(self, ref: ColumnRef) -> str:
        """The column as the querier would write it, for rewrites."""
        return f"{self.sources[ref.source].source.alias}.{ref.column}"
