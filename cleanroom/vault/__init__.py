"""One encrypted DuckLake per member: files on disk that say nothing without the member's data key.

| file | arrow or noun |
|---|---|
| lake | a member's folder -> an attached lake; ``PublishedLake`` is what readers get |
| lock, session, publish | one writer; its bounded DuckDB session; the immutable copy it leaves |
| vault | the door: ``Vault``, ``LakeWriter`` |
| tables | contract -> physical table |
| rows | arrow batches -> physical batches (buckets, masks, row numbers) |
| commit | what a commit says about itself |
| apply, period | staged rows x mode -> one atomic commit |
| history | snapshots, changes, time travel |
| compact, erase, erased | small files, old snapshots, erased people, retention |
"""

from cleanroom.vault.commit import Commit, CommitNote, RowCounts
from cleanroom.vault.engines import SessionLimits
from cleanroom.vault.lake import LakePlace, PublishedLake, attach_lake, load_lake_extensions
from cleanroom.vault.vault import LakeWriter, Vault

__all__ = [
    "Commit",
    "CommitNote",
    "LakePlace",
    "LakeWriter",
    "PublishedLake",
    "RowCounts",
    "SessionLimits",
    "Vault",
    "attach_lake",
    "load_lake_extensions",
]
