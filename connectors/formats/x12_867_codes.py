"""The code lists of X12 867 that decide what a quantity means: sold, returned, neither; parties and days."""

SALES = frozenset(["SS", "SD", "SH", "DS", "CS", "BP", "PL", "OF", "ON", "CO", "BF"])
RETURNS = frozenset(("BN", "RB", "RP", "RU"))
# The rest of data element 521: transfers between own places, adjustments, metered energy, summaries. Nothing is sold.
# fmt: off
NO_SALES = frozenset((
    "BB", "BC", "BD", "BE", "BG", "BH", "BI", "BJ", "BK", "BL", "BM", "BO", "BQ", "BR", "BS", "BT", "BU", "BV",
    "CC", "DL", "FG", "GD", "GP", "GR", "IA", "IB", "OT", "PA", "PB", "PM", "PO", "PP", "RA", "RC", "RT", "RV",
    "SA", "SC", "SM", "SU", "TD", "WL",
))
# fmt: on
SOLD_QUANTITIES = frozenset(("01", "1", "32", "38", "39", "D1"))
RETURNED_QUANTITIES = frozenset(("76",))
STORES = ("ST", "BY", "SN", "SE", "DB", "DS", "RS", "UK", "92")
DAYS = ("003", "514", "011", "370", "007", "582", "809", "102", "097")
STARTS = ("090", "193", "194", "348")
ENDS = ("091", "194", "206", "349")
