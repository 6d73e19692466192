"""The engine: a ``Plan`` in, raw cells out, over member lakes that are attached read-only in a locked DuckDB session.

``literals`` and ``expressions`` render row expressions; ``rows`` renders the sources; ``counts`` says which counts
each number needs; ``sql`` puts a query together; ``session`` runs nothing but that; ``execute`` is the arrow from a
plan to ``raw`` cells. SQL text is made here and in the vault only (INVARIANT I7). Raw cells never leave the process:
``cleanroom.privacy`` decides what of them may.
"""
