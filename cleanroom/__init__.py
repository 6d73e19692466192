"""The kernel: vocabulary, contracts, identifiers, keys, vault, log, privacy, engine, and the two effectful stories.

Where things are:

* vocabulary      ``names`` (ids as types), ``errors`` (the one tree), ``limits`` (every bound in one table),
                  ``shape`` (a question, closed), ``plan`` (a checked question, pinned), ``released`` (an answer)
* ``contracts``   the record types as ODCS documents, and the frozen types made from them
* ``identifiers`` named, versioned normaliser profiles: what people type -> one canonical spelling
* ``crypto``      keys, sealing, signing, tokens; the only importer of ``cryptography``
* ``client``      what runs on the member's own machine: manifest, package, stored profile
* ``vault``       one encrypted DuckLake per member; ingest into it
* ``quality``     the contract's rules as a gate (the only importer of ``great_expectations``)
* ``engine``      a locked DuckDB session that runs SQL made here from a ``Plan`` and from nothing else
* ``privacy``     thresholds, contributors, the released-cell ledger: raw result -> released result
* ``state``       the room's transactional store and its hash-chained log (the only importer of ``sqlalchemy``)

It imports nothing of ours outside this package.
"""
