"""A file's headers (and, where there are rows, their conventions) -> a drafted mapping, what is missing, what is asked.

The draft loads as it stands; open questions stand in it as comments and are returned, and nothing ambiguous is filled
in. Only header names and conventions are written, never a cell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import yaml

from cleanroom.contracts import Column, Contract, Role
from cleanroom.names import DatasetName
from connectors.detect import ColumnGuess, Proposal, detect
from connectors.detect_headers import KNOWN_EXPORTS, SYNONYMS, KnownExport, plain
from connectors.formats import SourceOptions, default_mapping

_DERIVABLE = ("sale_id", "return_id")


class Draft(NamedTuple):
    """The mapping's text; contract columns that are required or matter and were not found; questions to its owner."""

    text: str
    missing: tuple[str, ...]
    questions: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class _Plan:
    columns: dict[str, tuple[str, ...]]
    constants: Mapping[str, str]
    skip: tuple[str, ...]
    questions: list[str]
    recognised: str


def draft_mapping(
    file: Path | BinaryIO, dataset: DatasetName, contract: Contract, options: SourceOptions | None = None
) -> Draft:
    """Draft a mapping for ``file`` onto ``contract``.

    Raises:
        DataRefused, UsageProblem, NotFound: as ``detect``.
    """
    proposal = detect(file, options)
    headers = [column.name for column in proposal.columns]
    plan = _plan(headers, dataset, contract, proposal.format)
    guesses = {column.name: column for column in proposal.columns}
    _products_by_their_cells(plan, guesses, contract)
    _key_of_reports(plan, contract)
    missing = _missing(contract, plan)
    about_file = () if proposal.has_header and len(headers) > 1 else proposal.questions[:1]
    questions = (*about_file, *plan.questions, *_column_questions(plan, guesses, contract))
    return Draft(_write(proposal, dataset, contract, plan, guesses, missing, questions), missing, questions)


def _plan(headers: Sequence[str], dataset: str, contract: Contract, format_name: str) -> _Plan:
    known = default_mapping(format_name)
    if known:
        columns: dict[str, tuple[str, ...]] = {
            target: (name,) for name, target in known.items() if name in headers and target in contract.by_name
        }
        return _Plan(columns=columns, constants={}, skip=(), questions=[], recognised=f"format `{format_name}`")
    by_plain = {plain(header): header for header in reversed(headers)}
    export = next((e for e in KNOWN_EXPORTS if all(plain(need) in by_plain for need in e.needs)), None)
    if export is not None and export.dataset == dataset:
        return _from_export(export, by_plain, contract)
    plan = _from_synonyms(headers, dataset, contract)
    if export is not None:
        plan.questions.append(
            f"the headers are those of the {export.name}, which holds {export.dataset}: is it the file?"
        )
    return plan


def _from_export(export: KnownExport, by_plain: Mapping[str, str], contract: Contract) -> _Plan:
    columns: dict[str, tuple[str, ...]] = {}
    for target, wanted in export.columns.items():
        names = (wanted,) if isinstance(wanted, str) else wanted
        found = tuple(by_plain[plain(name)] for name in names if plain(name) in by_plain)
        if len(found) == len(names) and target in contract.by_name:
            columns[target] = found
    # A report without any line number still has one line per store, item and day.
    used = {header for names in columns.values() for header in names}
    rest = _from_synonyms([header for header in by_plain.values() if header not in used], export.dataset, contract)
    for target, names in rest.columns.items():
        if target not in export.constants:
            columns.setdefault(target, names)
    return _Plan(
        columns=columns,
        constants=export.constants,
        skip=export.skip,
        questions=list(export.questions),
        recognised=export.name,
    )


