"""Multi-step attacks as data: what is asked or uploaded in turn, over one fixed room.

The room (k = 5): 45 sales of one member. By region north 14, south 12, west 10, east 3, and 6 of no region; by month
January to March; promotions x, y and, for a few, none. 24 units have a claim: fault a or b, and for 2 none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cleanroom.shape import (
    Case,
    CaseBranch,
    Coalesced,
    DateDiff,
    DatePart,
    Grain,
    Predicate,
    QueryShape,
    Source,
)
from tests.cleanroom.ledger.room import (
    ask,
    both,
    cmp,
    col,
    count,
    distinct,
    either,
    joined,
    literal,
    month,
    no,
    null,
    plain,
    total,
    within,
)

TYPES = {
    "sales": {"sale": "INTEGER", "buyer": "INTEGER", "unit": "INTEGER", "region": "VARCHAR", "promo": "VARCHAR"}
    | {"sale_date": "DATE", "quantity": "INTEGER"},
    "claims": {"claim": "INTEGER", "owner": "INTEGER", "unit": "INTEGER", "fault": "VARCHAR", "claim_date": "DATE"},
}
K = 5
Row = Mapping[str, object]


@dataclass(frozen=True)
class Upload:
    """A member's next snapshot: rows dropped by sale number, rows added, columns changed by sale number."""

    dataset: str = "sales"
    drop: tuple[int, ...] = ()
    add: tuple[Row, ...] = ()
    change: tuple[tuple[int, str, object], ...] = ()


@dataclass(frozen=True)
class Attack:
    """A named sequence that isolates a group when only thresholds are applied."""

    name: str
    steps: tuple[QueryShape | Upload, ...]


def sale(number: int, region: str | None, day: date, promo: str | None, quantity: int | None = 1) -> Row:
    """One sale of a buyer of its own."""
    return {
        "sale": number,
        "buyer": number,
        "unit": number,
        "region": region,
        "promo": promo,
        "sale_date": day,
        "quantity": quantity,
    }


def fixed_sales() -> list[Row]:
    """The room's sales."""
    rows = []
    for region, first, size in (("north", 0, 14), ("south", 20, 12), ("west", 40, 10), ("east", 60, 3), (None, 70, 6)):
        for i in range(size):
            promo = None if i == 5 else ("x", "y")[i % 2]
            quantity = None if i == 7 else 1 + i % 3
            rows.append(sale(first + i, region, date(2026, 1 + i % 3, 10), promo, quantity))
    return rows


def fixed_claims() -> list[Row]:
    """The room's claims: about half of the units, one each."""
    units = [*range(8), *range(20, 27), *range(40, 46), 60, 70, 71]
    return [
        {
            "claim": 500 + unit,
            "owner": unit,
            "unit": unit,
            "fault": None if unit in (3, 22) else "ab"[place % 2],
            "claim_date": date(2026, 2 + place % 5, 20),
        }
        for place, unit in enumerate(units)
    ]


def claims(kind: str = "inner") -> tuple[Source, ...]:
    """``JOIN claims`` from sales."""
    return (joined("claims", "unit", "unit", kind),)


def of_sales(kind: str = "left") -> tuple[Source, ...]:
    """``JOIN sales`` from claims."""
    return (joined("sales", "unit", "unit", kind),)


def region(*names: str) -> Predicate:
    """Sales of some regions."""
    return within("region", *names)


def case(when: Predicate) -> Case:
    """``CASE WHEN .. THEN 'in' ELSE 'out' END``."""
    return Case(branches=(CaseBranch(when=when, then=literal("in")),), otherwise=literal("out"))


def before(month_number: int) -> Predicate:
    """Sold before the first of a month."""
    return cmp("sale_date", "<", date(2026, month_number, 1))


def since(month_number: int) -> Predicate:
    """Sold from the first of a month."""
    return cmp("sale_date", ">=", date(2026, month_number, 1))


EAST_FEBRUARY = both(cmp("region", "=", "east"), since(2), before(3))
NEW = sale(900, "north", date(2026, 1, 5), "x")
MANY = tuple(sale(910 + i, "north", date(2026, 1, 5), "x") for i in range(6))


def attack(name: str, *steps: QueryShape | Upload) -> Attack:
    """One attack."""
    return Attack(name, steps)


