"""What may leave: raw cells in, a ``ReleasedTable`` out. Pure, but for the ledger behind ``ledger_port``.

``thresholds`` and ``contributors`` decide about one number each; ``mechanisms`` is what happens to those that pass;
``outputs`` computes the answer's columns from released numbers only; ``having`` and ``ordering`` pick and sort rows by
released values only. Nothing here logs, prints or puts into an error any number or key.
"""
