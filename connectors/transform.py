"""One frame of outside text -> contract rows with tokens, and the rows that could not become any.

Pure but for its counters: the same frames in the same order give the same rows. Every row that comes in goes out as
exactly one of packaged, rejected, skipped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa

from cleanroom.client.package import package_schema
from cleanroom.contracts.model import ColumnType, Contract, Role
from cleanroom.crypto.tokens import as_uuids
from cleanroom.errors import DataRefused
from cleanroom.identifiers import Profile, guard_column, normalise_column, profile_named
from cleanroom.identifiers.guard import SAMPLE_VALUES
from cleanroom.names import ColumnName
from connectors.cells import cell_text, number_tails
from connectors.coded import Coded
from connectors.convert import loses_digits, typed
from connectors.derive import LINE, TRANSACTION, Ordinals, Repeats
from connectors.identity import Identities
from connectors.mapping import ColumnRule, DataMapping
from connectors.noticed import Noticed
from connectors.rows import Frame
from connectors.tokenise import TokenMaker

_NOT_READ = {
    ColumnType.DATE: "CR-D602",
    ColumnType.TIMESTAMP: "CR-D602",
    ColumnType.DECIMAL: "CR-D603",
    ColumnType.INTEGER: "CR-D604",
    ColumnType.BOOLEAN: "CR-D605",
}
REJECTS = pl.Schema({"row": pl.Int64(), "column": pl.String(), "code": pl.String()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What to do with each frame, decided once; ``profiles`` are those of the mapped, normalised columns."""

    contract: Contract
    mapping: DataMapping
    rules: tuple[ColumnRule, ...]
    profiles: Mapping[ColumnName, Profile]
    makers: tuple[TokenMaker, ...]
    derived: ColumnName | None


@dataclass(slots=True, kw_only=True)
class Progressed:
    """What runs on from frame to frame."""

    ordinals: Ordinals = field(default_factory=Ordinals)
    repeats: Repeats
    noticed: Noticed = field(default_factory=Noticed)
    identities: Identities = field(default_factory=Identities)
    read: int = 0
    rejected: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Valued:
    """Canonical values of the kept rows of one frame, identifiers still clear: it never leaves ``prepare``."""

    values: Mapping[ColumnName, Coded] = field(repr=False)
    count: int
    rejects: pl.DataFrame = field(repr=False)
    rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformed:
    """``rows`` in the package's schema; ``rejects`` as ``REJECTS``, one entry per row and column that failed."""

    rows: pa.Table
    rejects: pl.DataFrame
    rejected: int


def recipe_for(
    contract: Contract,
    mapping: DataMapping,
    constants: tuple[ColumnRule, ...],
    makers: tuple[TokenMaker, ...],
    derived: ColumnName | None,
) -> Recipe:
    """The recipe of a mapping; ``constants`` are rules without sources, whose ``default`` is the value."""
    rules = (*mapping.columns, *constants)
    profiles = {rule.target.name: profile_named(rule.profile) for rule in rules if rule.profile is not None}
    return Recipe(contract=contract, mapping=mapping, rules=rules, profiles=profiles, makers=makers, derived=derived)


def transform(frame: Frame, recipe: Recipe, state: Progressed) -> Transformed:
    """``frame`` as package rows."""
    return tokenised(read_values(frame, recipe, state), recipe)


def read_values(frame: Frame, recipe: Recipe, state: Progressed) -> Valued:
    """The first half, in the file's order: skip, read, normalise, reject."""
    state.read += frame.height
    frame, ordinals = _without_skipped(frame, recipe, state)
    values, failed = _values(frame, recipe, state)
    if recipe.derived is not None:
        values[recipe.derived] = _derived(ordinals, values)
    failed += _missing(values, recipe)
    rejects, keep = _rejects(frame, failed, state.noticed)
    if keep is not None:
        values = {name: column.filter(keep) for name, column in values.items()}
    count = frame.height if keep is None else int(keep.sum())
    return Valued(values=values, count=count, rejects=rejects, rejected=frame.height - count)


def tokenised(given: Valued, recipe: Recipe) -> Transformed:
    """The second half, which knows one frame only and so may run beside the next one's first: guard, tokenise, pack."""
    _guard(given.values, recipe.contract)
    tokens = {maker.column.name: maker.tokens(given.values) for maker in recipe.makers}
    table = _table(given.values, tokens, recipe.contract, given.count)
    return Transformed(rows=table, rejects=given.rejects, rejected=given.rejected)


def _numbered(frame: Frame, recipe: Recipe, state: Progressed) -> tuple[Frame, pl.Series | None]:
    """Drop exact repeats if asked, then number lines, before any row is skipped: ids must not depend on skips."""
    repeated = state.repeats.mark(frame.columns.values())
    if repeated is not None and repeated.any():
        state.noticed.add("CR-D611", frame.numbers.filter(repeated))
        state.skipped += int(repeated.sum())
        frame = frame.filter(~repeated)
    mapped = {rule.target.name: rule for rule in recipe.rules}
    if recipe.derived is None or LINE in mapped:
        return frame, None
    return frame, state.ordinals.number(cell_text(frame, mapped[TRANSACTION]).rows())


