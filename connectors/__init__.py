"""Outside files -> Arrow: places (where a file lies), formats (how it is written), detection, mapping, preparation.

Runs on the member's own machine; clear values pass through here and must never reach an error, a finding or a log.
"""
