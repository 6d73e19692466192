"""Delimited text: dialects, layout rows, and the two readers that have to agree."""

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.errors import DataRefused, UsageProblem
from connectors.formats import Source, SourceOptions, open_source
from connectors.formats.encodings import Encoding
from connectors.formats.plain_rows import PlainReader
from connectors.formats.records import Blocks, CarefulReader, Dialect, Lines, lines, splitter
from connectors.limits import DEFAULT_LIMITS


def read(data: bytes, **options: Any) -> tuple[Source, list[tuple[object, ...]]]:
    """Rows as tuples, the row number last."""
    source = open_source(io.BytesIO(data), SourceOptions(format="csv", **options))
    return source, [tuple(row.values()) for batch in source.batches() for row in batch.to_pylist()]


@pytest.mark.parametrize(
    ("text", "dialect", "cells"),
    [
        ('a,"b,""c""",d', Dialect(delimiter=","), ["a", 'b,"c"', "d"]),
        ('a||"b||c"||', Dialect(delimiter="||"), ["a", "b||c", ""]),
        ('a, "b" ,c', Dialect(delimiter=","), ["a", "b", "c"]),
        ('6" pipe,2', Dialect(delimiter=","), ['6" pipe', "2"]),
        (r'"a\"b",c\,d', Dialect(delimiter=",", escape="\\"), ['a"b', "c,d"]),
        ("'it''s';x", Dialect(delimiter=";", quote="'"), ["it's", "x"]),
        ('"a","b', Dialect(delimiter=",", quote=""), ['"a"', '"b']),
        ('"a"b,c', Dialect(delimiter=","), "CR-D113"),
        ('a,"b', Dialect(delimiter=","), "CR-D112"),
        ("", Dialect(delimiter=","), [""]),
    ],
)
def test_one_record_is_cut_into_cells(text: str, dialect: Dialect, cells: list[str] | str) -> None:
    """Quotes, escapes, long delimiters, and the two kinds of damage."""
    assert splitter(dialect)(text) == cells


UTF8 = Encoding(name="utf-8", bom_bytes=0, evidence="declared", is_guess=False)


def carefully(data: bytes, dialect: Dialect) -> list[list[str] | str]:
    """The records of ``data`` by our own rules."""
    reader = CarefulReader(dialect, DEFAULT_LIMITS, Blocks(lines(iter([data]), DEFAULT_LIMITS)))
    found: list[list[str] | str] = []
    while records := reader.read():
        found += [cells for _, cells, _ in records]
    return found


