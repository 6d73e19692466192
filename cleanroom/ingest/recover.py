"""After a crash: every open intent gets its end, by looking into the lake. INVARIANT I6.

An intent whose upload is found in a commit's note is committed: its receipt is written from the note. One that is not
found left nothing behind: it stays open for the client (or the room) to push again, which is safe at any time.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from cleanroom.crypto.keys import Random, SigningKey
from cleanroom.ingest.journal import IngestJournal, Intent
from cleanroom.ingest.outcome import receipt_from_commit
from cleanroom.ingest.receipt import sign_receipt
from cleanroom.ingest.sealed import report_from, seal_report
from cleanroom.names import MemberName
from cleanroom.vault.vault import Vault


def recover(
    vaults: Mapping[MemberName, Vault],
    journal: IngestJournal,
    *,
    room_key: SigningKey,
    clock: Callable[[], datetime],
    random: Random,
) -> tuple[Intent, ...]:
    """Publish what was committed, end what is in the lake, and return the intents that are not: to be ingested again.

    Run on start, before any erasure: erasure expires old commits and with them their notes.
    """
    intents = journal.open_intents()
    unfinished = []
    for member, vault in vaults.items():
        # Leaving the session publishes what a crash kept from being published.
        with vault.writer(wait=True) as writer:
            notes = {c.note.upload: c for c in writer.commits() if c.note is not None and c.note.upload is not None}
        for intent in intents:
            if intent.member != member:
                continue
            commit = notes.get(intent.upload)
            if commit is None:
                unfinished.append(intent)
                continue
            receipt = receipt_from_commit(intent, commit, clock())
            sealed = seal_report(report_from(receipt), intent.upload, vault.key, random)
            journal.commit(sign_receipt(receipt, room_key), findings=sealed)
    return tuple(unfinished)
