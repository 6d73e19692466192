"""ODCS v3.1 document -> ``Contract``: read by the standard's own models, then held to ours.

Comes in: bytes of a YAML document. Goes out: a ``Contract``, or ``DataRefused`` naming the document and the field.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject, SchemaProperty
from pydantic import ValidationError

from cleanroom.contracts.model import Column, ColumnType, Contract, Role
from cleanroom.errors import DataRefused
from cleanroom.names import ColumnName, DatasetName, is_name

_TYPES: Mapping[str, ColumnType] = {
    "string": ColumnType.TEXT,
    "integer": ColumnType.INTEGER,
    "number": ColumnType.DECIMAL,
    "boolean": ColumnType.BOOLEAN,
    "date": ColumnType.DATE,
    "timestamp": ColumnType.TIMESTAMP,
}
_MAX_DOCUMENT_BYTES = 1_000_000


def load_contract(document: bytes, *, place: str) -> Contract:
    """Return the contract in ``document``.

    Args:
        document: one ODCS v3.1 YAML document with exactly one schema object, at most 1 MB.
        place: how to name the document in errors, for example its file name.

    Raises:
        DataRefused: CR-C001 not YAML or not ODCS, CR-C002 not v3.1, CR-C003 a field ours needs is missing or wrong.
    """
    if len(document) > _MAX_DOCUMENT_BYTES:
        raise DataRefused(
            "CR-C001", "the contract is larger than 1 MB", help="split it, one record type each", place=place
        )
    try:
        parsed = OpenDataContractStandard.model_validate(yaml.safe_load(document))
    except (yaml.YAMLError, ValidationError, UnicodeDecodeError):
        raise DataRefused(
            "CR-C001", "this is not an ODCS document", help="see docs/formats.md for a working contract", place=place
        ) from None
    if parsed.kind != "DataContract" or not (parsed.apiVersion or "").startswith("v3.1"):
        raise DataRefused("CR-C002", "apiVersion must be v3.1.x and kind DataContract", place=place)
    if not parsed.schema_ or len(parsed.schema_) != 1:
        raise _wrong("schema", "exactly one schema object is needed", place)
    return _contract(parsed, parsed.schema_[0], place)


def _contract(document: OpenDataContractStandard, table: SchemaObject, place: str) -> Contract:
    dataset = table.name or ""
    if not is_name(dataset):
        raise _wrong("schema.name", "a dataset name is lower-case letters, digits, _ and -", place)
    custom = _custom(table.customProperties)
    columns = tuple(_column(prop, place) for prop in table.properties or ())
    names = [column.name for column in columns]
    if not columns or len(set(names)) != len(names):
        raise _wrong("schema.properties", "columns are missing or named twice", place)
    stored = {column.name for column in columns if column.role is not Role.IDENTIFIER}
    key = tuple(ColumnName(name) for name in custom.get("naturalKey") or ())
    unit, time = custom.get("privacyUnit"), custom.get("time")
    for name in (*key, *(n for n in (unit, time) if n)):
        if name not in stored:
            raise _wrong("customProperties", f"`{name}` is not a stored column", place)
    for column in columns:
        if column.token_column is not None and column.token_column not in stored:
            raise _wrong(column.name, f"token column `{column.token_column}` is missing", place)
    if not key:
        raise _wrong("naturalKey", "at least one column", place)
    description = document.description.purpose if document.description else ""
    return Contract(
        dataset=DatasetName(dataset),
        title=document.name or dataset,
        version=document.version or "1.0.0",
        description=description or "",
        columns=columns,
        natural_key=key,
        privacy_unit=ColumnName(unit) if unit else None,
        time=ColumnName(time) if time else None,
        retention_days=_retention(document, time, place),
    )


_DAYS: Mapping[str, int] = {"d": 1, "day": 1, "days": 1, "y": 365, "yr": 365, "year": 365, "years": 365}


def _retention(document: OpenDataContractStandard, time: str | None, place: str) -> int | None:
    """ODCS' own ``slaProperties`` entry ``retention``, in days; a year has 365."""
    found = [item for item in document.slaProperties or () if item.property == "retention"]
    if not found:
        return None
    value, unit = found[0].value, str(found[0].unit or "d").lower()
    if len(found) > 1 or not isinstance(value, int) or value < 1 or unit not in _DAYS or not time:
        raise _wrong("slaProperties", "retention is a whole number of d or y, for a contract with a time column", place)
    return value * _DAYS[unit]


def _column(prop: SchemaProperty, place: str) -> Column:
    name = prop.name or ""
    if not is_name(name):
        raise _wrong("properties.name", "a column name is lower-case letters, digits and _", place)
    custom = _custom(prop.customProperties)
    try:
        role = Role(custom.get("role", ""))
    except ValueError:
        raise _wrong(name, "customProperty role must be one of " + ", ".join(Role), place) from None
    if role is Role.TOKEN:
        kind = ColumnType.TOKEN
    elif (prop.logicalType or "") in _TYPES:
        kind = _TYPES[prop.logicalType or ""]
    else:
        raise _wrong(name, "logicalType must be one of " + ", ".join(_TYPES), place)
    if role is Role.IDENTIFIER and not (custom.get("tokenColumn") and custom.get("normaliser")):
        raise _wrong(name, "an identifier needs tokenColumn and normaliser", place)
    options = prop.logicalTypeOptions or {}
    allowed: tuple[str, ...] = ()
    for rule in prop.quality or ():
        if rule.metric == "invalidValues" and rule.arguments:
            allowed = tuple(rule.arguments.get("validValues") or ())
    return Column(
        name=ColumnName(name),
        type=kind,
        role=role,
        description=prop.description or "",
        required=bool(prop.required),
        normaliser=custom.get("normaliser"),
        token_column=custom.get("tokenColumn"),
        identifier_kind=custom.get("identifierKind"),
        within=custom.get("within"),
        derived_from=tuple(custom.get("derivedFrom") or ()),
        allowed=allowed,
        minimum=_decimal(options.get("minimum")),
        maximum=_decimal(options.get("maximum")),
        max_length=options.get("maxLength"),
        pattern=options.get("pattern"),
    )


def _custom(properties: Iterable[Any] | None) -> dict[str, Any]:
    return {item.property: item.value for item in properties or () if item.property}


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _wrong(field: str, message: str, place: str) -> DataRefused:
    return DataRefused("CR-C003", f"`{field}`: {message}", help="see docs/formats.md", place=place)


@cache
def shipped_contracts() -> Mapping[DatasetName, Contract]:
    """The ten record types shipped in the package, by dataset name."""
    folder = resources.files("cleanroom.contracts") / "odcs"
    documents = sorted((item for item in folder.iterdir() if item.name.endswith(".odcs.yaml")), key=lambda i: i.name)
    loaded = (load_contract(item.read_bytes(), place=item.name) for item in documents)
    return {contract.dataset: contract for contract in loaded}


def load_contracts(folder: Path) -> Mapping[DatasetName, Contract]:
    """The shipped contracts, extended and overridden by the ``*.yaml`` documents of ``folder``."""
    contracts = dict(shipped_contracts())
    for path in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
        contract = load_contract(path.read_bytes(), place=path.name)
        contracts[contract.dataset] = contract
    return contracts
