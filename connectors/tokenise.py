"""Canonical identifiers of a frame -> the contract's token columns. After this step no clear identifier is kept."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from cleanroom.contracts.model import Column, Contract, Role
from cleanroom.crypto.symmetric import CollaborationKey
from cleanroom.crypto.tokens import TokenKey, scope_prefix, token_key
from cleanroom.errors import DataRefused
from cleanroom.names import ColumnName
from connectors.coded import Coded


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenMaker:
    """One token column: its identifiers that are mapped, in order of preference, each with its key."""

    column: Column
    parts: tuple[tuple[Column, TokenKey], ...]

    def tokens(self, canonical: Mapping[ColumnName, Coded]) -> pl.Series:
        """Tokens in hexadecimal, null where no identifier is present; the first identifier present wins."""
        made: pl.Series | None = None
        for identifier, key in self.parts:
            column = canonical[identifier.name]
            if identifier.within is None and made is None:
                made = column.rows(key.tokens(column.values.alias("identifier")))
                continue
            text = column.rows()
            if made is not None:
                if made.null_count() == 0:
                    break
                text = pl.select(pl.when(made.is_null()).then(text)).to_series()
            if identifier.within is not None:
                text = _scoped(text, canonical.get(identifier.within))
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


def _scoped(text: pl.Series, scope: Coded | None) -> pl.Series:
    """The serial inside its brand; the brand's spelling is evened out (case, white space)."""
    nowhere = pl.select(scope_prefix(pl.lit("", dtype=pl.String))).item()
    before = pl.lit(nowhere) if scope is None else pl.lit(scope.map(_prefix).rows().fill_null(nowhere))
    return pl.select(pl.concat_str([before, pl.lit(text)])).to_series()


def _prefix(scope: pl.Series) -> pl.Series:
    even = scope.str.to_uppercase().str.strip_chars()
    if even.str.contains(r"\s\s|[^\S ]").any():
        even = even.str.replace_all(r"\s+", " ")
    return even.to_frame("scope").select(scope_prefix(pl.col("scope"))).to_series()