def _without_skipped(frame: Frame, recipe: Recipe, state: Progressed) -> tuple[Frame, pl.Series | None]:
    """The rows that are records, with the ordinals of their lines where they are counted."""
    frame, ordinals = _numbered(frame, recipe, state)
    for rule in recipe.mapping.skip:
        skip = frame.texts(rule.columns).select(rule.expression().alias("skip")).to_series()
        if skip.any():
            state.noticed.add("CR-D610", frame.numbers.filter(skip), detail=rule.text)
            state.skipped += int(skip.sum())
            frame, ordinals = frame.filter(~skip), None if ordinals is None else ordinals.filter(~skip)
    return frame, ordinals


Failure = tuple[ColumnName, str, pl.Series]
"""Column, code, and the boolean column of rows it is true of."""


def _values(frame: Frame, recipe: Recipe, state: Progressed) -> tuple[dict[ColumnName, Coded], list[Failure]]:
    noticed = state.noticed
    values: dict[ColumnName, Coded] = {}
    failed: list[Failure] = []
    for rule in recipe.rules:
        name, text = rule.target.name, cell_text(frame, rule)
        tails = number_tails(frame, rule)
        if tails is not None:
            _note(noticed, "CR-D621", frame, tails, name)
        profile = recipe.profiles.get(name)
        if profile is not None:
            values[name] = _normalised(profile, text, rule, frame, noticed)
            if rule.target.role is Role.IDENTIFIER:
                state.identities.add(rule.target, profile.name, text.rows(), values[name].rows())
            continue
        read = typed(text.values, rule)
        values[name] = Coded(read, text.places)
        if read.null_count() != text.values.null_count():
            failed.append((name, _NOT_READ[rule.target.type], text.marked(read.is_null() & text.values.is_not_null())))
        if rule.target.type is ColumnType.DECIMAL:
            _note(noticed, "CR-D622", frame, text.marked(loses_digits(text.values, rule)), name)
    return values, failed


def _normalised(profile: Profile, text: Coded, rule: ColumnRule, frame: Frame, noticed: Noticed) -> Coded:
    found = normalise_column(profile, text.values, region=rule.region)
    for reason, marks in found.invalid.items():
        noticed.add("CR-N010", frame.numbers.filter(text.marked(marks)), column=rule.target.name, detail=reason)
    for note, marks in found.notes.items():
        noticed.add("CR-N011", frame.numbers.filter(text.marked(marks)), column=rule.target.name, detail=note)
    return Coded(found.canonical, text.places)


def _derived(ordinals: pl.Series | None, values: Mapping[ColumnName, Coded]) -> Coded:
    transaction = values[TRANSACTION].rows()
    mark, line = ("-", values[LINE].rows()) if ordinals is None else ("#", ordinals)
    return Coded(pl.select(pl.concat_str([transaction, pl.lit(mark), line.cast(pl.String)])).to_series())


def _note(noticed: Noticed, code: str, frame: Frame, rows: pl.Series, column: str) -> None:
    if rows.any():
        noticed.add(code, frame.numbers.filter(rows), column=column)


def _missing(values: Mapping[ColumnName, Coded], recipe: Recipe) -> list[Failure]:
    """Required columns that are empty, also because their value was not valid."""
    found: list[Failure] = []
    for column in recipe.contract.stored:
        value = values.get(column.name)
        if not column.required or value is None or value.null_count == 0:
            continue
        code = "CR-D606" if column.name == recipe.derived else "CR-D601"
        found.append((column.name, code, value.rows().is_null()))
    return found


def _rejects(frame: Frame, failed: list[Failure], noticed: Noticed) -> tuple[pl.DataFrame, pl.Series | None]:
    """The reject entries, and which rows to keep (None: all)."""
    bad: pl.Series | None = None
    parts: list[pl.DataFrame] = []
    told: set[tuple[str, int]] = set()
    for name, code, rows in failed:
        numbers = frame.numbers.filter(rows)
        if numbers.len() == 0:
            continue
        if code == "CR-D601":  # a date that cannot be read is said once, not again as a missing date
            numbers = numbers.filter(
                pl.Series([(name, row) not in told for row in numbers.to_list()], dtype=pl.Boolean)
            )
        told.update((name, row) for row in numbers.to_list())
        noticed.add(code, numbers, column=name)
        parts.append(pl.DataFrame({"row": numbers, "column": [name] * numbers.len(), "code": [code] * numbers.len()}))
        bad = rows if bad is None else bad | rows
    if bad is None:
        return REJECTS.to_frame(), None
    return pl.concat([REJECTS.to_frame(), *parts]).sort("row", maintain_order=True), ~bad


def _guard(values: Mapping[ColumnName, Coded], contract: Contract) -> None:
    """INVARIANT I3: a column that looks like clear or hashed identifiers stops the preparation, before any is written."""
    for column in contract.stored:
        value = values.get(column.name)
        if value is None or column.type is not ColumnType.TEXT:
            continue
        finding = guard_column(column, value.values, value.head(SAMPLE_VALUES))
        if finding is not None:
            raise DataRefused(finding.code, f"`{column.name}`: {finding.message}", help=finding.help, place="mapping")


def _table(
    values: Mapping[ColumnName, Coded], tokens: Mapping[ColumnName, pl.Series], contract: Contract, count: int
) -> pa.Table:
    schema = package_schema(contract)
    arrays = []
    for column in contract.stored:
        if column.name in tokens:
            arrays.append(as_uuids(tokens[column.name]))
        elif column.name in values:
            arrays.append(values[column.name].to_arrow(schema.field(column.name).type))
        else:
            arrays.append(pa.nulls(count, schema.field(column.name).type))
    return pa.Table.from_arrays(arrays, names=schema.names)
