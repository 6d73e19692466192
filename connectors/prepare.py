"""The story of a file on the member's own machine: located files -> a signed package with tokens.

No clear identifier and no unmapped column leaves this function; rejected rows are listed with number and reason in a
local file. ``rows_read == rows.count + rows_rejected + rows_skipped``, always.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from cleanroom.client.manifest import Manifest, SignedManifest, sign_manifest
from cleanroom.contracts.model import Contract, Role
from cleanroom.crypto.member import MemberKeys
from cleanroom.crypto.symmetric import CollaborationKey
from cleanroom.errors import Finding, UsageProblem
from cleanroom.names import ColumnName, MemberName
from connectors.ahead import ahead
from connectors.derive import Repeats, derived_key
from connectors.formats.codes import REJECTIONS
from connectors.limits import DEFAULT_LIMITS, Limits
from connectors.mapping import ColumnRule, DataMapping
from connectors.noticed import MEANINGS, merged
from connectors.package_writer import PackageWriter
from connectors.rows import FileRows, NotPlain, open_rows
from connectors.tokenise import token_makers
from connectors.transform import Progressed, Recipe, Transformed, recipe_for, transform

Progress = Callable[[int, int | None], None]
"""(rows done, rows in all if known)."""

_REASONS = {code: meaning.message for table in (REJECTIONS, MEANINGS) for code, meaning in table.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """``folder`` holds rows.parquet, manifest.json and the local rejects.csv; ``findings`` are sorted."""

    folder: Path
    manifest: Manifest
    findings: tuple[Finding, ...]


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
        progress: called after each batch, with rows done and the total if it is known.

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
    # 2. Read, map, normalise, tokenise, convert; 3. write rows and rejects. Once more, carefully, if a file that
    # looked plain was not: the fast reader's work is thrown away whole.
    try:
        return _package(files, recipe, out, member, keys, collaboration, now, progress, limits, careful=False)
    except NotPlain:
        return _package(files, recipe, out, member, keys, collaboration, now, progress, limits, careful=True)


def _package(
    files: Sequence[Path],
    recipe: Recipe,
    out: Path,
    member: MemberName,
    keys: MemberKeys,
    collaboration: CollaborationKey | None,
    now: datetime,
    progress: Progress | None,
    limits: Limits,
    *,
    careful: bool,
) -> Prepared:
    state = Progressed(repeats=Repeats(drop=recipe.mapping.drop_duplicates))
    with PackageWriter(out, recipe.contract) as writer:
        # 2. Each file in turn, reading one thread ahead of transforming, transforming one ahead of writing.
        opened = [
            open_rows(path, recipe.mapping.source, recipe.mapping.used, careful=careful, limits=limits)
            for path in files
        ]
        totals = [rows.total for rows in opened]
        total = sum(count for count in totals if count is not None) if None not in totals else None
        rejected = 0
        for rows in opened:
            for done in ahead(_transformed(rows, recipe, state)):
                writer.write(done.rows)
                writer.reject(rows.name, done.rejects, _REASONS)
                rejected += done.rejected
                if progress is not None:
                    progress(state.read, total)
            unread = [(item.row, "", item.code) for item in rows.rejected]
            writer.reject(rows.name, pl.DataFrame(unread, schema=["row", "column", "code"], orient="row"), _REASONS)
        unreadable = sum(len(rows.rejected) for rows in opened)
        unrecorded = sum(rows.skipped for rows in opened)
        # 4. Close, digest, sign.
        entry, period = writer.finish_rows()
        manifest = Manifest(
            dataset=recipe.contract.dataset,
            contract_version=recipe.contract.version,
            member=member,
            created=now.astimezone(UTC).isoformat(),
            rows=entry,
            rows_read=state.read + unreadable + unrecorded,
            rows_rejected=rejected + unreadable,
            rows_skipped=state.skipped + unrecorded,
            period=period,
            profiles={name: profile.name for name, profile in sorted(recipe.profiles.items())},
            collaboration_key=collaboration.id if collaboration is not None and recipe.makers else None,
        )
        folder = writer.finish(_signed(manifest, keys))
    return Prepared(folder=folder, manifest=manifest, findings=_findings(opened, recipe, state, manifest))


def _signed(manifest: Manifest, keys: MemberKeys) -> SignedManifest:
    return sign_manifest(manifest, keys.signing)


def _transformed(rows: FileRows, recipe: Recipe, state: Progressed) -> Iterator[Transformed]:
    for frame in ahead(rows.frames()):
        yield transform(frame, recipe, state)


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


def _findings(opened: Sequence[FileRows], recipe: Recipe, state: Progressed, manifest: Manifest) -> tuple[Finding, ...]:
    state.noticed.add_count("CR-D620", state.repeats.kept)
    if recipe.derived is not None:
        state.noticed.add_count("CR-D623", manifest.rows.count, column=recipe.derived)
    mapped = {rule.target.name for rule in recipe.rules}
    for maker in recipe.makers:
        for identifier, _key in maker.parts:
            if identifier.within is not None and identifier.within not in mapped:
                state.noticed.add_count("CR-D624", manifest.rows.count, column=identifier.name)
    return merged([*(rows.findings for rows in opened), state.noticed.findings()], one_file=len(opened) == 1)
