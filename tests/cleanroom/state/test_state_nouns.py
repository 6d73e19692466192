"""Each noun's life: what may follow what, and what is refused because somebody was first."""

from datetime import date

import pytest
from state_case import ANN, HARBOR, T0, at

from cleanroom.errors import Conflict
from cleanroom.names import (
    DatasetName,
    Digest,
    MemberName,
    ReleaseId,
    RunId,
    SnapshotId,
    TemplateName,
    UploadId,
    UserName,
)
from cleanroom.state import RunState, State, TextStatus, Tx, UploadState
from cleanroom.state.ledger import LedgerRow
from cleanroom.state.tables import policies

SALES = DatasetName("sales")
UPLOAD, RUN, RELEASE = UploadId("u1"), RunId("r1"), ReleaseId("x1")
DIGEST = Digest("sha256:" + "1" * 64)


def _policy(tx: Tx, version: int) -> None:
    tx.policies.submit(
        member=HARBOR, dataset=SALES, version=version, text="t", digest=Digest(f"d{version}"), expires=date(2027, 1, 1)
    )


def _upload(tx: Tx, size: int = 10) -> None:
    tx.uploads.create(
        UPLOAD, member=HARBOR, user="ann", dataset=SALES, mode="append", period=None, package_digest=DIGEST,
        manifest="{}", size=size, expires_at=at(100),
    )  # fmt: skip


def _run(tx: Tx, run: RunId = RUN, key: str | None = "k1") -> None:
    tx.runs.submit(
        run, user=UserName("ann"), member=HARBOR, idempotency_key=key, request_digest=DIGEST, template_id=None,
        purpose="warranty", request_blob=b"sealed",
    )  # fmt: skip


def test_a_new_policy_version_supersedes_the_active_one(state: State) -> None:
    """In one change: never two active, never none in between."""
    with state.change(ANN, at(1)) as tx:
        _policy(tx, 1)
        _policy(tx, 2)
    for version in (1, 2):
        with state.change(ANN, at(2)) as tx:
            tx.policies.activate(f"harbor/sales/{version}", signature="s", signed_by="ann")
    with state.read() as tx:
        assert [(p.version, p.status) for p in tx.policies.all()] == [
            (1, TextStatus.SUPERSEDED),
            (2, TextStatus.ACTIVE),
        ]
        assert tx.policies.active(HARBOR, SALES).version == 2
        assert [e.kind for e in tx.log.entries(after=5)] == [
            "policy.activated",
            "policy.superseded",
            "policy.activated",
        ]


def test_two_active_versions_cannot_be(state: State) -> None:
    """The database itself refuses a second active version, whatever two writers believed."""
    with state.change(ANN, at(1)) as tx:
        _policy(tx, 1)
        _policy(tx, 2)
        tx.policies.activate("harbor/sales/1", signature="s", signed_by="ann")
    with pytest.raises(Conflict, match="CR-L004"), state.change(ANN, at(2)) as tx:
        tx.put(policies, "policy.activated", {"policy_id": "harbor/sales/2"}, status=TextStatus.ACTIVE)


def test_a_withdrawn_policy_is_not_activated(state: State) -> None:
    """Withdrawal ends a version for good."""
    with state.change(ANN, at(1)) as tx:
        _policy(tx, 1)
        tx.policies.end("harbor/sales/1", TextStatus.WITHDRAWN)
    with pytest.raises(Conflict, match="CR-L002"), state.change(ANN, at(2)) as tx:
        tx.policies.activate("harbor/sales/1", signature="s", signed_by="ann")
    with pytest.raises(Conflict, match="CR-L002"), state.change(ANN, at(2)) as tx:
        tx.policies.end("harbor/sales/1", TextStatus.WITHDRAWN)


