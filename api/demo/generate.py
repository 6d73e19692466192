"""Seed and scale -> the demo world's clear tables: what truly happened, before anyone mistypes or hides anything.

Goes out: one polars frame per record type, columns named as the contracts name them (``retailer`` says who holds a
row). Same seed and scale, same rows. Nothing here reads a clock or the environment.
"""

from collections.abc import Mapping
from datetime import date

import numpy as np
import polars as pl

from api.demo import world

Clear = Mapping[str, pl.DataFrame]
"""Record type -> clear rows."""


def generate(*, seed: int, scale: float) -> Clear:
    """The clear tables of the demo world.

    Args:
        seed: any integer; equal seeds give equal rows.
        scale: 1.0 is about 24,000 units sold over two years; everything else follows.
    """
    draw = np.random.Generator(np.random.PCG64(seed))
    people = _people(draw, max(200, int(world.UNITS_AT_SCALE_1 * scale * 0.8)))
    sales = _sales(draw, people, max(400, int(world.UNITS_AT_SCALE_1 * scale)))
    units = sales.filter(pl.col("brand") == world.BRAND)
    claims = _claims(draw, units)
    repairs = _repairs(draw, claims)
    return {
        "sales": sales,
        "products": _products(),
        "registrations": _registrations(draw, units),
        "claims": claims,
        "returns": _returns(draw, sales),
        "care_plans": _care_plans(draw, units),
        "service_tickets": _tickets(draw, units, claims),
        "repairs": repairs,
        "parts_orders": _parts_orders(draw, repairs),
        "surveys": _surveys(draw, units, claims),
    }


def _people(draw: np.random.Generator, count: int) -> pl.DataFrame:
    first = np.array(
        [
            "amy",
            "ben",
            "cora",
            "dan",
            "ela",
            "finn",
            "gwen",
            "hugo",
            "iris",
            "jack",
            "kate",
            "liam",
            "mona",
            "nils",
            "olga",
            "paul",
        ]
    )
    last = np.array(
        [
            "archer",
            "bell",
            "cole",
            "dunn",
            "evans",
            "frost",
            "grant",
            "hale",
            "irwin",
            "jones",
            "kerr",
            "lane",
            "moss",
            "nash",
            "orr",
            "pike",
        ]
    )
    domain = draw.choice(np.array(["example.com", "example.org", "gmail.com"]), count, p=[0.5, 0.2, 0.3])
    number = np.arange(count).astype(str)
    local = first[draw.integers(0, 16, count)] + "." + last[draw.integers(0, 16, count)] + number
    email = np.char.add(np.char.add(local.astype(str), "@"), domain.astype(str))
    digits = np.char.zfill((draw.permutation(1_000_000)[: min(count, 1_000_000)] % 1_000_000).astype(str), 6)
    phone = np.char.add("+447700", np.resize(digits, count))
    return pl.DataFrame({"email": email, "phone": phone, "has_email": draw.random(count) < 0.9})


