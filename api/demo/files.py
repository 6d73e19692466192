"""Clear tables -> the files each member's systems would export, and the mapping each would write for them.

Every member has its own habits: separators, encodings, decimal commas, date order, column names, spellings. What goes
out is one ``MemberFile`` per file and mapping; the clear truth stays with the caller.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import yaml

from api.demo import world
from api.demo.generate import Clear
from api.demo.spellings import typed_emails, typed_phones, typed_serials
from cleanroom.names import DatasetName, MemberName


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFile:
    """One exported file with the mapping its owner wrote, ready for ``cleanroom data push``."""

    member: MemberName
    dataset: DatasetName
    path: Path
    mapping: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How one member's exports look. ``date`` is a strftime format; ``write`` turns a text frame into bytes."""

    source: Mapping[str, str]
    suffix: str
    date: str
    decimal_comma: bool
    rename: Mapping[str, str]
    write: Callable[[pl.DataFrame], bytes]


def _csv(separator: str, encoding: str) -> Callable[[pl.DataFrame], bytes]:
    return lambda frame: frame.write_csv(separator=separator, line_terminator="\r\n").encode(encoding)


def _xlsx(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_excel(buffer, worksheet="Orders")
    return buffer.getvalue()


HABITS: Mapping[str, Habit] = {
    "harbor": Habit(
        source={"format": "csv", "encoding": "cp1252", "delimiter": ";", "decimal": ","},
        suffix="csv",
        date="%d.%m.%Y",
        decimal_comma=True,
        rename={
            "sale_id": "Beleg",
            "sale_date": "Datum",
            "store_id": "Filiale",
            "net_amount": "Netto",
            "buyer_email": "E-Mail",
            "buyer_phone": "Telefon",
        },
        write=_csv(";", "cp1252"),
    ),
    "northgate": Habit(
        source={"format": "csv", "encoding": "utf-8", "delimiter": ","},
        suffix="csv",
        date="%m/%d/%Y",
        decimal_comma=False,
        rename={
            "sale_id": "LineID",
            "sale_date": "BusinessDate",
            "store_id": "Store",
            "buyer_email": "CustomerEmail",
            "buyer_phone": "CustomerPhone",
        },
        write=_csv(",", "utf-8"),
    ),
    "alder": Habit(
        source={"format": "xlsx", "sheet": "Orders"},
        suffix="xlsx",
        date="%Y-%m-%d",
        decimal_comma=False,
        rename={
            "sale_id": "Order line",
            "sale_date": "Order date",
            "store_id": "Shop",
            "buyer_email": "Email",
            "buyer_phone": "Phone",
        },
        write=_xlsx,
    ),
    "quayside": Habit(
        source={"format": "jsonl"},
        suffix="jsonl",
        date="%Y-%m-%d",
        decimal_comma=False,
        rename={"sale_id": "id", "sale_date": "sold", "buyer_email": "email", "buyer_phone": "phone"},
        write=lambda frame: frame.write_ndjson().encode(),
    ),
    "solstice": Habit(
        source={"format": "csv", "encoding": "utf-8", "delimiter": ","},
        suffix="csv",
        date="%Y-%m-%d",
        decimal_comma=False,
        rename={},
        write=_csv(",", "utf-8"),
    ),
}

_PRODUCT = ("gtin", "model", "brand", "serial", "region")
_BUYER = ("buyer_email", "buyer_phone")
_OWNER = ("owner_email", "owner_phone")
_SALE = (
    "sale_id",
    "store_id",
    "region",
    "channel",
    "sale_date",
    "sold_at",
    "transaction_id",
    "line_no",
    "gtin",
    "sku",
    "model",
    "brand",
    "serial",
    "quantity",
    "unit_price",
    "net_amount",
    "currency",
)
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "sales": (*_SALE, "promo_id", "care_plan", *_BUYER),
    "returns": (
        "return_id",
        "return_date",
        "return_reason",
        "condition",
        "original_transaction_id",
        "disposition",
        *_SALE,
        *_BUYER,
    ),
    "care_plans": (
        "plan_id",
        "plan_sku",
        "sold_date",
        "term_months",
        *_PRODUCT,
        "price",
        "currency",
        "cancelled_date",
        *_BUYER,
    ),
    "registrations": (
        "registration_id",
        "registered_date",
        "channel",
        *_PRODUCT,
        "purchase_date",
        "purchase_date_is_estimate",
        "retailer_as_stated",
        "consent_service",
        "consent_marketing",
        *_OWNER,
    ),
    "claims": (
        "claim_id",
        "claim_date",
        "reported_date",
        "closed_date",
        *_PRODUCT,
        "symptom",
        "fault",
        "cause",
        "failed_part",
        "outcome",
        "coverage",
        "labour_cost",
        "parts_cost",
        "freight_cost",
        "total_cost",
        "servicer",
        "denial_reason",
        "no_fault_found",
        "purchase_date_used",
        *_OWNER,
    ),
    "products": (
        "gtin",
        "model",
        "brand",
        "gpc_brick",
        "launch_date",
        "msrp",
        "currency",
        "parts_warranty_months",
        "labour_warranty_months",
    ),
    "service_tickets": (
        "ticket_id",
        "created",
        "first_response",
        "resolved",
        "channel",
        "asked_party",
        "referred_to",
        "topic",
        "priority",
        *_PRODUCT,
        "first_contact_fix",
        "reopened",
        "response_hours",
        "resolution_hours",
        "csat",
        "nps",
        *_OWNER,
    ),
    "repairs": (
        "repair_id",
        "visit_no",
        "repair_date",
        "opened_date",
        "closed_date",
        "category",
        "product_age",
        "repair_status",
        "barrier",
        "parts_used",
        "group_identifier",
        "turnaround_days",
        *_PRODUCT,
        *_OWNER,
    ),
    "parts_orders": (
        "order_id",
        "ordered",
        "shipped",
        "part_no",
        "qty",
        *_PRODUCT,
        "price",
        "backorder_days",
        "under_warranty",
    ),
    "surveys": (
        "survey_id",
        "sent",
        "answered",
        "kind",
        "scale_min",
        "scale_max",
        "score",
        "touchpoint",
        "about",
        *_PRODUCT,
        *_OWNER,
    ),
}
"""The contract columns each exported record type carries, clear identifiers included."""

