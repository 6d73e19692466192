"""The mapping: how one member's outside columns become a contract's columns (YAML, private to the member).

Comes in: YAML bytes and the contract it names. Goes out: a ``DataMapping`` whose every column exists in the contract,
or ``DataRefused`` that lists everything wrong at once. The YAML form is ``mapping_document``; this file holds it to
the contract.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cleanroom.contracts.model import Column, ColumnType, Contract, Role
from cleanroom.errors import CleanroomError, DataRefused
from cleanroom.identifiers import profile_named
from cleanroom.names import ColumnName, DatasetName
from connectors.mapping_document import ColumnDocument, MappingDocument, SourceDocument, did_you_mean, parse_mapping
from connectors.skip import SkipRule, parse_skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRule:
    """One contract column from the outside: from one column, several joined, or a template around one.

    ``values`` translates cells (after trimming); ``empty`` lists cells that mean "nothing". ``date_format`` is a
    strptime format. ``profile`` is the normaliser, ``region`` (ISO 3166) is what phones and postcodes need.
    """

    target: Column
    sources: tuple[str, ...]
    separator: str = ""
    template: str | None = None
    date_format: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    empty: tuple[str, ...] = ()
    default: str | None = None
    decimal: str = "."
    thousands: str | None = None
    profile: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataMapping:
    """A mapping that fits its contract."""

    contract: DatasetName
    source: SourceDocument
    columns: tuple[ColumnRule, ...]
    constants: Mapping[ColumnName, str]
    skip: tuple[SkipRule, ...]
    drop_duplicates: bool

    @property
    def used(self) -> tuple[str, ...]:
        """The outside columns this mapping reads, in order; no other leaves the reader."""
        mapped = (name for rule in self.columns for name in rule.sources)
        skipped = (condition.column for rule in self.skip for condition in rule.conditions)
        return tuple(dict.fromkeys((*mapped, *skipped)))


def load_mapping(content: bytes, contracts: Mapping[DatasetName, Contract], *, place: str = "mapping") -> DataMapping:
    """The mapping in ``content``, checked against its contract.

    Raises:
        DataRefused: CR-D501 not YAML or not a mapping, CR-D502 unknown keys or wrong kinds of values, CR-D503 no such
            contract, CR-D504 columns that do not fit the contract, CR-D505 a skip expression that does not parse.
    """
    document = parse_mapping(content, place=place)
    contract = contracts.get(DatasetName(document.contract))
    if contract is None:
        raise DataRefused(
            "CR-D503",
            f"there is no contract `{document.contract}`",
            help=did_you_mean(document.contract, tuple(contracts)),
            place=place,
        )
    problems = [problem for name in document.columns for problem in _column_problems(name, document, contract)]
    problems += [problem for name in document.constants for problem in _constant_problems(name, document, contract)]
    if problems:
        raise DataRefused("CR-D504", "; ".join(problems), help="compare with the contract's columns", place=place)
    known = contract.by_name
    return DataMapping(
        contract=contract.dataset,
        source=document.source,
        columns=tuple(_rule(known[ColumnName(name)], column, document) for name, column in document.columns.items()),
        constants={ColumnName(name): _text(value) for name, value in document.constants.items()},
        skip=tuple(parse_skip(text, place=place) for text in document.skip),
        drop_duplicates=document.duplicates == "drop",
    )


def _rule(target: Column, column: ColumnDocument, document: MappingDocument) -> ColumnRule:
    return ColumnRule(
        target=target,
        sources=(column.from_,) if column.from_ is not None else tuple(column.join or ()),
        separator=column.separator,
        template=column.template,
        date_format=column.date_format,
        values={key: _text(value) for key, value in column.values.items()},
        empty=tuple(column.empty),
        default=None if column.default is None else _text(column.default),
        decimal=column.decimal or document.source.decimal,
        thousands=column.thousands if column.thousands is not None else document.source.thousands,
        profile=column.profile or target.normaliser,
        region=column.region or document.region,
    )


def _column_problems(name: str, document: MappingDocument, contract: Contract) -> Iterator[str]:
    target = contract.by_name.get(ColumnName(name))
    column = document.columns[name]
    if target is None:
        yield f"`{name}` is not a column of {contract.dataset}" + _hint(name, contract)
        return
    if target.role is Role.TOKEN:
        made_from = " or ".join(target.derived_from)
        yield f"`{name}` is a token: map {made_from}, tokens are made on this machine"
    if (column.from_ is None) == (column.join is None):
        yield f"`{name}` needs exactly one of `from` and `join`"
    if column.template is not None and column.template.count("{}") != 1:
        yield f"`{name}`: a template has exactly one `{{}}`"
    if column.date_format and target.type not in (ColumnType.DATE, ColumnType.TIMESTAMP):
        yield f"`{name}` is not a date, so `date_format` means nothing"
    if column.profile is not None:
        if target.normaliser is None:
            yield f"`{name}` has no normaliser, so `profile` means nothing"
        try:
            profile_named(column.profile)
        except CleanroomError as unknown:
            yield f"`{name}`: {unknown.message}; {unknown.help}"


def _constant_problems(name: str, document: MappingDocument, contract: Contract) -> Iterator[str]:
    target = contract.by_name.get(ColumnName(name))
    if target is None:
        yield f"constant `{name}` is not a column of {contract.dataset}" + _hint(name, contract)
    elif target.role in (Role.TOKEN, Role.IDENTIFIER):
        yield f"constant `{name}` would make one person or unit of all rows"
    if name in document.columns:
        yield f"`{name}` is both mapped and constant"


def _hint(name: str, contract: Contract) -> str:
    hint = did_you_mean(name, tuple(column.name for column in contract.columns))
    return f" ({hint})" if hint else ""


def _text(value: str | int) -> str:
    return str(value)
