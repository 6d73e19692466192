"""The story of a file on the member's own machine: located files -> a signed package with tokens.

No clear identifier and no unmapped column leaves this function; rejected rows are listed with number and reason in a
local file. ``rows_read == rows.count + rows_rejected + rows_skipped``, always.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from cleanroom.client.manifest import IdentifierEntry, Manifest, sign_manifest
from cleanroom.contracts.model import Contract, Role
from cleanroom.crypto.member import MemberKeys
from cleanroom.crypto.symmetric import CollaborationKey
from cleanroom.errors import Finding, UsageProblem
from cleanroom.names import ColumnName, MemberName
from cleanroom.quality.identity import IdentifierQuality, identity_findings
from connectors.ahead import ahead
from connectors.derive import Repeats, derived_key
from connectors.formats.codes import REJECTIONS
from connectors.limits import DEFAULT_LIMITS, Limits
from connectors.mapping import ColumnRule, DataMapping
from connectors.noticed import MEANINGS, merged
from connectors.package_writer import PackageWriter
from connectors.rows import FileRows, open_rows
from connectors.tokenise import token_makers
from connectors.transform import Progressed, Recipe, Transformed, Valued, read_values, recipe_for, tokenised

Progress = Callable[[int, int | None], None]
"""(rows done, rows in all if known)."""

_REASONS = {code: meaning.message for table in (REJECTIONS, MEANINGS) for code, meaning in table.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """``folder`` holds rows.parquet, manifest.json and the local rejects.csv; ``findings`` are sorted."""

    folder: Path
    manifest: Manifest
    findings: tuple[Finding, ...]
    identifiers: tuple[IdentifierQuality, ...]


def prepare(
    files: Sequence[Path],
    *,
    mapping: DataMapping,
    contract: Contract,
    out: Path,
    member: MemberName,
    keys: MemberKeys,
    collaboration: CollaborationKey | None,
    now: datetime,
    progress: Progress | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Prepared:
    """Make the package ``out`` from ``files``, in their order.

    Args:
        now: the moment written into the manifest; must know its offset.
        collaboration: needed if an identifier is mapped.
        progress: called after each frame with rows done, and at the end with the total.

    Raises:
        UsageProblem: CR-D631 no file, or a mapping of another contract.
        DataRefused: CR-D506 required columns unmapped, CR-D510 columns missing in a file, CR-K007 no collaboration
            key, and everything a reader refuses (CR-D1xx). Nothing is left behind then.
        Conflict: CR-D630 ``out`` exists.
    """
    if not files or mapping.contract != contract.dataset:
        raise UsageProblem("CR-D631", "prepare needs at least one file and a mapping of this contract")
    # 1. Decide what each column is made from (mapping against contract; nothing is read yet).
    recipe = _recipe(mapping, contract, collaboration)
    state = Progressed(repeats=Repeats(drop=recipe.mapping.drop_duplicates))
    readers: list[tuple[Finding, ...]] = []
    # 2. Read, map, normalise, tokenise, convert, write.
    with PackageWriter(out, recipe.contract) as writer:
        # Each file in turn, opened when its turn comes (a folder may hold more files than there are handles).
        for path in files:
            rows = open_rows(path, recipe.mapping.source, recipe.mapping.used, limits=limits)
            # 3. Reading, reading values, making tokens and writing each run a thread ahead of the next.
            for done in ahead(_transformed(rows, recipe, state)):
                writer.write(done.rows)
                writer.reject(rows.name, done.rejects, _REASONS)
                state.rejected += done.rejected
                if progress is not None:
                    progress(state.read, None)
            _account_for_unread(rows, state, writer)
            readers.append(rows.findings)
        if progress is not None:
            progress(state.read, state.read)
        # 4. Close, digest, sign.
        entry, period = writer.finish_rows()
        identifiers = state.identities.quality()
        manifest = Manifest(
            dataset=recipe.contract.dataset,
            contract_version=recipe.contract.version,
            member=member,
            created=now.astimezone(UTC).isoformat(),
            rows=entry,
            rows_read=state.read,
            rows_rejected=state.rejected,
            rows_skipped=state.skipped,
            period=period,
            profiles={name: profile.name for name, profile in sorted(recipe.profiles.items())},
            collaboration_key=collaboration.id if collaboration is not None and recipe.makers else None,
            identifiers=tuple(IdentifierEntry(**asdict(known)) for known in identifiers),
        )
        folder = writer.finish(sign_manifest(manifest, keys.signing))
    _note_whole(recipe, state, entry.count)
    findings = merged([*readers, state.noticed.findings(), identity_findings(identifiers)], one_file=len(files) == 1)
    return Prepared(folder=folder, manifest=manifest, findings=findings, identifiers=identifiers)


def _account_for_unread(rows: FileRows, state: Progressed, writer: PackageWriter) -> None:
    """Rows the reader itself rejected or skipped: they were read, and they are in the same books."""
    unread = [(item.row, "", item.code) for item in rows.rejected]
    writer.reject(rows.name, pl.DataFrame(unread, schema=["row", "column", "code"], orient="row"), _REASONS)
    state.rejected += len(unread)
    state.skipped += rows.skipped
    state.read += len(unread) + rows.skipped


def _transformed(rows: FileRows, recipe: Recipe, state: Progressed) -> Iterator[Transformed]:
    for valued in ahead(_valued(rows, recipe, state)):
        yield tokenised(valued, recipe)


def _valued(rows: FileRows, recipe: Recipe, state: Progressed) -> Iterator[Valued]:
    for frame in ahead(rows.frames()):
        yield read_values(frame, recipe, state)


def _recipe(mapping: DataMapping, contract: Contract, collaboration: CollaborationKey | None) -> Recipe:
    by_name = contract.by_name
    constants = tuple(
        ColumnRule(target=by_name[name], sources=(), default=value, profile=by_name[name].normaliser)
        for name, value in mapping.constants.items()
    )
    mapped = [rule.target.name for rule in (*mapping.columns, *constants)]
    derived = derived_key(contract, mapped)
    identifiers: dict[ColumnName, str] = {
        rule.target.name: rule.profile
        for rule in mapping.columns
        if rule.target.role is Role.IDENTIFIER and rule.profile is not None
    }
    return recipe_for(contract, mapping, constants, token_makers(contract, identifiers, collaboration), derived)


def _note_whole(recipe: Recipe, state: Progressed, packaged: int) -> None:
    """What is true of the package as a whole."""
    state.noticed.add_count("CR-D620", state.repeats.kept)
    if recipe.derived is not None:
        state.noticed.add_count("CR-D623", packaged, column=recipe.derived)
    mapped = {rule.target.name for rule in recipe.rules}
    for maker in recipe.makers:
        for identifier, _key in maker.parts:
            if identifier.within is not None and identifier.within not in mapped:
                state.noticed.add_count("CR-D624", packaged, column=identifier.name)
