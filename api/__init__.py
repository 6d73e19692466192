"""The door: HTTP, pages and command line, and the wiring that hands the kernel its keys, clock and store.

| file | what it is |
|---|---|
| room, recovery, surroundings | the room on disk, opened; healing a crash; time, randomness, ids |
| principal, credentials | who asks, and the secrets they prove it with |
| usecases/ | what people do with a room, one file per area; the only way in for every surface |
| worker | threads that take jobs from the room's queue |
| uploads, ingest_journal, ledger_store | bytes on their way; what the stories ask of the state |
| app, routes/, auth, limits, problems, telemetry | HTTP ``/v1`` |
"""
