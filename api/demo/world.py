"""The demo's world: who takes part, what they sell, and how it fails. These numbers are the truth the demo is held to.

Pure data. Lifetimes are Weibull in months since the retail sale; shares are probabilities.
"""

from dataclasses import dataclass
from datetime import date

MAKER = "solstice"
BRAND = "Solstice"
OTHER_BRAND = "Borealis"
REGIONS = ("Coast", "East", "Midlands", "North", "South", "West")
FIRST_SALE = date(2024, 7, 1)
DATA_DATE = date(2026, 6, 30)
WARRANTY_MONTHS = 12
SOLD_LONG_AGO = date(2025, 4, 30)
"""The last sale that has lived through its expiry and two months more by the data date."""
SOLD_HALF_A_YEAR_AGO = date(2025, 12, 31)
"""Younger sales have too few claims by model to be compared between retailers."""
LANDMARK = date(2025, 10, 1)
"""Who had service contact by then is compared by what is bought from then on."""
AFTER_EXPIRY = {"deny": 0.6, "goodwill": 0.25, "repair": 0.15}
"""What becomes of a failure after the warranty: a repair is then paid by the owner."""
DAYS_PER_MONTH = 30.4375
"""Mean Gregorian month, days."""
UNITS_AT_SCALE_1 = 24_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Weibull:
    """``shape`` has no unit, ``scale`` is in months: F(t) = 1 - exp(-(t / scale) ** shape)."""

    shape: float
    scale: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model: ``share`` of units sold, list ``price`` in GBP, its lifetime, its GTIN (14 digits)."""

    name: str
    gtin: str
    sku: str
    price: int
    share: float
    life: Weibull


@dataclass(frozen=True, slots=True, kw_only=True)
class Retailer:
    """One retailer: ``share`` of units sold, how many of its buyers register, how its files look."""

    name: str
    share: float
    registration_share: float
    stores: int
    care_plan_share: float
    return_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLot:
    """Units of ``model`` produced in ``produced`` (first of month) live by ``life`` instead of their model's."""

    model: str
    produced: date
    life: Weibull


MODELS = (
    Model(name="SX-100", gtin="05012345100012", sku="WM-100", price=399, share=0.30, life=Weibull(shape=1.3, scale=75)),
    Model(name="SX-200", gtin="05012345100029", sku="WM-200", price=549, share=0.25, life=Weibull(shape=1.5, scale=60)),
    Model(name="DX-10", gtin="05012345100036", sku="DW-010", price=329, share=0.20, life=Weibull(shape=1.0, scale=90)),
    Model(name="KX-7", gtin="05012345100043", sku="OV-007", price=699, share=0.15, life=Weibull(shape=1.8, scale=55)),
    Model(name="FX-3", gtin="05012345100050", sku="FR-003", price=849, share=0.10, life=Weibull(shape=1.2, scale=120)),
)
OTHER_MODELS = (("BR-5", "05098765400017", "BR-WM5", 429), ("BR-9", "05098765400024", "BR-DW9", 359))
BAD_LOT = BadLot(model="SX-200", produced=date(2025, 3, 1), life=Weibull(shape=0.9, scale=14))

RETAILERS = (
    Retailer(name="harbor", share=0.34, registration_share=0.32, stores=24, care_plan_share=0.22, return_share=0.05),
    Retailer(name="northgate", share=0.27, registration_share=0.40, stores=18, care_plan_share=0.15, return_share=0.06),
    Retailer(name="alder", share=0.22, registration_share=0.24, stores=12, care_plan_share=0.28, return_share=0.04),
    Retailer(name="quayside", share=0.17, registration_share=0.15, stores=9, care_plan_share=0.10, return_share=0.07),
)
