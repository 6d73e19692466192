"""One suite that every format declares itself into: limits, row numbers, types, empty, truncated, malformed, repeatable."""

import io
from dataclasses import replace
from decimal import Decimal

import pyarrow as pa
import pytest

from cleanroom.errors import CleanroomError, DataRefused, UsageProblem
from connectors.formats import FORMATS, Source, SourceOptions, default_mapping, open_source
from connectors.limits import Limits
from tests.connectors.samples import CANARY, SAMPLES, Sample

every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=[f"{s.format}-{n}" for n, s in enumerate(SAMPLES)])


def read(data: bytes, options: SourceOptions | None = None) -> tuple[Source, list[dict[str, object]]]:
    """Open and exhaust."""
    source = open_source(io.BytesIO(data), options)
    return source, [row for batch in source.batches() for row in batch.to_pylist()]


def balance(source: Source, rows: list[dict[str, object]]) -> None:
    """Rows in = yielded + rejected + skipped, and what was yielded is what arrived."""
    assert source.rows_yielded == len(rows)
    assert source.rows_read == len(rows) + len(source.rejected) + sum(source.skipped.values())
    assert CANARY not in repr(source.findings) + repr(source.rejected)


def test_every_format_has_a_sample() -> None:
    """A format that is not in the suite is not a format."""
    assert {known.name for known in FORMATS} == {sample.format for sample in SAMPLES}


@every_sample
def test_a_good_file_arrives_whole(sample: Sample) -> None:
    """Counts, first row and skipped reasons are exactly those of the file, whether the format is named or found out."""
    for name in ("auto", sample.format):
        source, rows = read(sample.data, replace(sample.options, format=name))
        balance(source, rows)
        assert (len(rows), dict(source.skipped), source.rejected) == (sample.rows, dict(sample.skipped), ())
        assert {key: rows[0][key] for key in sample.first} == dict(sample.first)


@every_sample
def test_columns_are_text_and_row_numbers_grow(sample: Sample) -> None:
    """Every outside column is text, except in formats with types of their own; `_row` is int64 and never falls."""
    source = open_source(io.BytesIO(sample.data), sample.options)
    batches = list(source.batches())
    schema = batches[0].schema
    assert schema.names == [*source.columns, "_row"]
    assert schema.field("_row").type == pa.int64()
    assert not sample.text_columns or {field.type for field in schema if field.name != "_row"} == {pa.string()}
    numbers = [row["_row"] for batch in batches for row in batch.to_pylist()]
    assert numbers == sorted(numbers)
    assert numbers[0] >= 1


@every_sample
def test_reading_twice_gives_the_same(sample: Sample) -> None:
    """Nothing depends on time, order of hashing or chance."""
    first, rows = read(sample.data, sample.options)
    second, again = read(sample.data, sample.options)
    assert (rows, first.findings, first.skipped) == (again, second.findings, second.skipped)


@every_sample
def test_a_source_is_read_once(sample: Sample) -> None:
    """A second pass would count twice: it is refused."""
    source, _ = read(sample.data, sample.options)
    with pytest.raises(UsageProblem, match="CR-D106"):
        next(source.batches())


@pytest.mark.parametrize("name", [known.name for known in FORMATS])
def test_an_empty_file_is_refused(name: str) -> None:
    """Nothing, and nothing but white space, is an error with a code."""
    with pytest.raises(DataRefused, match=r"CR-D10[24]"):
        read(b"", SourceOptions(format=name))


@pytest.mark.parametrize("name", [known.name for known in FORMATS if known.name != "csv"])
def test_another_kind_of_file_is_refused(name: str) -> None:
    """A file that is not of the named format is refused by our error, never a foreign one."""
    for data in (b"\x00\x01\x02\x03" * 100, b"hello world, this is prose\n" * 5, b"PK\x03\x04" + b"\0" * 40):
        with pytest.raises(DataRefused, match="CR-D1"):
            read(data, SourceOptions(format=name))


@every_sample
def test_truncation_is_never_silent(sample: Sample) -> None:
    """INVARIANT I2: a file cut anywhere is refused, or says so, or yields a prefix of its rows and no wrong one."""
    _, whole = read(sample.data, sample.options)
    for at in range(1, 20):
        cut = sample.data[: len(sample.data) * at // 20]
        try:
            source, rows = read(cut, replace(sample.options, format=sample.format))
        except CleanroomError as error:
            texts = repr(error) + error.message + error.help
            source, rows = None, []
        else:
            texts = repr(source.findings)
        assert CANARY not in texts
        if source is None:
            continue
        balance(source, rows)
        complete = [{key: row.get(key) for key in whole[0]} for row in rows]
        wrong = [row for row in complete if row not in whole]
        # Text formats cannot tell a last line without its end from a shortened one: that row, and only it, is doubtful.
        assert len(wrong) <= (1 if any(f.code == "CR-D126" for f in source.findings) else 0)


@every_sample
def test_limits_hold_while_reading(sample: Sample) -> None:
    """INVARIANT I1: bytes, rows, columns and seconds each refuse the file with CR-D103."""
    ticks = iter(range(10_000_000))
    tight = {
        "bytes": Limits(max_bytes=60, max_document_bytes=60),
        "rows": Limits(max_rows=1),
        "columns": Limits(max_columns=2),
        "seconds": Limits(max_seconds=0.5),
    }
    for what, limits in tight.items():
        options = replace(sample.options, format=sample.format, limits=limits, clock=lambda: float(next(ticks)))
        if what != "seconds":
            options = replace(options, clock=lambda: 0.0)
        with pytest.raises(DataRefused, match=rf"CR-D103.*{what}"):
            read(sample.data, options)


def test_a_long_cell_is_quarantined_not_kept() -> None:
    """A cell beyond the limit costs its row, not the file."""
    data = b"a,b\n1,2\n3," + b"x" * 70_000 + b"\n5,6\n"
    source, rows = read(data, SourceOptions(format="csv"))
    balance(source, rows)
    assert [(r.row, r.code) for r in source.rejected] == [(3, "CR-D116")]


def test_default_mappings_name_contract_columns() -> None:
    """Formats that name their columns themselves map by identity, and their columns exist."""
    from cleanroom.contracts import shipped_contracts

    for sample in SAMPLES:
        mapping = default_mapping(sample.format)
        known = next(f for f in FORMATS if f.name == sample.format)
        if known.dataset:
            contract = shipped_contracts()[known.dataset]  # type: ignore[index]
            source = open_source(io.BytesIO(sample.data), sample.options)
            assert set(mapping.values()) <= set(contract.by_name)
            assert set(mapping) - set(source.columns) == set() or known.name == "ords"


def test_totals_of_the_samples_are_exact() -> None:
    """Units and money, added up as exact decimals."""
    totals = {}
    for sample in SAMPLES:
        _, rows = read(sample.data, sample.options)
        if sample.format in ("x12", "edifact", "poslog"):
            key = (sample.format, len(sample.data))
            totals[key] = (
                sum(Decimal(str(row["quantity"])) for row in rows),
                sum(Decimal(str(row["net_amount"])) for row in rows),
            )
    assert sorted(totals.values()) == [
        (Decimal(0), Decimal("129.99")),
        (Decimal(4), Decimal("159.80")),
        (Decimal(6), Decimal("27.50")),
        (Decimal(9), Decimal("119.85")),
    ]