def _sales(draw: np.random.Generator, people: pl.DataFrame, count: int) -> pl.DataFrame:
    models = [m.name for m in world.MODELS]
    own = draw.random(count) < 0.88
    which = draw.choice(len(models), count, p=[m.share for m in world.MODELS])
    other = draw.integers(0, len(world.OTHER_MODELS), count)
    retailer = draw.choice(len(world.RETAILERS), count, p=[r.share for r in world.RETAILERS])
    days = (world.DATA_DATE - world.FIRST_SALE).days + 1
    sold = np.sort(draw.integers(0, days, count))
    stock_days = draw.integers(20, 80, count)
    person = draw.integers(0, people.height, count)
    repeat = draw.random(count) < 0.06  # a household buys again
    person[repeat] = person[draw.integers(0, count, int(repeat.sum()))]
    has_email = people["has_email"].to_numpy()[person]

    def pick(mine: list[object], others: list[object]) -> np.ndarray:
        return np.where(own, np.array(mine, dtype=object)[which], np.array(others, dtype=object)[other])

    prices = pick([m.price for m in world.MODELS], [m[3] for m in world.OTHER_MODELS]).astype(np.int64)
    names = np.array([r.name for r in world.RETAILERS])
    frame = pl.DataFrame(
        {
            "retailer": names[retailer],
            "store": draw.integers(1, np.array([r.stores for r in world.RETAILERS])[retailer] + 1),
            "region_no": draw.choice(len(world.REGIONS), count, p=[0.1, 0.15, 0.2, 0.15, 0.25, 0.15]),
            "channel": draw.choice(
                np.array(["store", "online", "pickup", "ship", "marketplace"]), count, p=[0.5, 0.25, 0.1, 0.1, 0.05]
            ),
            "sold_day": sold,
            "stock_days": stock_days,
            "minute": draw.integers(9 * 60, 21 * 60, count),
            "gtin": pick([m.gtin for m in world.MODELS], [m[1] for m in world.OTHER_MODELS]).astype(str),
            "sku": pick([m.sku for m in world.MODELS], [m[2] for m in world.OTHER_MODELS]).astype(str),
            "model": pick(list(models), [m[0] for m in world.OTHER_MODELS]).astype(str),
            "brand": np.where(own, world.BRAND, world.OTHER_BRAND),
            "unit_price": prices - 0.01,
            "discount": draw.choice(np.array([0, 0, 0, 20, 50]), count),
            "promo": draw.random(count) < 0.15,
            "care_draw": draw.random(count),
            "buyer_email": people["email"].to_numpy()[person],
            "buyer_phone": people["phone"].to_numpy()[person],
            "has_email": has_email,
            "person": person,
        }
    ).with_row_index("n")
    care = pl.col("retailer").replace_strict(
        {r.name: r.care_plan_share for r in world.RETAILERS}, return_dtype=pl.Float64
    )
    sale_date = pl.lit(world.FIRST_SALE) + pl.duration(days=pl.col("sold_day"))
    return frame.with_columns(
        sale_id=pl.col("retailer").str.slice(0, 1).str.to_uppercase() + pl.col("n").cast(pl.String).str.zfill(7),
        store_id=pl.col("retailer").str.slice(0, 2).str.to_uppercase() + pl.col("store").cast(pl.String).str.zfill(3),
        region=pl.col("region_no").replace_strict(dict(enumerate(world.REGIONS)), return_dtype=pl.String),
        sale_date=sale_date.cast(pl.Date),
        sold_at=sale_date.cast(pl.Datetime) + pl.duration(minutes=pl.col("minute")),
        produced=(sale_date - pl.duration(days=pl.col("stock_days"))).cast(pl.Date),
        transaction_id=pl.lit("T") + pl.col("n").cast(pl.String).str.zfill(8),
        line_no=pl.lit(1, dtype=pl.Int64),
        quantity=pl.lit(1, dtype=pl.Int64),
        net_amount=(pl.col("unit_price") - pl.col("discount")).round(2),
        currency=pl.lit("GBP"),
        promo_id=pl.when(pl.col("promo")).then(pl.lit("SPRING")),
        care_plan=(pl.col("care_draw") < care) & (pl.col("brand") == world.BRAND),
        buyer_email=pl.when(pl.col("has_email")).then(pl.col("buyer_email")),
    ).with_columns(
        serial=pl.col("model").str.replace("-", "")
        + pl.col("produced").dt.strftime("%y%m")
        + pl.col("n").cast(pl.String).str.zfill(7)
    )


def _products() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "gtin": [m.gtin for m in world.MODELS],
            "model": [m.name for m in world.MODELS],
            "brand": [world.BRAND for _ in world.MODELS],
            "gpc_brick": ["10001954" for _ in world.MODELS],
            "launch_date": [date(2024, 1, 15) for _ in world.MODELS],
            "msrp": [m.price for m in world.MODELS],
            "currency": ["GBP" for _ in world.MODELS],
            "parts_warranty_months": [world.WARRANTY_MONTHS for _ in world.MODELS],
            "labour_warranty_months": [world.WARRANTY_MONTHS for _ in world.MODELS],
        }
    )


_UNIT = ("retailer", "gtin", "model", "brand", "serial", "region", "sale_date", "buyer_email", "buyer_phone")


def _column(values: np.ndarray) -> pl.Expr:
    return pl.lit(pl.Series(values))


def _until_data_date(column: str) -> pl.Expr:
    return pl.col(column) <= pl.lit(world.DATA_DATE)


