"""The damage corpus: each class of damage on its own, made from good files by a seeded generator; 300+ files.

Each file knows how many data rows went in where that can be known (``rows_in``) and which codes must be reported.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from connectors.formats import SourceOptions
from tests.connectors.samples import (
    CANARY,
    CLUB_852,
    ORDS,
    POSLOG_6,
    RESALE_867,
    SAMPLES,
    STORE_852,
    csv_bytes,
    jsonl_bytes,
    slsrpt,
    x12,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Damaged:
    """One file. ``codes`` must all be findings or the refusal; None for ``rows_in`` where the damage hides the number."""

    name: str
    data: bytes
    options: SourceOptions = field(default_factory=SourceOptions)
    codes: frozenset[str] = frozenset()
    rows_in: int | None = None


HEADER = "sale_id,sale_date,store,qty,price,email"


def _rows(count: int) -> list[str]:
    return [f"S{at:04d},2026-02-{at % 28 + 1:02d},0017,1,{at}.50,{CANARY}" for at in range(count)]


def _csv(lines: list[str], end: str = "\n") -> bytes:
    return (end.join([HEADER, *lines]) + end).encode()


def corpus() -> Iterator[Damaged]:
    """All files, always the same."""
    yield from _delimited()
    yield from _encodings()
    yield from _json()
    yield from _edi()
    yield from _xml()
    yield from _cuts_and_flips()


def _delimited() -> Iterator[Damaged]:
    chance = random.Random(4)  # noqa: S311 - damage, not secrets
    csv = SourceOptions(format="csv")
    for at in range(20):
        place, count = chance.randrange(30), 30
        good = _rows(count)

        def put(line: str, *, good: list[str] = good, place: int = place) -> bytes:
            return _csv([*good[:place], line, *good[place:]])

        cases = {
            "repeated-header": (put(HEADER), "CR-D121"),
            "blank": (put(""), "CR-D120"),
            "only-delimiters": (put(",,,,,"), "CR-D120"),
            "short": (put("S9,2026-02-01,0017"), "CR-D110"),
            "shifted": (put(",S9,2026-02-01,0017,1,9.50," + CANARY), "CR-D111"),
            "unquoted-delimiter": (put(f"S9,2026-02-01,0017,1,9,50,{CANARY}"), "CR-D111"),
            "open-quote": (put(f'S9,"2026-02-01,0017,1,9.50,{CANARY}'), "CR-D112"),
            "stray-quote": (put(f'S9,"2026"-02-01,0017,1,9.50,{CANARY}'), "CR-D113"),
            "nul": (put(f"S9,2026-02-01,00\0\0,1,9.50,{CANARY}"), "CR-D114"),
            "total": (put(f"TOTAL,,,{at},100.00,"), "CR-D122"),
            "long-cell": (put("S9,2026-02-01," + "9" * 70_000 + f",1,9.50,{CANARY}"), "CR-D116"),
        }
        for name, (data, code) in cases.items():
            yield Damaged(name=f"{name}-{at}", data=data, options=csv, codes=frozenset((code,)), rows_in=count + 1)
        cut = _csv(good)[: -chance.randrange(len(CANARY) + 3, 40)]
        yield Damaged(name=f"cut-row-{at}", data=cut, options=csv, codes=frozenset(("CR-D117",)), rows_in=count)
    yield Damaged(name="footer", data=_csv([*_rows(5), "End of report"]), codes=frozenset(("CR-D122",)), rows_in=6)
    yield Damaged(name="only-header", data=(HEADER + "\n").encode(), codes=frozenset(("CR-D129",)), rows_in=0)
    yield Damaged(name="only-nul", data=b"\0" * 5000, codes=frozenset(("CR-D102",)))
    yield Damaged(name="twice-named", data=b"a,a,,A\n1,2,3,4\n", codes=frozenset(("CR-D124",)), rows_in=1)
    yield Damaged(name="trailing-delimiter", data=b"a,b\n1,2,\n3,4,\n", codes=frozenset(("CR-D127",)), rows_in=2)
    yield Damaged(name="all-quotes", data=b"a,b\n" + b'"' * 5001 + b"\n1,2\n", codes=frozenset(("CR-D112",)))
    yield Damaged(name="quote-bomb", data=b"a,b\n" + b'"x,1\n' * 3000, codes=frozenset(("CR-D113",)))
    yield Damaged(name="endless-line", data=b"a,b\n" + b"1," * 3_000_000, codes=frozenset(("CR-D103",)))
    yield Damaged(
        name="title-above",
        data=b"Sales report\n\n" + _csv(_rows(9)),
        codes=frozenset(("CR-D123", "CR-D135")),
        rows_in=10,
    )


def _encodings() -> Iterator[Damaged]:
    text = "id,ort,preis\n" + "".join(f"{at},Köln \u2013 Süd €,1,5\n".replace("1,5", "15") for at in range(20))
    for name in ("cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-8"):
        codes = {"CR-D125"} if name in ("cp1252", "utf-16-le", "utf-16-be") else set()
        yield Damaged(name=f"encoding-{name}", data=text.encode(name), codes=frozenset(codes), rows_in=20)
    declared = SourceOptions(format="csv", encoding="utf-8")
    broken = text.encode().replace("ö".encode(), b"\xf6", 3)
    yield Damaged(name="bad-bytes", data=broken, options=declared, codes=frozenset(("CR-D115",)), rows_in=20)
    odd = text.encode("utf-16")[:-1]
    yield Damaged(name="half-a-character", data=odd, rows_in=20)
    yield Damaged(name="latin-1", data=text.replace("\u2013", "-").replace("€", "\x81").encode("latin-1"), rows_in=20)


def _json() -> Iterator[Damaged]:
    json = SourceOptions(format="jsonl")
    good = jsonl_bytes().splitlines(keepends=True)
    cases = {
        "not-json": (b'{"sale_id": S1}\n', "CR-D140"),
        "not-an-object": (b"[1, 2]\n", "CR-D141"),
        "twice": (b'{"a": 1, "a": 2}\n', "CR-D142"),
        "deep": (b'{"a": ' + b"[" * 200 + b"]" * 200 + b"}\n", "CR-D143"),
        "very-deep": (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "CR-D143"),
        "nan": (b'{"sale_id": NaN}\n', ""),
        "nul": (b'{"sale_id": "\0"}\n', "CR-D114"),
        "bytes": (b'{"sale_id": "\xff\xfe"}\n', ""),
    }
    for name, (line, code) in cases.items():
        for at in (1, 9, 20):
            data = b"".join([*good[:at], line, *good[at:]])
            yield Damaged(
                name=f"json-{name}-{at}", data=data, options=json, codes=frozenset({code} - {""}), rows_in=len(good) + 1
            )
    yield Damaged(name="json-cut", data=jsonl_bytes()[:-9], options=json, codes=frozenset(("CR-D117",)), rows_in=20)
    yield Damaged(name="array-cut", data=b'[{"a": 1}, {"a": 2}, {"a": ', options=json, codes=frozenset(("CR-D117",)))
    yield Damaged(
        name="array-broken", data=b'[{"a": 1}, {"a": x}, {"a": 3}]', options=json, codes=frozenset(("CR-D104",))
    )


def _edi() -> Iterator[Damaged]:
    club = x12(CLUB_852).decode()
    changes = {
        "se-count": ("SE*18*", "SE*19*", "CR-D160"),
        "ge-count": ("GE*1*", "GE*2*", "CR-D161"),
        "iea-count": ("IEA*1*", "IEA*3*", "CR-D162"),
        "ctt": ("CTT*2~", "CTT*5~", "CR-D163"),
        "control": ("SE*18*0001", "SE*18*0009", "CR-D164"),
        "no-se": ("SE*18*0001~", "", "CR-D165"),
        "no-iea": ("IEA*1*000000077~", "", "CR-D165"),
        "unknown-activity": ("ZA*QU", "ZA*XX", "CR-D174"),
        "no-store-quantity": ("4713*3~", "4713~", "CR-D175"),
        "not-a-number": ("4711*4~", "4711*4x~", "CR-D172"),
        "no-product": ("LIN*2*UP*012345678905*IN*980012346", "LIN*2", "CR-D171"),
        "no-date": ("XQ*H*20260105*20260111~", "", "CR-D176"),
        "bad-date": ("XQ*H*20260105*20260111~", "XQ*H*20261305*20260231~", "CR-D176"),
        "other-set": ("ST*852*0001", "ST*850*0001", "CR-D152"),
        "no-envelope": (club[: club.index("ST*852")], "", "CR-D151"),
        "zero": ("4711*4~", "4711*0~", "CR-D178"),
        "wrong-sum": ("ZA*QS*6~", "ZA*QS*7~", "CR-D181"),
        "junk-inside": ("~GE*1", "~XX*1~GE*1", "CR-D167"),
    }
    for name, (old, new, code) in changes.items():
        for end in ("~", "\n", "\r\n", "~\r\n"):
            data = club.replace(old, new, 1).replace("~", end).encode()
            yield Damaged(name=f"852-{name}-{len(end)}{end == '~'}", data=data, codes=frozenset((code,)))
    for name, text in (("852", STORE_852), ("867", RESALE_867)):
        unpadded = x12(text).decode().replace("          ", "").replace("       ", "").encode()
        yield Damaged(name=f"{name}-unpadded", data=unpadded)
    edifact = slsrpt().decode()
    marks = {
        "unt": ("UNT+22+", "UNT+23+", "CR-D168"),
        "unz": ("UNZ+1+", "UNZ+2+", "CR-D169"),
        "reference": ("UNZ+1+R1", "UNZ+1+R2", "CR-D164"),
        "no-unt": ("UNT+22+1'", "", "CR-D165"),
        "no-unz": ("UNZ+1+R1'", "", "CR-D165"),
        "no-una": (edifact[:9], "", ""),
        "no-unb": (edifact[: edifact.index("UNH")], "", "CR-D151"),
        "orders": ("SLSRPT:D", "ORDERS:D", "CR-D152"),
        "quantity": ("QTY+153:3", "QTY+153:x", "CR-D172"),
        "no-quantity": ("QTY+153:3'", "", "CR-D170"),
        "no-gtin": ("LIN+1++5412345000105:EN'PIA+1+KX?+200:SA'", "LIN+1'", "CR-D171"),
        "cut": ("UNT+22+1'UNZ+1+R1'", "UNT+2", "CR-D117"),
    }
    for name, (old, new, code) in marks.items():
        data = edifact.replace(old, new, 1).encode()
        yield Damaged(name=f"slsrpt-{name}", data=data, codes=frozenset({code} - {""}))
    yield Damaged(name="tradacoms", data=b"STX=ANAA:1+A+B+200101:1200+1'MHD=1+ORDHDR:9'", codes=frozenset(("CR-D153",)))


def _xml() -> Iterator[Damaged]:
    poslog = SourceOptions(format="poslog")
    laughs = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10 if i else "ha"}">' for i in range(12))
    bodies = {
        "billion-laughs": (f"<!DOCTYPE x [{laughs}]><POSLog>&a11;</POSLog>", "CR-D155"),
        "xxe": ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><POSLog>&e;</POSLog>', "CR-D155"),
        "external-dtd": ('<!DOCTYPE POSLog SYSTEM "other.dtd"><POSLog/>', "CR-D155"),
        "no-transaction": ("<POSLog/>", "CR-D154"),
        "html": ("<html><body>sign in</body></html>", "CR-D154"),
        "deep": ("<POSLog>" + "<a>" * 500 + "</a>" * 500 + "</POSLog>", "CR-D103"),
        "cut": (POSLOG_6[:2500], "CR-D104"),
        "mismatch": (POSLOG_6.replace("</Sale>", "</Sail>", 1), "CR-D104"),
        "no-item": (POSLOG_6.replace("<ItemID>KX-101</ItemID>", ""), "CR-D190"),
        "bad-amount": (POSLOG_6.replace(">50.00<", ">fifty<"), "CR-D191"),
        "no-day": (
            POSLOG_6.replace("<BusinessDayDate>2026-01-10</BusinessDayDate>", "").replace("EndDateTime", "X"),
            "CR-D192",
        ),
        "no-store": (POSLOG_6.replace("<UnitID>0042</UnitID>", ""), "CR-D193"),
    }
    for name, (text, code) in bodies.items():
        yield Damaged(name=f"poslog-{name}", data=text.encode(), options=poslog, codes=frozenset((code,)))
    yield Damaged(
        name="ords-columns", data=ORDS.replace(b"event_date", b"day"), options=SourceOptions(format="ords"),
        codes=frozenset(("CR-D154",)),
    )  # fmt: skip


def _cuts_and_flips() -> Iterator[Damaged]:
    """Every format: cut at random places, bytes changed, pieces doubled; whatever happens, nothing crashes or hangs."""
    chance = random.Random(11)  # noqa: S311 - damage, not secrets
    for number, sample in enumerate(SAMPLES):
        options = SourceOptions(format=sample.format)
        for at in range(6):
            cut = sample.data[: chance.randrange(1, len(sample.data))]
            flipped = bytearray(sample.data)
            for _ in range(8):
                flipped[chance.randrange(len(flipped))] = chance.randrange(256)
            middle = chance.randrange(len(sample.data))
            doubled = sample.data[:middle] + sample.data[middle // 2 :]
            for kind, data in (("cut", cut), ("flip", bytes(flipped)), ("double", doubled)):
                yield Damaged(name=f"{sample.format}-{number}-{kind}-{at}", data=data, options=options)
    yield Damaged(name="big-row-count", data=csv_bytes(3000), rows_in=3000)
