"""Released tables as a DuckDB file: typed, named, distinct, whatever the answers' names are."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from published_case import entry, released

from cleanroom.published import Entry, lay_out
from cleanroom.published.duckdb_file import duckdb_file
from cleanroom.published.names import distinct, joined, table_name
from cleanroom.released import Reason, ReleasedColumn, Withheld


def written(tmp_path: Path, *entries: Entry) -> duckdb.DuckDBPyConnection:
    """The file of these releases, opened as anybody would; nothing else is left in the folder."""
    made = tmp_path / "made"
    made.mkdir()
    content = duckdb_file(lay_out(entries), made)
    assert list(made.iterdir()) == []
    (tmp_path / "released.duckdb").write_bytes(content)
    return duckdb.connect(str(tmp_path / "released.duckdb"), read_only=True)


def types_of(connection: duckdb.DuckDBPyConnection, table: str) -> Mapping[str, str]:
    """Column types by name."""
    found = connection.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = ? ORDER BY ordinal_position",
        [table],
    ).fetchall()
    return dict(found)


def test_the_newest_answer_is_a_typed_view(tmp_path: Path) -> None:
    """Numbers, dates and texts are what they are; a withheld number is NULL with its reason beside it."""
    connection = written(tmp_path, entry(1, table=released(())), entry(2))
    assert types_of(connection, "claims_by_model") == {
        "_release_id": "VARCHAR",
        "_data_date": "DATE",
        "_released_at": "TIMESTAMP",
        "region": "VARCHAR",
        "month": "DATE",
        "units": "BIGINT",
        "units_withheld": "VARCHAR",
        "cost": "DECIMAL(38,12)",
        "cost_withheld": "VARCHAR",
        "share": "DOUBLE",
        "share_withheld": "VARCHAR",
    }
    rows = connection.execute(
        "SELECT region, month, units, units_withheld, cost, cost_withheld, share FROM claims_by_model"
    )
    assert rows.fetchall() == [
        ("north", date(2026, 1, 1), 12, None, Decimal("10.500000000000"), None, 0.25),
        ("south", date(2026, 1, 1), None, "units", None, "ledger", None),
    ]


def test_the_catalogue_says_what_each_table_is(tmp_path: Path) -> None:
    """Run, template, data date, digests and withheld counts; the newest of a series is marked."""
    connection = written(tmp_path, entry(1), entry(2))
    found = connection.execute(
        "SELECT run_id, template, title, table_name, latest_name, is_latest, data_date, row_count, withheld, "
        "rows_left_out, policies, snapshots, receivers FROM releases ORDER BY release_id"
    ).fetchall()
    rest = (2, 2, 3, "sha256:p", "harbor 4", ",harbor,solstice,")
    named = ("claims-by-model@1", "Claims, by model", "claims_by_model_history", "claims_by_model")
    assert found == [
        ("run1", *named, False, date(2026, 10, 1), *rest),
        ("run2", *named, True, date(2026, 10, 2), *rest),
    ]
    assert connection.execute("SELECT count(*) FROM claims_by_model_history").fetchall() == [(4,)]
    assert connection.execute("SELECT count(*) FROM claims_by_model").fetchall() == [(2,)]


def test_a_question_with_other_values_is_another_table(tmp_path: Path) -> None:
    """Numbered in the order they first came; a name given once stays."""
    first, second = lay_out([entry(1)]), lay_out([entry(1), entry(2, series="s2"), entry(3)])
    assert [s.latest for s in first.series] == ["claims_by_model"]
    assert [(s.latest, list(s.rows)) for s in second.series] == [
        ("claims_by_model", [entry(1).release_id, entry(3).release_id]),
        ("claims_by_model_2", [entry(2).release_id]),
    ]
    written(tmp_path, entry(1), entry(2, series="s2")).execute("SELECT * FROM claims_by_model_2")


def test_a_later_version_s_columns_are_added(tmp_path: Path) -> None:
    """A new column is NULL before it came; a type that grew holds both."""
    later = (
        ReleasedColumn(name="region", type="text", role="dimension"),
        ReleasedColumn(name="units", type="decimal", role="measure"),
        ReleasedColumn(name="claims", type="integer", role="measure"),
    )
    changed = released((("north", Decimal("1.5"), 7),), later)
    connection = written(tmp_path, entry(1), entry(2, table=changed))
    rows = connection.execute(
        'SELECT region, units, claims FROM claims_by_model_history ORDER BY "_release_id", region'
    )
    assert rows.fetchall() == [
        ("north", Decimal(12), None),
        ("south", None, None),
        ("north", Decimal("1.5"), 7),
    ]


HOSTILE = [
    'x"; DROP TABLE releases; --',
    "select",
    "from",
    "Units",
    "units",
    "units_withheld",
    "_release_id",
    "%s %(a)s :b",
    "ünits\u202e",
    "a" * 200,
    "a" * 199 + "b",
    "tab\tnew\nline",
    "'quoted'",
    "",
]


@pytest.mark.parametrize("template", [*HOSTILE, "releases", "Releases", "releases-history", "a-b", "1st"])
def test_hostile_names_are_names(tmp_path: Path, template: str) -> None:
    """Quotes, keywords, names that differ in case only, very long ones: every column is there, the catalogue too."""
    columns = [ReleasedColumn(name=name, type="integer", role="measure") for name in HOSTILE]
    table = released(((*range(len(HOSTILE) - 1), Withheld(Reason.UNITS)),), columns)
    connection = written(tmp_path, entry(1, name=template, title=template, table=table), entry(2, series="s2"))
    name = connection.execute("SELECT latest_name FROM releases WHERE run_id = 'run1'").fetchall()[0][0]
    cursor = connection.execute(f'SELECT * FROM "{name}"')
    names = [column[0] for column in cursor.description]
    assert len({found.casefold() for found in names}) == len(names) == 3 + 2 * len(HOSTILE)
    assert max(len(found.encode()) for found in names) <= 63
    values = cursor.fetchall()[0][3:]
    assert values[0::2] == (*range(len(HOSTILE) - 1), None)
    assert (values[1::2][-1], set(values[1::2][:-1])) == ("units", {None})
    assert connection.execute("SELECT count(*) FROM releases").fetchall() == [(2,)]


def test_numbers_too_long_for_an_exact_type_stay_exact(tmp_path: Path) -> None:
    """64-bit integers overflow to decimals, longer decimals to text; never to a float."""
    columns = [
        ReleasedColumn(name=name, type=kind, role="measure") for name, kind in (("a", "integer"), ("b", "decimal"))
    ]
    table = released(((2**70, Decimal("1e30")),), columns)
    found = written(tmp_path, entry(1, table=table)).execute("SELECT a, b FROM claims_by_model").fetchall()
    assert found == [(Decimal(2**70), "1" + "0" * 30)]


def test_nothing_released_is_an_empty_catalogue(tmp_path: Path) -> None:
    """And a file all the same."""
    assert written(tmp_path).execute("SELECT count(*) FROM releases").fetchall() == [(0,)]


def test_identifiers_never_become_one() -> None:
    """A long member's name is told from another by a digest; plain names by a number."""
    assert joined("released", "pier", "a" * 63) != joined("released", "pier", "a" * 62 + "b")
    assert len(joined("released", "pier", "a" * 63)) <= 63
    assert table_name("a-b", ["a_b"]) == "a_b_2"
    assert distinct("Units", ["units", "units_2"]) == "Units_3"
