"""``cleanroom`` on the command line: one file per noun, thin over the same stories that HTTP and the pages use.

Server-side commands take ``--room DIR`` and hold its key; client commands speak HTTP with the stored profile. Everything
heavy is imported inside the commands, so that ``--help`` and ``normalize`` start at once.
"""
