"""Hypothesis strategies for texts inside the language, and just outside it."""

from hypothesis import strategies as st

_TEXTS = st.sampled_from(["n", "s", "it''s", "", "NULL", "--"])
_DAYS = st.dates().map(lambda day: f"DATE '{day.isoformat()}'") | st.sampled_from(
    ["'2025-01-01'", "DATE '2025-03-01'", "DATE '2024-12-31'"]
)
_WHOLE = st.integers(-5, 5).map(str)
_NUMBERS = _WHOLE | st.decimals(-9, 9, places=2).map(str)
_OPERATORS = st.sampled_from(["=", "<>", "!=", "<", "<=", ">", ">="])
_TYPED = (
    (("s.region", "s.channel", "coalesce(s.region, 'none')", "CASE WHEN s.line_no > 1 THEN 'n' ELSE 's' END"),
     _TEXTS.map(lambda text: f"'{text}'")),
    (("s.sale_date", "s.sold_at", "date_trunc('month', s.sale_date)", "date_trunc('quarter', s.sold_at)",
      "coalesce(s.sale_date, DATE '2020-01-01')"), _DAYS),
    (("s.line_no", "year(s.sale_date)", "quarter(s.sold_at)", "month(s.sale_date)", "extract(year FROM s.sold_at)",
      "date_diff('month', s.sale_date, s.sold_at)", "CASE s.region WHEN 'n' THEN 1 WHEN 's' THEN 2 END"), _WHOLE),
    (("s.quantity", "s.net_amount"), _NUMBERS),
)  # fmt: skip


@st.composite
def _leaf(draw: st.DrawFn) -> str:
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(["s.care_plan", "NOT s.care_plan", "s.care_plan = FALSE", "s.care_plan IS TRUE", "s.care_plan <> TRUE",
                                     "s.care_plan IS NOT FALSE"]))  # fmt: skip
    dimensions, literals = draw(st.sampled_from(_TYPED))
    left, value = draw(st.sampled_from(dimensions)), draw(literals)
    match draw(st.integers(0, 5)):
        case 0:
            return f"{left} IS {draw(st.sampled_from(['', 'NOT ']))}NULL"
        case 1:
            listed = ", ".join(draw(st.lists(literals, min_size=1, max_size=4)))
            return f"{left} {draw(st.sampled_from(['', 'NOT ']))}IN ({listed})"
        case 2:
            return f"{left} {draw(st.sampled_from(['', 'NOT ']))}BETWEEN {value} AND {draw(literals)}"
        case 3:
            return f"{value} {draw(_OPERATORS)} {left}"
        case _:
            return f"{left} {draw(_OPERATORS)} {value}"


def _joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inner, min_size=2, max_size=4)
    return (
        several.map(lambda terms: "(" + " AND ".join(terms) + ")")
        | several.map(lambda terms: "(" + " OR ".join(terms) + ")")
        | inner.map(lambda term: f"NOT ({term})")
    )


predicates = st.recursive(_leaf(), _joined, max_leaves=8)
"""Conditions over one source called ``s`` of ``sales``."""

_DIMENSIONS = st.sampled_from(
    ["s.region", "s.channel AS c", "date_trunc('year', s.sale_date) AS y", "year(s.sale_date)", "coalesce(s.brand, 'none') AS b",
     "date_diff('quarter', s.sale_date, c1.claim_date) AS age", "s.sold_at", "contributor_"]
).map(lambda text: "s.contributor" if text == "contributor_" else text)  # fmt: skip


@st.composite
def _measure(draw: st.DrawFn) -> str:
    call = draw(
        st.sampled_from(
            ["COUNT(*)", "COUNT(s.sale_id)", "COUNT(DISTINCT s.unit_token)", "SUM(s.quantity)", "AVG(c1.total_cost)"]
        )
    )
    if draw(st.booleans()):
        call += f" FILTER (WHERE {draw(predicates)})"
    match draw(st.integers(0, 6)):
        case 0:
            return f"ROUND(100.0 * {call} / NULLIF(COUNT(*), 0), {draw(st.integers(-9, 9))})"
        case 1:
            return f"COALESCE({call} - 1 + 2 * COUNT(*), 0)"
        case 2:
            return f"-{call}"
        case 3:
            return f"SUM(CASE WHEN {draw(predicates)} THEN s.quantity ELSE 0 END)"
        case _:
            return call


@st.composite
def questions(draw: st.DrawFn) -> str:
    """Whole questions inside the language."""
    dimensions = draw(st.lists(_DIMENSIONS, max_size=3, unique=True))
    measures = [f"{one} AS m{number}" for number, one in enumerate(draw(st.lists(_measure(), min_size=1, max_size=3)))]
    join = draw(
        st.sampled_from(
            [
                "JOIN claims c1 USING (unit_token)",
                "LEFT JOIN claims AS c1 ON c1.unit_token = s.unit_token AND s.brand = c1.brand",
            ]
        )
    )
    text = f"SELECT {', '.join([*dimensions, *measures])} FROM sales s {join}"
    if draw(st.booleans()):
        text += f" WHERE {draw(predicates)}"
    text += " GROUP BY ALL" if dimensions else ""
    if draw(st.booleans()):
        text += draw(
            st.sampled_from(
                [" HAVING COUNT(*) > 5 AND NOT (m0 IS NULL OR m0 BETWEEN 1 AND 9)", " HAVING 2.5 <= m0 / COUNT(*)"]
            )
        )
    if draw(st.booleans()):
        text += draw(
            st.sampled_from(
                [" ORDER BY m0 DESC NULLS FIRST", " ORDER BY 1, COUNT(*)", " ORDER BY SUM(s.quantity) LIMIT 7"]
            )
        )
    return text


_OUTSIDE = st.sampled_from(
    ["DISTINCT ", "*, ", "MIN(s.quantity), ", "(SELECT 1), ", "s, ", "lower(s.region), ", "s.unit_token, ", "s.quantity + 1, ",
     "COUNT(*) OVER (), ", "random(), ", "COLUMNS(*), ", "s.region::INTEGER, ", "SUM(COUNT(*)), ", "LIST(s.region), ", "s.region[1], "]
)  # fmt: skip
_BEHIND = st.sampled_from(
    [
        " OFFSET 1",
        " UNION SELECT 1",
        " QUALIFY true",
        " USING SAMPLE 1",
        " FOR UPDATE",
        " WINDOW w AS ()",
        "; SELECT 1",
        " LIMIT 0",
    ]
)


@st.composite
def just_outside(draw: st.DrawFn) -> str:
    """A legal question with one thing too much."""
    text = draw(questions())
    if draw(st.booleans()):
        return text.replace("SELECT ", "SELECT " + draw(_OUTSIDE), 1)
    return text.split(" LIMIT ")[0] + draw(_BEHIND)
