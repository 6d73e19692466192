"""The released-cell ledger: exact answers that stay safe against subtraction (INVARIANT I13).

Map: ``review.Ledger`` is the story. ``entry`` what is remembered of a released result, ``store`` where; ``views`` how a
result looks from one protected dataset; ``terms`` and ``grid`` the one query that counts distinct units over everything
in play; ``membership`` which number covers which cell of that grid; ``units``, ``atoms``, ``rollups``, ``reduction``,
``exchanges``, ``company``, ``bounds``, ``linear`` and ``settle`` the pure test. Approach, cost and limits: docs/ledger.md.
"""
