"""The contract's rules as a gate: what a row, and what a whole file, must be like.

| file | arrow or noun |
|---|---|
| rules | contract -> row rules, in words and as predicates |
| file_checks | a file's profile x the profiles of the last files -> findings about the file as a whole |
| report | tallies -> the page the uploader sees; the trend over the last files |
| identity | counts about a file's identifiers, from its member's machine -> shares, warnings |
| shares | parts of wholes, in thousandths |
| suite, dialect, worker | the same rules as a Great Expectations suite, run in a process of its own |
"""