@given(
    st.lists(st.lists(st.text(alphabet='ab" \t\r\x85é|,', max_size=4), min_size=2, max_size=3), min_size=1, max_size=5),
    st.sampled_from([",", "\t", "||", "§", " "]),
    st.sampled_from(['"', ""]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_the_plain_and_the_careful_reader_agree(rows: list[list[str]], delimiter: str, quote: str, end: str) -> None:
    """INVARIANT I2: where Arrow's reader is used, our own rules give the same cells, in rows that hold a record."""
    data = "".join(delimiter.join(row) + end for row in rows).encode()
    dialect = Dialect(delimiter=delimiter, quote=quote)
    table = PlainReader(dialect, UTF8, ["x", "y"], ["x", "y"], DEFAULT_LIMITS).read(Lines(data=data), ["x", "y"])
    if table is not None:
        found = list(zip(table["x"].to_pylist(), table["y"].to_pylist(), strict=True))
        assert found == [tuple(cell or None for cell in cells) for cells in carefully(data, dialect)]
        assert all(any(cell and cell.strip() for cell in row) for row in found)


@pytest.mark.parametrize(
    ("line", "is_plain"),
    [
        ("1,2", True),
        ('"1","2, or ""3"""', True),
        (',""', False),
        ("Summer dress,2", True),
        ("Total,2", True),
        ("Total,", False),
        (" x,y ", False),
        ("\u00a0,", False),
        ('1, "2"', False),
        ('"1"2,3', False),
        ('1,"2', False),
        ("1,2,3", False),
        ("1", False),
        ("1\r,2", False),
        ("1,\0", False),
        ("1,2\udc81", False),
    ],
)
def test_what_needs_care_is_not_plain(line: str, is_plain: bool) -> None:
    """Layout rows, ragged rows, broken quotes, lone CRs, NULs, damaged bytes and long cells are left to our own rules."""
    reader = PlainReader(Dialect(delimiter=","), UTF8, ["x", "y"], ["x", "y"], DEFAULT_LIMITS)
    data = f"a,b\n{line}\nc,d\n".encode("utf-8", "surrogateescape")
    assert (reader.read(Lines(data=data), ["y"]) is not None) is is_plain
    assert reader.read(Lines(data=b"a," + b"b" * 70_000 + b"\n"), ["x"]) is None


@given(st.lists(st.text(alphabet="ab\r\n\x85\u2028", max_size=6), max_size=8))
def test_lines_are_the_same_however_the_text_is_cut(pieces: list[str]) -> None:
    """Chunk borders change nothing, and U+0085 is not a line end."""
    chunks = [piece.encode() for piece in ["\n", *pieces]]
    whole = [text for block in lines(iter([b"".join(chunks)]), DEFAULT_LIMITS) for text in block.texts()]
    cut = [text for block in lines(iter(chunks), DEFAULT_LIMITS) for text in block.texts()]
    # Also where a CR and its LF fall into two chunks.
    assert cut == whole


@pytest.mark.parametrize("damage", ["1", '1,"a\nb"', '1,"a', "Total,", "id,note", "", "1,\x00", '"a"b,c'])
def test_one_damaged_line_in_a_large_file_costs_that_line_only(damage: str) -> None:
    """INVARIANT I2: around it rows are read in blocks, and they are those that reading line by line gives."""
    rows = [f'{n},"note {n % 7}"' for n in range(30_000)]
    for at in (1, 11_111, 29_990):
        rows[at] = damage
    data = ("id,note\n" + "\n".join(rows) + "\n").encode()
    blocks, plain = read(data)
    # A footer makes it read line by line, and leaves the last record out.
    by_line, careful = read(data, footer_rows=1)
    assert plain[:-1] == careful
    assert (blocks.rejected, blocks.rows_read) == (by_line.rejected, by_line.rows_read)
    assert len(plain) >= 29_997


def test_rows_carry_the_line_they_start_on() -> None:
    """Quoted line breaks and blank lines count."""
    _, rows = read(b'id,note\n1,"two\nlines"\n\n2,x\n')
    assert rows == [("1", "two\nlines", 2), ("2", "x", 5)]


def test_a_file_without_header_takes_the_names_of_the_mapping() -> None:
    """`header_row: 0` and `columns`."""
    _, rows = read(b"1;a\n2;b\n", header_row=0, columns=("id", "name"))
    assert rows == [("1", "a", 1), ("2", "b", 2)]


def test_preamble_header_row_and_footer() -> None:
    """Said by the mapping: all of it is skipped and counted."""
    data = b"Report\nof today\nid,qty\n1,2\n3,4\nprinted by,me\n"
    for options in ({"preamble_rows": 2}, {"header_row": 3}):
        source, rows = read(data, footer_rows=1, **options)
        assert (rows, dict(source.skipped)) == ([("1", "2", 4), ("3", "4", 5)], {"CR-D122": 1, "CR-D123": 2})


def test_repeated_headers_totals_and_blanks_are_left_out_with_a_reason() -> None:
    """And an article called Total is not one of them."""
    source, rows = read(b"item,qty,price\nTotal care set,1,9\nitem,qty,price\n,,\nTotal,1,\nGrand total,,\n")
    assert [row[0] for row in rows] == ["Total care set", "Total"]
    assert dict(source.skipped) == {"CR-D120": 1, "CR-D121": 1, "CR-D122": 1}


def test_empty_and_repeated_names_are_numbered() -> None:
    """Names differ by more than case, and never clash with the row number."""
    source, _ = read(b"a,A,,_row\n1,2,3,4\n")
    assert source.columns == ("a", "A_2", "column_3", "_row_2")


def test_nul_only_cells_and_tail_padding() -> None:
    """Padding after a crash is a rejected row, not a silent one."""
    source, rows = read(b"a,b\n1,2\n" + b"\0" * 600)
    assert (len(rows), [item.code for item in source.rejected]) == (1, ["CR-D114"])


@pytest.mark.parametrize(
    "options",
    [
        {"encoding": "klingon"},
        {"delimiter": "\n"},
        {"delimiter": '"'},
        {"quote": "''"},
        {"header_row": 0},
        {"footer_rows": -1},
        {"header_row": 0, "columns": ("a", "a")},
    ],
)
def test_wrong_options_are_usage_problems(options: dict[str, Any]) -> None:
    """The mapping is at fault, not the file."""
    with pytest.raises(UsageProblem, match="CR-D109"):
        read(b"a,b\n1,2\n", **options)


def test_a_compression_bomb_is_cut_off() -> None:
    """INVARIANT I1: the expansion ratio holds while unpacking."""
    import gzip

    bomb = gzip.compress(b"a,b\n" + b"1,2\n" * 20_000_000)
    with pytest.raises(DataRefused, match=r"CR-D103.*times its packed size"):
        read(bomb)


def test_old_mac_line_ends() -> None:
    """CR alone."""
    assert read(b"a,b\r1,2\r3,4\r")[1] == [("1", "2", 2), ("3", "4", 3)]
