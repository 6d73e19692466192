"""The contract's rules as a gate: what a row, and what a whole file, must be like.

| file | arrow or noun |
|---|---|
| rules | contract -> row rules, in words and as predicates |
| file_checks | a file's profile x the profiles of the last files -> findings about the file as a whole |
| report | tallies -> the page the uploader sees; the trend over the last files |
| identity | a package -> null and duplicate share per token column |
| suite, dialect, worker | the same rules as a Great Expectations suite, run in a process of its own |
"""
