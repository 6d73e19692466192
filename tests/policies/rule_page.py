"""A rule's page as a test: its SQL is checked in the small room of ``docs/rules/room``, in the order of the text.

Blocks: ``sql passes``, ``sql refused`` (each with ``template`` added for an approved template), ``text`` behind a refused
one holds exactly what is answered, and ``yaml MEMBER DATASET`` changes that policy's top-level keys from there on (a
member that has no such policy yet gets harbor's).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from cleanroom.contracts import shipped_contracts
from cleanroom.errors import Violation
from cleanroom.names import MemberName
from policies.decision import Question
from policies.load import load_policy
from policies.model import DataPolicy, Mode
from queries.check import CheckResult, check

PAGES = Path(__file__).resolve().parents[2] / "docs" / "rules"
TODAY = date(2026, 11, 21)
_BLOCK = re.compile(r"^```(?P<info>(?:sql|yaml|text)[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One SQL block of a page: the room it is asked in, and what the page says comes back (empty: allowed)."""

    sql: str
    mode: Mode
    policies: tuple[DataPolicy, ...]
    answer: str

    def checked(self, sql: str | None = None) -> CheckResult:
        """The decision about this block's SQL, or about ``sql`` in its place."""
        question = Question(querier=MemberName("solstice"), purpose="warranty", mode=self.mode, today=TODAY)
        return check(sql or self.sql, contracts=shipped_contracts(), policies=self.policies, question=question)


def examples(page: Path) -> Iterator[Example]:
    """The SQL blocks of ``page`` in order."""
    room = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((PAGES / "room").glob("*.yaml"))}
    blocks = [(found["info"].split(), found["body"]) for found in _BLOCK.finditer(page.read_text())]
    for at, (info, body) in enumerate(blocks):
        if info[0] == "yaml":
            member, dataset = info[1], info[2]
            held = room.get(f"{member}-{dataset}", {**room["harbor-sales"], "member": member})
            room[f"{member}-{dataset}"] = {**held, **yaml.safe_load(body)}
        if info[0] == "sql":
            follows = blocks[at + 1] if at + 1 < len(blocks) else ([""], "")
            yield Example(
                sql=body.strip(),
                mode=Mode.TEMPLATES if "template" in info else Mode.AD_HOC,
                policies=tuple(load_policy(yaml.safe_dump(text).encode(), place=name) for name, text in room.items()),
                answer=follows[1].strip() if "refused" in info and follows[0] == ["text"] else "",
            )


def answered(violations: tuple[Violation, ...]) -> str:
    """The refusal as pages show it."""
    lines = []
    for violation in violations:
        lines.append(f"{violation.code} {violation.rule} ({violation.owner}): {violation.message}")
        lines.append(f"  help: {violation.help}")
        if violation.rewrite is not None:
            lines.append(f"  rewrite: {violation.rewrite}")
    return "\n".join(lines)


def rewritten(sql: str, violations: tuple[Violation, ...]) -> str:
    """``sql`` with every offered rewrite put in its place, last place first."""
    offered = {
        (v.span.start, v.span.end): v.rewrite for v in violations if v.span is not None and v.rewrite is not None
    }
    for (start, end), text in sorted(offered.items(), reverse=True):
        sql = sql[:start] + text + sql[end:]
    return sql
