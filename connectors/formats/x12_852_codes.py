"""The code lists of X12 852 that decide what a quantity means: sold, returned, other activity, prices, parties."""

SOLD = ("QS", "RE", "TS", "Q1")
NET = "Q1"
RETURNED = ("QU", "Q2", "Q3")
OTHER = frozenset(
    [
        "BS",
        "BT",
        "DG",
        "HL",
        "LS",
        "MS",
        "OF",
        "OH",
        "OP",
        "OQ",
        "PA",
        "PO",
        "QA",
        "QB",
        "QC",
        "QD",
        "QE",
        "QF",
        "QH",
        "QI",
        "QK",
        "QL",
        "QM",
        "QN",
        "QO",
        "QP",
        "QR",
        "QT",
        "QW",
        "QX",
        "QZ",
        "WQ",
    ]
)
RETAIL_PRICES = ("RES", "RTL", "MSR", "SPE", "ADV", "CON", "UCP")
MONEY = "DO"  # a quantity counted in dollars is an amount
STORE_PARTIES = ("ST", "BY", "SN", "RL", "78", "SO", "SE", "FR")