def _from_synonyms(headers: Sequence[str], dataset: str, contract: Contract) -> _Plan:
    words = SYNONYMS.get(dataset, {})
    columns: dict[str, tuple[str, ...]] = {}
    questions: list[str] = []
    taken: set[str] = set()
    for exact in (True, False):
        for column in contract.columns:
            if column.role is Role.TOKEN or column.name in columns:
                continue
            names = [plain(column.name)] if exact else [plain(word) for word in words.get(column.name, "").split()]
            # Synonyms are in order of how surely they mean the column.
            found = [header for name in names for header in headers if plain(header) == name and header not in taken]
            if found:
                columns[column.name] = (found[0],)
                taken.add(found[0])
            if len(found) > 1 and column.required:
                others = ", ".join(f"`{name}`" for name in found[1:])
                questions.append(f"`{column.name}` is taken from `{found[0]}`; {others} would fit too: which is it?")
    _only_date(headers, contract, columns, questions)
    return _Plan(columns=columns, constants={}, skip=(), questions=questions, recognised="")


def _only_date(
    headers: Sequence[str], contract: Contract, columns: dict[str, tuple[str, ...]], questions: list[str]
) -> None:
    """A required date that no synonym found, and one single other header that speaks of a date: proposed and asked."""
    used = {name for names in columns.values() for name in names}
    dates = [
        header for header in headers if header not in used and ("date" in plain(header) or "datum" in plain(header))
    ]
    for column in contract.stored:
        if column.required and column.type == "date" and column.name not in columns and len(dates) == 1:
            columns[column.name] = (dates[0],)
            questions.append(f"`{column.name}` is taken from `{dates[0]}`, the only date there is: is that right?")


def _products_by_their_cells(plan: _Plan, guesses: Mapping[str, ColumnGuess], contract: Contract) -> None:
    """No header says GTIN, but one column's cells, unused or taken for the article number, all are: moved and asked."""
    used = {name for target, names in plan.columns.items() for name in names if target != "sku"}
    found = [name for name, guess in guesses.items() if guess.kind == "gtin" and name not in used]
    if "gtin" in contract.by_name and "gtin" not in plan.columns and len(found) == 1 and guesses[found[0]].filled > 1:
        plan.columns["gtin"] = (found[0],)
        if plan.columns.get("sku") == (found[0],):
            del plan.columns["sku"]
        plan.questions.append(f"`gtin` is taken from `{found[0]}`, whose cells all pass as one: is that right?")


def _key_of_reports(plan: _Plan, contract: Contract) -> None:
    """Sales reports without receipts have one row per store, item and day: that is their key, and it is asked about."""
    columns = plan.columns
    item = next((columns[name] for name in ("sku", "gtin", "model") if name in columns), None)
    if contract.dataset != "sales" or {"sale_id", "transaction_id"} & set(columns) or item is None:
        return
    if "store_id" in columns and "sale_date" in columns:
        columns["sale_id"] = (*columns["store_id"], *item, *columns["sale_date"])
        plan.questions.append("there is no receipt number: is there one row per store, item and day?")


def _missing(contract: Contract, plan: _Plan) -> tuple[str, ...]:
    """Required columns that nothing gives, then groups of which at least one matters (person, unit, product)."""
    have = {*plan.columns, *plan.constants}
    missing: list[str] = [
        column.name
        for column in contract.stored
        if column.required and column.name not in have and not (column.name in _DERIVABLE and "transaction_id" in have)
    ]
    missing.extend(
        " or ".join(column.derived_from)
        for column in contract.columns
        if column.role is Role.TOKEN and column.derived_from and not set(column.derived_from) & have
    )
    products = [name for name in ("gtin", "sku", "model") if name in contract.by_name]
    if products and not set(products) & have:
        missing.append(" or ".join(products))
    if "currency" in contract.by_name and "currency" not in have:
        missing.append("currency")
    return tuple(missing)


