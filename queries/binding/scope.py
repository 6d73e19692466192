"""Names to columns: every name in the text means exactly one column of one source, or the question is refused (I8)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from sqlglot import exp

from cleanroom.contracts.model import ColumnType, Contract
from cleanroom.errors import Span, Violation
from cleanroom.names import ColumnName, DatasetName
from cleanroom.shape import ColumnRef, Dimension, Grain, PlainColumn, Truncated
from policies.unknown import no_column
from queries.binding.context import Context
from queries.refusal import Refusal, refusal

_MAX_LISTED = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeColumn:
    """A column one can name. ``per_unit`` marks an output of a per-unit table: never a plain dimension."""

    name: ColumnName
    type: ColumnType
    per_unit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeSource:
    """One source: what the text calls it, and its columns by lower-case name."""

    index: int
    alias: str
    dataset: DatasetName
    columns: Mapping[str, ScopeColumn]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A name, resolved."""

    ref: ColumnRef
    column: ScopeColumn


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The sources so far. ``merged`` are names joined with USING: unqualified, they mean the earliest source's.

    ``broken`` holds the sources that were refused: a name that may belong to one repeats that refusal and no other.
    """

    context: Context
    sources: Sequence[ScopeSource]
    merged: frozenset[str] = field(default=frozenset())
    broken: Mapping[str, Violation] = field(default_factory=dict)

    def resolve(self, node: exp.Column) -> Resolved:
        """The column ``node`` names.

        Raises:
            Refusal: CR-Q201 no such column, CR-Q203 more than one, CR-Q204 no such source, CR-Q129 a whole row.
        """
        name, qualifier = node.name, node.table
        span = self.context.span(node)
        if qualifier:
            return self._in(self._source(qualifier, span), name, node, span)
        holders = [source for source in self.sources if name.lower() in source.columns]
        if len(holders) > 1 and name.lower() not in self.merged:
            either = " or ".join(f"`{source.alias}.{name}`" for source in holders)
            raise refusal(
                "CR-Q203", "one_column", f"`{name}` is a column of more than one source", help=f"write {either}",
                span=span, rewrite=f"{holders[0].alias}.{name}",
            )  # fmt: skip
        if holders:
            return self._in(holders[0], name, node, span)
        for violation in self.broken.values():
            raise Refusal(violation)
        if any(source.alias.lower() == name.lower() for source in self.sources):
            raise refusal(
                "CR-Q129", "plain_columns", f"`{name}` is a source, and a whole row is not part of the language",
                help=f"name one column: `{name}.column`", span=span,
            )  # fmt: skip
        raise self._unknown(self.sources, name, span, "")

    def called(self, node: exp.Column) -> tuple[ColumnRef, ...]:
        """Every column that the unqualified name ``node`` could mean."""
        name = node.name.lower()
        return tuple(
            ColumnRef(source=source.index, column=source.columns[name].name)
            for source in self.sources
            if name in source.columns
        )

    def _source(self, qualifier: str, span: Span | None) -> ScopeSource:
        for source in self.sources:
            if source.alias.lower() == qualifier.lower():
                return source
        if qualifier.lower() in self.broken:
            raise Refusal(self.broken[qualifier.lower()])
        renamed = [source.alias for source in self.sources if source.dataset == qualifier.lower()]
        known = ", ".join(f"`{source.alias}`" for source in self.sources)
        hint = f"it is called `{renamed[0]}` here" if renamed else f"the sources are {known}"
        raise refusal("CR-Q204", "known_sources", f"no source `{qualifier}` in this query", help=hint, span=span)

    def _in(self, source: ScopeSource, name: str, node: exp.Column, span: Span | None) -> Resolved:
        column = source.columns.get(name.lower())
        if column is None:
            raise self._unknown([source], name, span, f"{node.table}.")
        return Resolved(ref=ColumnRef(source=source.index, column=column.name, span=span), column=column)

    def _unknown(self, sources: Sequence[ScopeSource], name: str, span: Span | None, prefix: str) -> Refusal:
        # INVARIANT I17: the sources hold visible columns only, so this text, suggestions included, is the same for a
        # column that is not granted and for one that is not there.
        violation = no_column(name, sources[0].dataset, span)
        known = [column for source in sources for column in source.columns]
        close = get_close_matches(name.lower()[:64], known, n=1, cutoff=0.75)
        meant = None if prefix else self._output(name)
        if meant is not None:
            text = self.context.text(meant)
            is_measure = any(True for _ in meant.find_all(exp.AggFunc))
            how = "conditions on measures go into HAVING" if is_measure else "write here what it stands for"
            violation = replace(
                violation, help=f"`{name}` names an output: {how}", rewrite=None if is_measure or not text else text
            )
        elif close:
            violation = replace(
                violation, help=f"did you mean `{close[0]}`? {violation.help}", rewrite=prefix + close[0]
            )
        elif len(known) <= _MAX_LISTED:
            violation = replace(violation, help="you may use " + ", ".join(_listed(sources)))
        return Refusal(violation)

    def _output(self, name: str) -> exp.Expr | None:
        """What the SELECT list calls ``name``."""
        for node in self.context.parsed.select.expressions:
            if isinstance(node, exp.Alias) and node.alias.lower() == name.lower():
                meant: exp.Expr = node.this
                return meant
        return None


def _listed(sources: Sequence[ScopeSource]) -> Iterator[str]:
    for source in sources:
        prefix = f"{source.alias}." if len(sources) > 1 else ""
        yield from (f"`{prefix}{column}`" for column in sorted(source.columns))


def column_of(dimension: Dimension) -> ColumnRef | None:
    """The column that ``dimension`` is; None for anything computed. A timestamp acts like its date."""
    if isinstance(dimension, PlainColumn) or (isinstance(dimension, Truncated) and dimension.grain is Grain.DAY):
        return dimension.column
    return None


def contract_columns(contract: Contract) -> Mapping[str, ScopeColumn]:
    """The stored columns of ``contract`` by lower-case name; clear identifiers do not exist in a room (I3)."""
    return {column.name.lower(): ScopeColumn(name=column.name, type=column.type) for column in contract.stored}
