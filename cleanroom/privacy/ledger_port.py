"""What the release story asks of the released-cell ledger, and nothing more.

Comes in: the plan, the keys of the cells that are about to leave and which of their numbers passed the thresholds.
Goes out: which of those may leave, given everything the receiving members already hold. The ledger may run its own
generated queries (grids over the same pinned rows) in the session it is handed; it never sees released or raw numbers.
"""

from collections.abc import Sequence
from typing import Protocol

from cleanroom.engine.session import Session
from cleanroom.plan import Plan
from cleanroom.privacy.about_own import AboutOwn
from cleanroom.released import CellKey


class LedgerPort(Protocol):
    """Decides what would, with what left before, isolate a group; and records what leaves."""

    def ask(self, plan: Plan, *, session: Session) -> Sequence[AboutOwn]:
        """What may be told of the receivers' own rows, whatever the answer is; asked counts as held from here on.

        Raises:
            CleanroomError: when the ledger cannot decide; nothing is released then.
        """
        ...

    def review(
        self,
        plan: Plan,
        *,
        cells: Sequence[CellKey],
        passed: Sequence[Sequence[bool]],
        session: Session,
    ) -> Sequence[Sequence[bool]]:
        """Which numbers may leave: per cell (parallel to ``cells``) per aggregate of ``plan.shape``.

        ``passed`` has the same form and says which numbers passed the thresholds; an answer is never True where
        ``passed`` is False (the story enforces it again). What is answered True is recorded as released before this
        returns (INVARIANT I16), for every receiver of the plan.

        Args:
            plan: what is asked, of which snapshots, for which receivers.
            cells: the keys of all cells whose first source passed; cells that failed are not told.
            passed: per cell per aggregate, whether the thresholds were met.
            session: a locked session on the plan's catalogues, to run ``EngineSql`` made by ``cleanroom.engine``.

        Raises:
            CleanroomError: when the ledger cannot decide; nothing is released then.
        """
        ...


class NoLedger:
    """Releases everything that passed. For tests that show what the ledger is there to stop; never wired in a room."""

    def ask(self, plan: Plan, *, session: Session) -> Sequence[AboutOwn]:  # noqa: ARG002 - the port's form
        """Everything."""
        return ()

    def review(
        self,
        plan: Plan,  # noqa: ARG002 - the port's form
        *,
        cells: Sequence[CellKey],  # noqa: ARG002 - the port's form
        passed: Sequence[Sequence[bool]],
        session: Session,  # noqa: ARG002 - the port's form
    ) -> Sequence[Sequence[bool]]:
        """``passed``, unchanged."""
        return passed
