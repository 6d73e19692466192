"""What a question's cells are made of: dimensions and aggregates, each once, numbered as they are met."""

from dataclasses import dataclass, field

from cleanroom.shape import Aggregate, Dimension, LiteralType
from queries.binding.dimensions import Typed
from queries.canonical import canonical_dimension, canonical_predicate


@dataclass(kw_only=True)
class Cells:
    """Grows while SELECT, GROUP BY, HAVING and ORDER BY bind; equal expressions share one number.

    ``types`` is parallel to ``dimensions``.
    """

    dimensions: list[Dimension] = field(default_factory=list)
    types: list[LiteralType | None] = field(default_factory=list)
    aggregates: list[Aggregate] = field(default_factory=list)

    def find(self, typed: Typed) -> int | None:
        """The number of this dimension, if it is one of the cells' already."""
        wanted = canonical_dimension(typed.dimension)
        return self.dimensions.index(wanted) if wanted in self.dimensions else None

    def dimension(self, typed: Typed) -> int:
        """The number of this dimension, new or known."""
        found = self.find(typed)
        if found is not None:
            return found
        self.dimensions.append(canonical_dimension(typed.dimension))
        self.types.append(typed.type)
        return len(self.dimensions) - 1

    def aggregate(self, aggregate: Aggregate) -> int:
        """The number of this aggregate, new or known."""
        condition = canonical_predicate(aggregate.filter) if aggregate.filter is not None else None
        wanted = Aggregate(fn=aggregate.fn, column=aggregate.column, filter=condition, span=aggregate.span)
        if wanted not in self.aggregates:
            self.aggregates.append(wanted)
        return self.aggregates.index(wanted)