def test_approvals_are_given_withdrawn_and_given_again(state: State) -> None:
    """One row per owner, each step in the log."""
    with state.change(ANN, at(1)) as tx:
        tx.templates.submit(
            name=TemplateName("q"), version=1, member=HARBOR, text="t", digest=DIGEST, title="T", datasets=("sales",)
        )
        tx.templates.approve(DIGEST, owner=HARBOR, signature="s1", approved_by="ann")
    with state.change(ANN, at(2)) as tx:
        tx.templates.withdraw(DIGEST, owner=HARBOR)
    with state.read() as tx:
        assert tx.templates.approval(DIGEST, HARBOR).withdrawn_at == at(2)
    with pytest.raises(Conflict, match="CR-L002"), state.change(ANN, at(3)) as tx:
        tx.templates.withdraw(DIGEST, owner=HARBOR)
    with state.change(ANN, at(4)) as tx:
        tx.templates.approve(DIGEST, owner=HARBOR, signature="s2", approved_by="ann")
        tx.templates.set_status("q@1", before=frozenset({TextStatus.SUBMITTED}), after=TextStatus.ACTIVE)
    with state.read() as tx:
        assert [(a.signature, a.withdrawn_at) for a in tx.templates.approvals(DIGEST)] == [("s2", None)]
        assert tx.templates.latest(TemplateName("q")).status is TextStatus.ACTIVE
        assert tx.log.verify()[0] == 8


def test_an_upload_s_offset_moves_only_from_where_it_was(state: State) -> None:
    """Two connections that both believe in offset 0: the second is told."""
    with state.change(ANN, at(1)) as tx:
        _upload(tx)
    with state.change(ANN, at(2)) as tx:
        tx.uploads.advance(UPLOAD, before=0, after=4, expires_at=at(200))
    with pytest.raises(Conflict, match="CR-L002"), state.change(ANN, at(2)) as tx:
        tx.uploads.advance(UPLOAD, before=0, after=6, expires_at=at(200))
    with state.read() as tx:
        assert (tx.uploads.get(UPLOAD).offset, tx.log.head()[0]) == (4, 4)


def test_an_upload_ends_once(state: State) -> None:
    """Received, ingesting (again after a crash), committed; then nothing moves it."""
    with state.change(ANN, at(1)) as tx:
        _upload(tx)
        tx.uploads.received(UPLOAD, package_digest=DIGEST)
        tx.uploads.ingesting(UPLOAD, intent="{}")
        tx.uploads.ingesting(UPLOAD, intent="{}")
        tx.uploads.committed(UPLOAD, receipt="{}")
        tx.snapshots.add(
            member=HARBOR,
            dataset=SALES,
            snapshot=SnapshotId(3),
            upload_id=UPLOAD,
            data_date=None,
            counts={"inserted": 2},
        )
    for move in ("ingesting", "committed", "refused", "expired"):
        extra = {"ingesting": {"intent": "{}"}, "committed": {"receipt": "{}"}, "refused": {"refusal": "CR-V001"}}
        with pytest.raises(Conflict, match="CR-L002"), state.change(ANN, at(2)) as tx:
            getattr(tx.uploads, move)(UPLOAD, **extra.get(move, {}))
    with pytest.raises(Conflict, match="CR-L004"), state.change(ANN, at(2)) as tx:
        tx.snapshots.add(
            member=HARBOR, dataset=SALES, snapshot=SnapshotId(4), upload_id=UPLOAD, data_date=None, counts={}
        )
    with state.read() as tx:
        assert tx.uploads.get(UPLOAD).state is UploadState.COMMITTED
        assert tx.snapshots.latest(HARBOR, SALES).counts == {"inserted": 2}
        assert [u.upload_id for u in tx.uploads.same_package(HARBOR, SALES, DIGEST)] == [UPLOAD]


def test_an_idempotency_key_makes_one_run(state: State) -> None:
    """The same user's second run under the same key is a conflict; without a key there is none."""
    with state.change(ANN, at(1)) as tx:
        _run(tx)
        _run(tx, RunId("r2"), key=None)
        _run(tx, RunId("r3"), key=None)
    with pytest.raises(Conflict, match="CR-L004"), state.change(ANN, at(2)) as tx:
        _run(tx, RunId("r4"))
    with state.read() as tx:
        assert tx.runs.by_key(UserName("ann"), "k1").run_id == RUN
        assert [run.run_id for run in tx.runs.of(HARBOR, after="r3")] == ["r2", "r1"]


