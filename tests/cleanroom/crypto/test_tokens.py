"""Tokens: keyed, one per identifier kind and profile, equal in bulk and one by one."""

from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.crypto.keys import CollaborationKey
from cleanroom.crypto.tokens import as_uuids, token_key, within, within_column
from tests.cleanroom.crypto.seeded import seeded

KEY = CollaborationKey(bytes(range(32)))
EMAIL = token_key(KEY, kind="email", profile="email.uid2@1")


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(max_size=200)), max_size=50))
def test_bulk_tokens_equal_scalar_tokens(texts: list[str | None]) -> None:
    """Whole columns and single values give the same UUIDs; null stays null; any Unicode, any length."""
    column = pl.Series("x", texts, dtype=pl.String)
    assert as_uuids(EMAIL.tokens(column)).to_pylist() == [None if t is None else EMAIL.token(t) for t in texts]


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(max_size=9)), min_size=3, max_size=30), st.integers(0, 2))
def test_sliced_columns_keep_their_tokens(texts: list[str | None], start: int) -> None:
    """A slice's tokens are the slice of the tokens (validity bits included)."""
    tokens = EMAIL.tokens(pl.Series("x", texts, dtype=pl.String)).slice(start)
    assert as_uuids(tokens).to_pylist() == [None if t is None else EMAIL.token(t) for t in texts[start:]]


def test_a_token_is_pinned_forever() -> None:
    """A published value: if it changes, every stored token is orphaned."""
    assert str(EMAIL.token("jane@example.com")) == "6e63ba9e-e693-847e-3911-f29f4d82c9e3"


def test_kind_profile_and_key_separate_tokens() -> None:
    """The same text under another kind, profile, key, or split of the two names is another token."""
    keys = [
        EMAIL,
        token_key(KEY, kind="phone", profile="email.uid2@1"),
        token_key(KEY, kind="email", profile="email.uid2@2"),
        token_key(KEY, kind="emaile", profile="mail.uid2@1"),
        token_key(CollaborationKey(bytes(32)), kind="email", profile="email.uid2@1"),
    ]
    assert len({key.token("x") for key in keys}) == len(keys)


def test_tokens_are_uuids_in_parquet(tmp_path: Path) -> None:
    """DuckDB reads the column as UUID, equal to the scalar token."""
    path = tmp_path / "tokens.parquet"
    pq.write_table(pa.table({"t": as_uuids(EMAIL.tokens(pl.Series("x", ["a", None])))}), path)
    found = duckdb.connect().execute("SELECT typeof(t), t FROM read_parquet(?)", [str(path)]).fetchall()
    assert found == [("UUID", EMAIL.token("a")), ("UUID", None)]


@settings(deadline=None)
@given(st.tuples(st.text(), st.text()), st.tuples(st.text(), st.text()))
def test_no_two_scoped_serials_collide(left: tuple[str, str], right: tuple[str, str]) -> None:
    """(brand, serial) pairs are told apart, however the text is cut."""
    assert (within(*left) == within(*right)) == (left == right)


@settings(deadline=None)
@given(st.lists(st.tuples(st.one_of(st.none(), st.text(max_size=8)), st.one_of(st.none(), st.text(max_size=8)))))
def test_scoping_in_bulk_equals_scoping_one_by_one(pairs: list[tuple[str | None, str | None]]) -> None:
    """Null brands count as empty, null serials stay null."""
    frame = pl.DataFrame(pairs, schema={"b": pl.String, "s": pl.String}, orient="row")
    made = frame.select(within_column(pl.col("b"), pl.col("s"))).to_series().to_list()
    assert made == [None if serial is None else within(brand or "", serial) for brand, serial in pairs]


def test_tokens_do_not_show_the_key() -> None:
    """Neither the derived key nor the collaboration key is in a token or its maker's text."""
    shared = CollaborationKey.generate(seeded(1))
    maker = token_key(shared, kind="email", profile="p@1")
    assert repr(maker) == f"<TokenKey {maker.id}>"