def _owner(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.rename({"buyer_email": "owner_email", "buyer_phone": "owner_phone"})


def _registrations(draw: np.random.Generator, units: pl.DataFrame) -> pl.DataFrame:
    shares = {r.name: r.registration_share for r in world.RETAILERS}
    share = units["retailer"].replace_strict(shares, return_dtype=pl.Float64).to_numpy()
    chosen = units.filter(pl.Series(draw.random(units.height) < share)).select(_UNIT)
    lag = np.minimum(draw.exponential(18, chosen.height), 365).astype(int)
    frame = chosen.with_columns(
        registered_date=(pl.col("sale_date") + pl.duration(days=_column(lag))).cast(pl.Date),
        channel=pl.Series(
            draw.choice(np.array(["web", "app", "qr", "card", "phone"]), chosen.height, p=[0.4, 0.25, 0.2, 0.1, 0.05])
        ),
        purchase_date=pl.col("sale_date"),
        purchase_date_is_estimate=pl.Series(draw.random(chosen.height) < 0.15),
        retailer_as_stated=pl.col("retailer").str.to_titlecase(),
        consent_service=pl.Series(draw.random(chosen.height) < 0.8),
        consent_marketing=pl.Series(draw.random(chosen.height) < 0.35),
    ).filter(_until_data_date("registered_date"))
    return _owner(
        frame.with_row_index("i").with_columns(
            registration_id=pl.format("R{}", pl.col("i").cast(pl.String).str.zfill(7))
        )
    )


def _claims(draw: np.random.Generator, units: pl.DataFrame) -> pl.DataFrame:
    """First failures from each unit's Weibull life; one in ten repaired units fails again within five months.

    Every failure is reported, also after the warranty: then it is denied, repaired at the owner's cost, or paid as
    goodwill. So lives can be followed beyond the warranty, and what just missed it can be seen.
    """
    shape = (
        units["model"]
        .replace_strict({m.name: m.life.shape for m in world.MODELS}, return_dtype=pl.Float64)
        .to_numpy()
        .copy()
    )
    scale = (
        units["model"]
        .replace_strict({m.name: m.life.scale for m in world.MODELS}, return_dtype=pl.Float64)
        .to_numpy()
        .copy()
    )
    lot = (
        units.select(
            (pl.col("model") == world.BAD_LOT.model) & (pl.col("produced").dt.truncate("1mo") == world.BAD_LOT.produced)
        )
        .to_series()
        .to_numpy()
    )
    shape[lot], scale[lot] = world.BAD_LOT.life.shape, world.BAD_LOT.life.scale
    months = scale * draw.weibull(shape)
    first = units.select(*_UNIT, "care_plan").with_columns(
        age_days=pl.Series((months * world.DAYS_PER_MONTH).astype(int)), bad_lot=pl.Series(lot)
    )
    again = first.filter(pl.Series(draw.random(first.height) < 0.1))
    again = again.with_columns(age_days=pl.col("age_days") + pl.Series(draw.integers(20, 150, again.height)))
    both = pl.concat([first, again]).with_columns(
        claim_date=(pl.col("sale_date") + pl.duration(days=pl.col("age_days"))).cast(pl.Date)
    )
    both = both.filter(_until_data_date("claim_date")).sort("claim_date", "serial")
    n = both.height
    nff = draw.random(n) < 0.12
    open_days = draw.gamma(3.0, 4.0, n).astype(int)
    parts, labour = draw.integers(15, 160, n), draw.integers(30, 120, n)
    outcome = draw.choice(
        np.array(["repair", "replace", "refund", "deny", "goodwill"]), n, p=[0.66, 0.12, 0.06, 0.1, 0.06]
    )
    expired = (both["age_days"] > world.WARRANTY_MONTHS * world.DAYS_PER_MONTH).to_numpy()
    late = draw.spawn(1)[0].choice(list(world.AFTER_EXPIRY), n, p=list(world.AFTER_EXPIRY.values()))
    outcome = np.where(expired, late, outcome)
    is_paid = ~expired | (outcome == "goodwill")
    fault = np.where(nff, "none", draw.choice(np.array(["pump", "board", "motor", "seal", "sensor"]), n))
    frame = both.with_columns(
        claim_id=pl.Series([f"C{i:07d}" for i in range(n)], dtype=pl.String),
        reported_date=pl.col("claim_date"),
        closed_date=(pl.col("claim_date") + pl.duration(days=_column(open_days))).cast(pl.Date),
        symptom=pl.Series(draw.choice(np.array(["noise", "leak", "no power", "error code", "poor result"]), n)),
        fault=pl.Series(fault),
        cause=pl.Series(np.where(nff, "none found", "wear")),
        failed_part=pl.Series(np.where(nff, "", fault)),
        outcome=pl.Series(outcome),
        coverage=pl.when(pl.col("care_plan") & pl.Series(draw.random(n) < 0.3))
        .then(pl.lit("care_plan"))
        .otherwise(pl.lit("maker")),
        labour_cost=pl.Series(np.where(is_paid, labour, 0)),
        parts_cost=pl.Series(np.where(nff | ~is_paid, 0, parts)),
        freight_cost=pl.Series(np.where(is_paid, 12, 0)),
        servicer=pl.Series(draw.choice(np.array(["fixwell", "handyco", "solstice-service"]), n)),
        no_fault_found=pl.Series(nff),
        denial_reason=pl.Series(
            np.where(outcome != "deny", "", np.where(expired, "out of warranty", "purchase date disputed"))
        ),
        expired=pl.Series(expired),
        purchase_date_used=pl.col("sale_date"),
    ).with_columns(total_cost=pl.col("labour_cost") + pl.col("parts_cost") + pl.col("freight_cost"))
    closed = pl.when(_until_data_date("closed_date")).then(pl.col("closed_date"))
    return _owner(frame.with_columns(closed_date=closed))


def _returns(draw: np.random.Generator, sales: pl.DataFrame) -> pl.DataFrame:
    shares = {r.name: r.return_share for r in world.RETAILERS}
    share = sales["retailer"].replace_strict(shares, return_dtype=pl.Float64).to_numpy()
    back = sales.filter(pl.Series(draw.random(sales.height) < share))
    days = np.minimum(draw.exponential(14, back.height), 90).astype(int)
    frame = back.with_columns(
        return_date=(pl.col("sale_date") + pl.duration(days=_column(days))).cast(pl.Date),
        return_reason=pl.Series(
            draw.choice(
                np.array(["changed mind", "dead on arrival", "defect", "wrong item"]),
                back.height,
                p=[0.45, 0.12, 0.33, 0.1],
            )
        ),
        condition=pl.Series(draw.choice(np.array(["sealed", "opened", "damaged"]), back.height, p=[0.3, 0.55, 0.15])),
        original_transaction_id=pl.col("transaction_id"),
        disposition=pl.Series(
            draw.choice(np.array(["restock", "rtv", "scrap", "refurb"]), back.height, p=[0.4, 0.3, 0.1, 0.2])
        ),
    ).filter(_until_data_date("return_date"))
    return frame.with_row_index("i").with_columns(return_id=pl.format("B{}", pl.col("i").cast(pl.String).str.zfill(7)))


def _care_plans(draw: np.random.Generator, units: pl.DataFrame) -> pl.DataFrame:
    held = units.filter(pl.col("care_plan"))
    late = np.where(draw.random(held.height) < 0.8, 0, draw.integers(1, 45, held.height))
    frame = held.with_columns(
        plan_sku=pl.lit("CARE-36"),
        sold_date=(pl.col("sale_date") + pl.duration(days=_column(late))).cast(pl.Date),
        term_months=pl.lit(36, dtype=pl.Int64),
        price=pl.lit(89, dtype=pl.Int64),
        cancelled_date=pl.lit(None, dtype=pl.Date),
    ).filter(_until_data_date("sold_date"))
    return frame.with_row_index("i").with_columns(plan_id=pl.format("P{}", pl.col("i").cast(pl.String).str.zfill(7)))


def _tickets(draw: np.random.Generator, units: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    owner = ("gtin", "model", "brand", "serial", "region", "owner_email", "owner_phone")
    about_claims = claims.filter(pl.Series(draw.random(claims.height) < 0.8)).select(
        *owner, pl.col("claim_date").alias("day")
    )
    asking = _owner(units.filter(pl.Series(draw.random(units.height) < 0.05)))
    day = pl.col("sale_date") + pl.duration(days=_column(draw.integers(1, 120, asking.height)))
    general = asking.select(*owner, day.cast(pl.Date).alias("day")).filter(_until_data_date("day"))
    both = pl.concat([about_claims, general]).sort("day", "serial")
    n = both.height
    created = pl.col("day").cast(pl.Datetime) + pl.duration(minutes=_column(draw.integers(0, 24 * 60, n)))
    response, resolution = draw.gamma(1.5, 4.0, n).round(2), draw.gamma(2.0, 30.0, n).round(2)
    first_fix = draw.random(n) < 0.45
    asked = draw.choice(np.array(["maker", "retailer"]), n, p=[0.6, 0.4])
    return both.with_columns(
        ticket_id=pl.Series([f"K{i:07d}" for i in range(n)], dtype=pl.String),
        created=created,
        first_response=created + pl.duration(minutes=_column((response * 60).astype(int))),
        resolved=created + pl.duration(minutes=_column(((response + resolution) * 60).astype(int))),
        channel=pl.Series(draw.choice(np.array(["phone", "chat", "mail", "store"]), n, p=[0.45, 0.25, 0.2, 0.1])),
        asked_party=pl.Series(asked),
        referred_to=pl.Series(
            np.where(draw.random(n) < 0.3, np.where(asked == "maker", "retailer", "maker"), "nobody")
        ),
        topic=pl.Series(
            draw.choice(np.array(["failure", "installation", "billing", "how to"]), n, p=[0.5, 0.2, 0.1, 0.2])
        ),
        priority=pl.Series(draw.choice(np.array(["low", "normal", "high"]), n, p=[0.3, 0.6, 0.1])),
        first_contact_fix=pl.Series(first_fix),
        reopened=pl.Series(~first_fix & (draw.random(n) < 0.15)),
        response_hours=pl.Series(response),
        resolution_hours=pl.Series((response + resolution).round(2)),
        csat=pl.Series(np.clip(np.round(draw.normal(3.6, 1.0, n)), 1, 5).astype(int)),
        nps=pl.Series(np.clip(np.round(draw.normal(6.8, 2.2, n)), 0, 10).astype(int)),
    )


def _repairs(draw: np.random.Generator, claims: pl.DataFrame) -> pl.DataFrame:
    repaired = claims.filter((pl.col("outcome") == "repair") & pl.col("closed_date").is_not_null())
    n = repaired.height
    status = draw.choice(np.array(["Fixed", "Repairable", "End of life", "Unknown"]), n, p=[0.82, 0.1, 0.05, 0.03])
    return repaired.with_columns(
        repair_id=pl.col("claim_id").str.replace("C", "J"),
        visit_no=pl.lit(1, dtype=pl.Int64),
        repair_date=pl.col("closed_date"),
        opened_date=pl.col("claim_date"),
        category=pl.lit("Large home appliance"),
        product_age=(pl.col("age_days") / 365.25).round(2),
        repair_status=pl.Series(status),
        barrier=pl.Series(np.where(status == "End of life", "Spare parts not available", "")),
        parts_used=pl.Series(draw.integers(0, 4, n)),
        group_identifier=pl.col("servicer"),
        turnaround_days=(pl.col("closed_date") - pl.col("claim_date")).dt.total_days(),
    )


def _parts_orders(draw: np.random.Generator, repairs: pl.DataFrame) -> pl.DataFrame:
    used = repairs.filter(pl.col("failed_part") != "")
    n = used.height
    wait = np.where(draw.random(n) < 0.75, 0, draw.integers(3, 40, n))
    shipped = pl.col("opened_date") + pl.duration(days=_column(wait + 1))
    frame = used.with_columns(
        order_id=pl.col("claim_id").str.replace("C", "O"),
        ordered=pl.col("opened_date"),
        shipped=shipped.cast(pl.Date),
        part_no=pl.col("failed_part").str.to_uppercase() + "-" + pl.col("model"),
        qty=pl.lit(1, dtype=pl.Int64),
        price=pl.col("parts_cost"),
        backorder_days=pl.Series(wait),
        under_warranty=pl.col("expired").not_(),
    )
    return frame.with_columns(shipped=pl.when(_until_data_date("shipped")).then(pl.col("shipped")))


def _surveys(draw: np.random.Generator, units: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """Owners judge the maker a little better than the maker's retailers are judged; service lowers both.

    The maker and the retailers send one half each, and both ask about both.
    """
    failed = units["serial"].is_in(claims["serial"].implode()).to_numpy()
    asked = draw.random(units.height) < 0.12
    people = _owner(units.with_columns(failed=pl.Series(failed)).filter(pl.Series(asked)))
    n = people.height
    about = draw.choice(np.array(["maker", "retailer"]), n)
    mean = np.where(about == "maker", 4.1, 3.7) - np.where(people["failed"].to_numpy(), 0.7, 0.0)
    kind = draw.choice(np.array(["csat", "nps"]), n)
    five = np.clip(np.round(draw.normal(mean, 0.9)), 1, 5)
    ten = np.clip(np.round(draw.normal(mean * 2.2 - 1.5, 2.0)), 0, 10)
    sent = pl.col("sale_date") + pl.duration(days=_column(draw.integers(7, 200, n)))
    frame = people.with_columns(
        survey_id=pl.Series([f"V{i:07d}" for i in range(n)], dtype=pl.String),
        sent=sent.cast(pl.Date),
        answered=(sent + pl.duration(days=3)).cast(pl.Date),
        kind=pl.Series(kind),
        scale_min=pl.Series(np.where(kind == "csat", 1, 0)),
        scale_max=pl.Series(np.where(kind == "csat", 5, 10)),
        score=pl.Series(np.where(kind == "csat", five, ten).astype(int)),
        touchpoint=pl.Series(draw.choice(np.array(["delivery", "install", "use", "service"]), n)),
        about=pl.Series(about),
        sender=pl.Series(np.where(draw.random(n) < 0.5, "maker", "retailer")),
    )
    return frame.filter(_until_data_date("answered"))