ATTACKS: Sequence[Attack] = (
    # two-query differencing
    attack("total and all but a region", ask(where=no(null("region"))), ask(where=no(region("east")))),
    attack("by region, then the total of named regions", ask(by=[plain("region")]), ask(where=no(null("region")))),
    attack("a filter written as NOT IN", ask(where=no(null("region"))), ask(where=region("north", "south", "west"))),
    attack("complement by inequality", ask(where=no(null("region"))), ask(where=cmp("region", "<>", "east"))),
    attack("text order instead of equality", ask(where=no(null("region"))), ask(where=cmp("region", ">", "east"))),
    attack("one month of a small region by exclusion", ask(), ask(where=no(EAST_FEBRUARY))),
    attack(
        "three overlapping pairs",
        ask(where=either(region("north", "east"), null("region"))),
        ask(where=either(region("north"), null("region"))),
    ),
    attack("differencing inside one result", ask(count(where=no(null("region"))), count(where=no(region("east"))))),
    attack("differencing inside each cell", ask(count(), count(where=no(EAST_FEBRUARY)), by=[month("sale_date")])),
    # trackers
    attack(
        "Denning's tracker",
        ask(where=either(region("east"), cmp("promo", "=", "x"))),
        ask(where=either(region("east"), no(cmp("promo", "=", "x")))),
        ask(where=cmp("promo", "=", "x")),
        ask(where=no(cmp("promo", "=", "x"))),
    ),
    attack(
        "a tracker padded with a large OR",
        ask(where=either(region("east"), region("north"))),
        ask(where=region("north")),
    ),
    attack(
        "a tracker padded twice",
        ask(where=either(EAST_FEBRUARY, region("north"), region("south"))),
        ask(where=region("north", "south")),
    ),
    attack(
        "a double tracker",
        ask(where=either(region("east"), region("north"), null("region"))),
        ask(where=either(region("south"), region("west"))),
        ask(where=region("north")),
        ask(where=null("region")),
    ),
    attack(
        "inclusion and exclusion",
        ask(where=region("north", "east")),
        ask(where=region("south", "east")),
        ask(where=region("north", "south")),
        ask(where=region("north", "south", "east")),
    ),
    # grains and windows
    attack(
        "sliding windows",
        ask(where=both(region("north"), before(4))),
        ask(where=both(region("north"), since(2), before(4))),
        ask(where=both(region("north"), before(3))),
        ask(where=either(both(region("north"), before(2)), region("south"))),
        ask(where=region("south")),
    ),
    attack(
        "a window grown by one month",
        ask(where=both(no(null("region")), before(3))),
        ask(where=both(region("north", "south", "west"), before(3))),
    ),
    attack(
        "months against their quarter",
        ask(by=[month("sale_date")], where=region("north")),
        ask(by=[month("sale_date", 0, Grain.QUARTER)], where=region("north")),
    ),
    attack(
        "months against their year",
        ask(by=[plain("region"), month("sale_date", 0, Grain.YEAR)]),
        ask(where=both(no(null("region")), cmp(DatePart(part=Grain.YEAR, column=col("sale_date")), "=", 2026))),
    ),
    attack(
        "month numbers against the dates",
        ask(by=[DatePart(part=Grain.MONTH, column=col("sale_date"))], where=region("west", "east")),
        ask(by=[month("sale_date")], where=region("west")),
        ask(where=region("west")),
        ask(where=region("west", "east")),
    ),
    # margins
    attack("both margins of a table", ask(by=[plain("region"), plain("promo")]), ask(by=[plain("region")])),
    attack(
        "region and month margins",
        ask(by=[plain("region"), month("sale_date")]),
        ask(by=[plain("region")]),
        ask(by=[month("sale_date")]),
        ask(),
    ),
    attack("a margin through CASE", ask(by=[case(region("east", "north"))]), ask(where=region("north"))),
    attack(
        "cells regrouped by CASE",
        ask(by=[case(no(region("east")))], where=no(null("region"))),
        ask(where=no(null("region"))),
    ),
    # NULL
    attack("arguments that are NULL", ask(count(), count("promo"))),
    attack("NULL arguments, in two questions", ask(count("promo")), ask()),
    attack(
        "NULL against coalesce",
        ask(by=[Coalesced(dimension=plain("promo"), default=literal("x"))]),
        ask(by=[plain("promo")]),
    ),
    attack("IS NULL by complement", ask(where=region("north")), ask(where=both(region("north"), no(null("promo"))))),
    attack("a sum beside a count", ask(total("quantity")), ask(count("sale"))),
    attack("three-valued NOT", ask(), ask(where=either(cmp("promo", "=", "x"), no(cmp("promo", "=", "x"))))),
    # measures and spellings
    attack("FILTER against WHERE", ask(count(where=region("north", "east"))), ask(where=region("north"))),
    attack(
        "COUNT DISTINCT against COUNT",
        ask(distinct("unit", where=no(null("region")))),
        ask(count(where=no(region("east")))),
    ),
    attack(
        "SUM against SUM",
        ask(total("quantity", where=no(null("region")))),
        ask(total("quantity", where=no(region("east")))),
    ),
    attack(
        "a count after a sum",
        ask(count("quantity", where=no(null("region")))),
        ask(total("quantity", where=no(region("east")))),
    ),
    # joins
    attack(
        "LEFT against INNER",
        ask(joins=claims("left")),
        ask(by=[plain("region")], joins=claims("inner")),
        ask(joins=claims("inner")),
    ),
    attack("matched of a region by exclusion", ask(joins=claims()), ask(joins=claims(), where=no(region("east")))),
    attack(
        "matched regions against all matched",
        ask(by=[plain("region")], joins=claims()),
        ask(joins=claims(), where=no(null("region"))),
    ),
    attack(
        "no claim, by a NULL of the LEFT JOIN",
        ask(where=region("north", "south"), joins=claims("left")),
        ask(where=both(region("north"), null("claim", 1)), joins=claims("left")),
        ask(where=region("south")),
        ask(where=either(region("south"), both(region("north"), no(cmp("fault", "=", "a", 1)))), joins=claims("left")),
    ),
    attack("claims with and without a fault", ask(count("claim", 1), count("fault", 1), joins=claims())),
    attack(
        "from either end of the join",
        ask(by=[plain("region")], joins=claims()),
        ask(of="claims", joins=of_sales("inner"), where=no(null("region", 1))),
    ),
    attack(
        "what has no sale, from the claims",
        ask(of="claims", joins=of_sales()),
        ask(of="claims", joins=of_sales(), where=either(null("region", 1), within("region", "north", source=1))),
        ask(
            of="claims", joins=of_sales(), where=either(null("region", 1), within("region", "north", "east", source=1))
        ),
    ),
    attack(
        "months in service",
        ask(
            by=[DateDiff(grain=Grain.MONTH, start=col("sale_date"), end=col("claim_date", 1))],
            joins=claims(),
        ),
        ask(joins=claims()),
        ask(
            joins=claims(),
            where=cmp(DateDiff(grain=Grain.MONTH, start=col("sale_date"), end=col("claim_date", 1)), "<", 5),
        ),
        ask(
            joins=claims(),
            where=cmp(DateDiff(grain=Grain.MONTH, start=col("sale_date"), end=col("claim_date", 1)), ">=", 1),
        ),
    ),
    attack(
        "a claims margin against its cells",
        ask(count("claim", 1), by=[plain("fault", 1)], joins=claims()),
        ask(count("claim", 1), joins=claims()),
    ),
    # snapshots
    attack("one row added", ask(), Upload(add=(NEW,)), ask()),
    attack("one row removed", ask(by=[plain("region")]), Upload(drop=(3,)), ask(by=[plain("region")])),
    attack(
        "one row changed",
        ask(by=[plain("region")]),
        Upload(change=((3, "region", "south"),)),
        ask(by=[plain("region")]),
    ),
    attack(
        "one row added, asked in another spelling",
        ask(where=region("north")),
        Upload(add=(NEW,)),
        ask(where=cmp("region", "=", "north")),
    ),
    attack(
        "one row hidden among many",
        ask(by=[plain("region")]),
        Upload(add=(*MANY, NEW), drop=(21,)),
        ask(by=[plain("region")]),
    ),
    attack(
        "many added, then all but one removed",
        ask(),
        Upload(add=(*MANY, NEW)),
        ask(),
        Upload(drop=tuple(range(910, 916))),
        ask(),
    ),
    attack(
        "a list that differs by one, uploaded on the other side",
        ask(joins=claims()),
        Upload(dataset="claims", drop=(504,)),
        ask(joins=claims()),
    ),
    attack(
        "lists that differ by one, asked from the list",
        ask(of="claims", joins=of_sales("inner")),
        Upload(dataset="claims", drop=(504,)),
        ask(of="claims", joins=of_sales("inner")),
    ),
    attack(
        "an upload between a part and its whole",
        ask(where=region("north", "south")),
        Upload(add=(NEW,)),
        ask(where=region("south")),
        ask(where=region("north")),
    ),
    attack("one sum restated", ask(total("quantity")), Upload(change=((3, "quantity", 40),)), ask(total("quantity"))),
    # zeros
    attack(
        "an empty cell beside a small one",
        ask(where=region("north", "nowhere")),
        ask(where=region("north", "nowhere", "east")),
    ),
)
