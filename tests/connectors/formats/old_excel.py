"""A very small writer of .xls files (BIFF8 in a compound file): text and numbers in one sheet, enough to be read."""

import struct

_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def xls_bytes(rows: list[list[str | float]], sheet: str = "Orders") -> bytes:
    """A workbook with ``rows`` from A1 on."""
    return _compound(_workbook(rows, sheet))


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _workbook(rows: list[list[str | float]], sheet: str) -> bytes:
    start = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6))
    name = sheet.encode("latin-1")
    end = _record(0x000A, b"")
    bound_size = 4 + 8 + len(name)
    offset = len(start) + bound_size + len(end)
    bound = _record(0x0085, struct.pack("<IBBBB", offset, 0, 0, len(name), 0) + name)
    body = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))
    body += _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0))
    for at, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            place = struct.pack("<HHH", at, column, 0)
            if isinstance(cell, str):
                text = cell.encode("latin-1")
                body += _record(0x0204, place + struct.pack("<HB", len(text), 0) + text)
            else:
                body += _record(0x0203, place + struct.pack("<d", cell))
    return start + bound + end + body + end


def _compound(stream: bytes) -> bytes:
    stream = stream.ljust(4096, b"\0")
    count = -(-len(stream) // _SECTOR)
    stream = stream.ljust(count * _SECTOR, b"\0")
    chain = [*range(1, count), _END]
    fat = [*chain, _END, _FAT]
    fat += [_FREE] * (128 - len(fat))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    header += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, count, 0, 4096, _END, 0, _END, 0)
    header += struct.pack("<109I", count + 1, *[_FREE] * 108)
    directory = _entry("Root Entry", 5, _END, 0, 1) + _entry("Workbook", 2, 0, len(stream), _FREE)
    directory += (_entry("", 0, 0, 0, _FREE)) * 2
    return header + stream + directory + struct.pack("<128I", *fat)


def _entry(name: str, kind: int, start: int, size: int, child: int) -> bytes:
    text = name.encode("utf-16-le") + (b"\0\0" if name else b"")
    entry = text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, _FREE, _FREE, child)
    return entry + b"\0" * 36 + struct.pack("<IQ", start, size)
