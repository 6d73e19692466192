"""How well a dataset's rows can be matched: null and duplicate share per token column, exactly.

For the member that owns the rows. Shares are in thousandths, so that nothing here is a float. Whether identifiers are
malformed or guessable is seen on the member's machine, before they are tokens; the match rate between members is a
protected query like any other.
"""

from dataclasses import dataclass

from cleanroom.contracts import Contract
from cleanroom.names import ColumnName
from cleanroom.vault.history import ALIAS, datasets, reader
from cleanroom.vault.tables import quoted, token_columns
from cleanroom.vault.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenQuality:
    """One token column. ``repeated`` are rows whose token stands in an earlier row too; ``distinct`` tokens."""

    column: ColumnName
    rows: int
    nulls: int
    distinct: int

    @property
    def repeated(self) -> int:
        """Rows beyond the first of each token."""
        return self.rows - self.nulls - self.distinct

    @property
    def null_share(self) -> int:
        """Thousandths of all rows without a token."""
        return 1000 * self.nulls // self.rows if self.rows else 0

    @property
    def repeated_share(self) -> int:
        """Thousandths of the rows with a token that repeat one."""
        return 1000 * self.repeated // (self.rows - self.nulls) if self.rows > self.nulls else 0


def identity_quality(vault: Vault, contract: Contract) -> tuple[TokenQuality, ...]:
    """Per token column of the dataset as it is now; empty where the vault has no such dataset."""
    tokens = token_columns(contract)
    if not tokens or contract.dataset not in datasets(vault):
        return ()
    each = ", ".join(f"count({quoted(c.name)}), count(DISTINCT {quoted(c.name)})" for c in tokens)
    with reader(vault) as connection:
        row = connection.execute(f"SELECT count(*), {each} FROM {ALIAS}.{quoted(contract.dataset)}").fetchone()
    rows, *pairs = (int(value) for value in row or ())
    return tuple(
        TokenQuality(column=column.name, rows=rows, nulls=rows - present, distinct=distinct)
        for column, present, distinct in zip(tokens, pairs[::2], pairs[1::2], strict=True)
    )