RETAILER_DATASETS = ("sales", "returns", "care_plans", "surveys")
MAKER_DATASETS = ("products", "registrations", "claims", "service_tickets", "repairs", "parts_orders", "surveys")


def holdings(clear: Clear, member: str) -> Mapping[str, pl.DataFrame]:
    """What one member truly holds: record type -> clear rows, contract columns only."""
    if member == world.MAKER:
        frames = {name: clear[name] for name in MAKER_DATASETS}
        frames["surveys"] = frames["surveys"].filter(pl.col("sender") == "maker")
    else:
        frames = {name: clear[name].filter(pl.col("retailer") == member) for name in RETAILER_DATASETS}
        frames["surveys"] = frames["surveys"].filter(pl.col("sender") == "retailer")
    return {name: frame.select(COLUMNS[name]) for name, frame in frames.items()}


def write_files(clear: Clear, folder: Path, *, seed: int) -> tuple[MemberFile, ...]:
    """Write every member's exports and mappings below ``folder/<member>/``; sorted by member, then dataset."""
    written: list[MemberFile] = []
    for number, (member, habit) in enumerate(sorted(HABITS.items())):
        draw = np.random.Generator(np.random.PCG64([seed, number]))
        place = folder / member
        place.mkdir(parents=True, exist_ok=True)
        for dataset, frame in sorted(holdings(clear, member).items()):
            path, mapping = place / f"{dataset}.{habit.suffix}", place / f"{dataset}.mapping.yaml"
            path.write_bytes(habit.write(_as_typed(frame, habit, draw)))
            mapping.write_text(yaml.safe_dump(_mapping(frame, dataset, habit), sort_keys=False), encoding="utf-8")
            written.append(
                MemberFile(member=MemberName(member), dataset=DatasetName(dataset), path=path, mapping=mapping)
            )
    return tuple(written)


def _as_typed(frame: pl.DataFrame, habit: Habit, draw: np.random.Generator) -> pl.DataFrame:
    columns: list[pl.Expr] = []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if name.endswith("_email"):
            column = typed_emails(draw, column, frame.height)
        elif name.endswith("_phone"):
            column = typed_phones(draw, column, frame.height)
        elif name == "serial":
            column = typed_serials(draw, column, frame.height)
        elif dtype == pl.Date:
            column = column.dt.strftime(habit.date)
        elif isinstance(dtype, pl.Datetime):
            column = column.dt.strftime(habit.date + " %H:%M")
        elif dtype == pl.Boolean:
            column = pl.when(column).then(pl.lit("yes")).when(column.not_()).then(pl.lit("no"))
        else:
            column = column.cast(pl.String)
            if habit.decimal_comma and dtype.is_float():
                column = column.str.replace(".", ",", literal=True)
        columns.append(column.alias(habit.rename.get(name, name)))
    return frame.select(columns)


def _mapping(frame: pl.DataFrame, dataset: str, habit: Habit) -> dict[str, object]:
    columns: dict[str, dict[str, str]] = {}
    for name, dtype in frame.schema.items():
        entry = {"from": habit.rename.get(name, name)}
        if dtype == pl.Date:
            entry["date_format"] = habit.date
        elif isinstance(dtype, pl.Datetime):
            entry["date_format"] = habit.date + " %H:%M"
        if name.endswith("_phone"):
            entry["region"] = "GB"
        columns[name] = entry
    mapping: dict[str, object] = {"contract": dataset, "source": dict(habit.source), "columns": columns}
    if dataset in RETAILER_DATASETS and "brand" in frame.columns:
        # What a retailer sells of other makers is nobody's business here, and no claim could ever be about it.
        mapping["skip"] = [f"{habit.rename.get('brand', 'brand')} <> {world.BRAND}"]
    return mapping
