"""What a receiver gets, before the channel: title, words, changed numbers, the link, the file. Pure.

One content in two spellings: ``as_text`` for people, ``as_document`` for programs.
"""

import base64
from dataclasses import dataclass, field
from datetime import date

from api.schedules.changes import Changes
from cleanroom.names import Digest

DOCUMENT_VERSION = "cleanroom/delivery/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """The report itself. ``name`` is a plain file name made by us."""

    name: str
    media_type: str
    content: bytes = field(repr=False)
    digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One delivery. ``delivery_id`` stays the same however often it is sent, so that a receiver can drop doubles.

    ``link`` is where people who may see it find it in the room, empty where the operator named no address.
    """

    delivery_id: str
    room: str
    schedule: str
    title: str
    occasion: date
    data_date: date | None
    withheld: int
    changes: tuple[Changes, ...] = field(repr=False)
    link: str
    attempt: int
    may_be_double: bool
    attachment: Attachment | None

    def subject(self) -> str:
        """One line, for a mail's head."""
        until = f", data up to {self.data_date.isoformat()}" if self.data_date else ""
        return _one_line(f"{self.title}{until}")


def as_text(message: Message) -> str:
    """For reading."""
    lines = [message.title, "=" * min(len(message.title), 72), ""]
    for part in message.changes:
        if len(message.changes) > 1:
            lines += [part.title, ""]
        lines += ["What changed since the last one:", *(f"* {word}" for word in part.words), ""]
        lines += _table(part)
    if message.withheld:
        lines += [f"Numbers withheld in it: {message.withheld:,}.", ""]
    lines += [f"Open it: {message.link}", ""] if message.link else []
    doubt = " It may have come before: an earlier attempt was not answered." if message.may_be_double else ""
    lines += [
        f"Sent by the room {message.room} for the schedule {message.schedule}. Delivery {message.delivery_id}.{doubt}"
    ]
    return "\n".join(lines) + "\n"


def as_document(message: Message) -> dict[str, object]:
    """For programs."""
    attached = message.attachment
    return {
        "version": DOCUMENT_VERSION,
        "delivery": message.delivery_id,
        "attempt": message.attempt,
        "may_be_double": message.may_be_double,
        "room": message.room,
        "schedule": message.schedule,
        "title": message.title,
        "occasion": message.occasion.isoformat(),
        "data_date": message.data_date.isoformat() if message.data_date else None,
        "withheld": message.withheld,
        "link": message.link or None,
        "changes": [
            {
                "title": part.title,
                "words": list(part.words),
                "moved": part.moved,
                "rows": [
                    {"cell": row.cell, "column": row.column, "before": row.before, "after": row.after}
                    for row in part.rows
                ],
            }
            for part in message.changes
        ],
        "file": None
        if attached is None
        else {
            "name": attached.name,
            "media_type": attached.media_type,
            "digest": attached.digest,
            "base64": base64.b64encode(attached.content).decode(),
        },
    }


def _table(part: Changes) -> list[str]:
    if not part.rows:
        return []
    heads = ("where", "number", "before", "now")
    rows = [(row.cell, row.column, row.before, row.after) for row in part.rows]
    cells = [tuple(_one_line(cell) for cell in row) for row in (heads, *rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(heads))]
    lines = [
        f"    {where:<{widths[0]}}  {number:<{widths[1]}}  {before:>{widths[2]}}  {now:>{widths[3]}}"
        for where, number, before, now in cells
    ]
    more = part.moved - len(part.rows)
    return [*lines, *([f"    and {more:,} more"] if more else []), ""]


def _one_line(text: str) -> str:
    """Without a line end or another control character: a title must not become a second header of a mail."""
    return "".join(char if char.isprintable() else " " for char in text)[:200]