def test_a_cancelled_run_never_succeeds(state: State) -> None:
    """Cancel before the release is stored: the release's transaction cannot end the run as a success."""
    with state.change(ANN, at(1)) as tx:
        _run(tx)
        tx.runs.start(RUN)
        tx.runs.planned(RUN, DIGEST)
        assert tx.runs.cancel(RUN) is RunState.CANCELLING
    with pytest.raises(Conflict, match="CR-L002"), state.change(ANN, at(2)) as tx:
        _release(tx)
    with state.change(ANN, at(3)) as tx:
        tx.runs.end(RUN, RunState.CANCELLED, problem="CR-R000")
    with state.read() as tx:
        assert (tx.runs.get(RUN).state, tx.releases.held_by(HARBOR)) == (RunState.CANCELLED, ())


def _release(tx: Tx, release: ReleaseId = RELEASE) -> None:
    tx.releases.add(
        release, run_id=RUN, plan_digest=DIGEST, member=HARBOR, receivers=("harbor", "solstice"), content_digest=DIGEST,
        table_blob=b"sealed", withheld={"units": 2}, data_date=None,
    )  # fmt: skip
    tx.runs.succeed(RUN, release)


def test_a_plan_is_released_to_a_member_once(state: State) -> None:
    """INVARIANT I14: a second answer to the same plan has nowhere to go."""
    with state.change(ANN, at(1)) as tx:
        _run(tx)
        tx.runs.start(RUN)
        _release(tx)
    with pytest.raises(Conflict, match="CR-L004"), state.change(ANN, at(2)) as tx:
        _release(tx, ReleaseId("x2"))
    with state.read() as tx:
        assert tx.releases.by_plan(DIGEST, HARBOR).release_id == RELEASE
        assert [r.release_id for r in tx.releases.held_by(MemberName("solstice"))] == [RELEASE]
        assert tx.releases.held_by(MemberName("sol")) == ()
        assert tx.log.verify()[0] == 7


def test_an_ended_run_never_changes(state: State) -> None:
    """Final states are final."""
    with state.change(ANN, at(1)) as tx:
        _run(tx)
        assert tx.runs.cancel(RUN) is RunState.CANCELLED
    with pytest.raises(Conflict, match="CR-L002"), state.change(ANN, at(2)) as tx:
        tx.runs.start(RUN)
    with pytest.raises(Conflict, match="CR-L002"), state.change(ANN, at(2)) as tx:
        tx.runs.cancel(RUN)


def test_a_job_is_leased_to_one_and_comes_back_when_the_lease_runs_out(state: State) -> None:
    """The first worker is told that it lost the job."""
    kinds = frozenset({"run"})
    with state.change(ANN, T0) as tx:
        tx.jobs.queue("j1", kind="run", subject="r1")
    with state.change(ANN, at(1)) as tx:
        assert tx.jobs.lease(holder="a", kinds=kinds, ttl_seconds=10).job_id == "j1"
        assert tx.jobs.lease(holder="b", kinds=kinds, ttl_seconds=10) is None
    with state.change(ANN, at(12)) as tx:
        again = tx.jobs.lease(holder="b", kinds=kinds, ttl_seconds=10)
        assert (again.job_id, again.attempts) == ("j1", 2)
        assert not tx.jobs.renew("j1", holder="a", ttl_seconds=10)
        assert not tx.jobs.finish("j1", holder="a")
        assert tx.jobs.finish("j1", holder="b")
    with state.change(ANN, at(30)) as tx:
        assert tx.jobs.lease(holder="a", kinds=kinds, ttl_seconds=10) is None
    with pytest.raises(Conflict, match="CR-L004"), state.change(ANN, at(31)) as tx:
        tx.jobs.queue("j2", kind="run", subject="r1")


def test_ledger_entries_come_back_in_order_and_are_counted_by_the_log(state: State) -> None:
    """Per member, appended once each, verified by number."""
    rows = tuple(LedgerRow(entry_id=f"e{n}", datasets=(SALES,), entry_blob=b"sealed") for n in range(3))
    with state.change(ANN, at(1)) as tx:
        tx.ledger.append(HARBOR, rows[:2])
    with state.change(ANN, at(2)) as tx:
        tx.ledger.append(HARBOR, rows[2:])
    with pytest.raises(Conflict, match="CR-L004"), state.change(ANN, at(3)) as tx:
        tx.ledger.append(HARBOR, rows[:1])
    with state.read() as tx:
        assert [entry.entry_id for entry in tx.ledger.of(HARBOR)] == ["e0", "e1", "e2"]
        assert tx.log.verify()[0] == 5