def _column_questions(plan: _Plan, guesses: Mapping[str, ColumnGuess], contract: Contract) -> list[str]:
    questions = []
    for target, names in plan.columns.items():
        guess = guesses[names[0]]
        column = contract.by_name[target]  # type: ignore[index]
        if len(names) == 1 and guess.dates is not None and guess.dates.is_ambiguous:
            forms = " or ".join(f"`{form}`" for form in guess.dates.formats)
            questions.append(f"`{target}` from `{names[0]}`: no day above 12 was seen, so is it {forms}?")
        elif column.type in ("date", "timestamp") and guess.kind not in ("date", "empty") and len(names) == 1:
            questions.append(f"`{target}` from `{names[0]}`: in which format are these dates? Set `date_format`")
        if column.allowed and guess.kind == "text":
            allowed = ", ".join(column.allowed)
            questions.append(f"`{target}` takes {allowed}: does `{names[0]}` use these words? If not, add `values:`")
        if column.identifier_kind == "phone":
            questions.append("phones without a country code: of which country are they? Set `region:`")
    return questions


def _write(
    proposal: Proposal,
    dataset: str,
    contract: Contract,
    plan: _Plan,
    guesses: Mapping[str, ColumnGuess],
    missing: Sequence[str],
    questions: Sequence[str],
) -> str:
    lines = [
        f"# Drafted from the headers of the file{f': {plan.recognised}' if plan.recognised else ''}. Check every line."
    ]
    lines += [f"# evidence: {_comment(text)}" for text in proposal.evidence]
    lines += [f"# missing: {_comment(text)}" for text in missing]
    lines += [f"# question: {_comment(text)}" for text in questions]
    lines += [f"contract: {dataset}", f"source: {_flow(_source(proposal))}"]
    lines.append("columns:" if plan.columns else "columns: {}")
    order = {column.name: at for at, column in enumerate(contract.columns)}
    for target in sorted(plan.columns, key=lambda name: order[name]):  # type: ignore[index]
        rule = _rule(contract.by_name[target], plan.columns[target], guesses)  # type: ignore[index]
        lines.append(f"  {target}: {_flow(rule)}")
    if plan.constants:
        lines.append(f"constants: {_flow(dict(plan.constants))}")
    if plan.skip:
        lines.append("skip:")
        lines += [f"  - {_flow_text(text)}" for text in plan.skip]
    mapped = {name for names in plan.columns.values() for name in names}
    left = [name for name in guesses if name not in mapped]
    if left:
        lines.append("# not mapped, so they never leave this machine: " + _comment(", ".join(left)))
    return "\n".join(lines) + "\n"


def _source(proposal: Proposal) -> dict[str, str | int | list[str]]:
    source: dict[str, str | int | list[str]] = {"format": proposal.format}
    if proposal.encoding:
        source["encoding"] = proposal.encoding
    if proposal.delimiter:
        source["delimiter"] = proposal.delimiter
    if proposal.decimal == ",":
        source["decimal"] = ","
    if proposal.thousands:
        source["thousands"] = proposal.thousands
    if not proposal.has_header:
        source["header_row"] = 0
        source["columns"] = [column.name for column in proposal.columns]
    elif proposal.header_row and proposal.header_row != 1:
        source["header_row"] = proposal.header_row
    return source


def _rule(column: Column, names: tuple[str, ...], guesses: Mapping[str, ColumnGuess]) -> dict[str, object]:
    if len(names) > 1:
        joined: dict[str, object] = {"join": list(names)}
        is_moment = column.type in ("date", "timestamp")
        joined["separator"] = " " if is_moment else "-"
        day, clock = guesses[names[0]].dates, guesses[names[-1]].clock
        if is_moment and day is not None and not day.is_ambiguous and clock and not (day.is_iso and "%I" not in clock):
            joined["date_format"] = f"{day.formats[0]} {clock}"
        return joined
    rule: dict[str, object] = {"from": names[0]}
    dates = guesses[names[0]].dates
    if column.type in ("date", "timestamp") and dates is not None and not dates.is_iso and not dates.is_ambiguous:
        rule["date_format"] = dates.formats[0]
    return rule


def _flow(value: object) -> str:
    return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000).strip()


def _flow_text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _comment(text: str) -> str:
    """One line whatever a header holds, so that no header can end the comment and add to the mapping."""
    return " ".join(text.split())
