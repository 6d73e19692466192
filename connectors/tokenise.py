"""Canonical identifiers of a frame -> the contract's token columns. After this step no clear identifier is kept."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from cleanroom.contracts.model import Column, Contract, Role
from cleanroom.crypto.symmetric import CollaborationKey
from cleanroom.crypto.tokens import TokenKey, token_key, within_column
from cleanroom.errors import DataRefused
from cleanroom.names import ColumnName


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenMaker:
    """One token column: its identifiers that are mapped, in order of preference, each with its key."""

    column: Column
    parts: tuple[tuple[Column, TokenKey], ...]

    def tokens(self, canonical: Mapping[ColumnName, pl.Series], scope: Mapping[ColumnName, pl.Series]) -> pl.Series:
        """16-byte tokens, null where no identifier is present; the first identifier present wins."""
        made: pl.Series | None = None
        for identifier, key in self.parts:
            text = canonical[identifier.name]
            if made is not None:
                if made.null_count() == 0:
                    break
                text = pl.select(pl.when(made.is_null()).then(text)).to_series()
            if identifier.within is not None:
                text = _scoped(text, scope.get(identifier.within))
            part = key.tokens(text.alias("identifier"))
            made = part if made is None else pl.select(pl.coalesce(made, part)).to_series()
        if made is None:
            raise AssertionError("a token maker has at least one identifier")
        return made.alias(self.column.name)


def token_makers(
    contract: Contract, profiles: Mapping[ColumnName, str], key: CollaborationKey | None
) -> tuple[TokenMaker, ...]:
    """Makers for the token columns that ``profiles`` (mapped identifier -> profile name) can fill.

    Raises:
        DataRefused: CR-K007 tokens are needed and there is no collaboration key.
    """
    makers = []
    for column in contract.stored:
        names = [name for name in column.derived_from if name in profiles] if column.role is Role.TOKEN else []
        if not names:
            continue
        if key is None:
            raise DataRefused(
                "CR-K007",
                f"`{column.name}` needs the collaboration key",
                help="`cleanroom key new` makes one, `cleanroom key accept` takes one from another member",
            )
        identifiers = [contract.by_name[name] for name in names]
        parts = tuple((item, _key_of(item, profiles[item.name], key)) for item in identifiers)
        makers.append(TokenMaker(column=column, parts=parts))
    return tuple(makers)


def _key_of(identifier: Column, profile: str, key: CollaborationKey) -> TokenKey:
    return token_key(key, kind=identifier.identifier_kind or identifier.name, profile=profile)


def _scoped(text: pl.Series, scope: pl.Series | None) -> pl.Series:
    """The serial inside its brand; the brand's spelling is evened out (case, white space)."""
    frame = text.alias("identifier").to_frame()
    if scope is None:
        return frame.select(within_column(pl.lit("", dtype=pl.String), pl.col("identifier"))).to_series()
    even = scope.str.to_uppercase().str.strip_chars()
    if even.str.contains(r"\s\s|[^\S ]").any():
        even = even.str.replace_all(r"\s+", " ")
    return (
        frame.with_columns(even.alias("brand")).select(within_column(pl.col("brand"), pl.col("identifier"))).to_series()
    )
