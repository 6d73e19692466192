"""From a question's text to a ``QueryShape``: the compiler's front half, and the only home of sqlglot.

The map, in the order text passes through it::

    bounds      text -> bounded text          bytes, tokens, depth, lists; nothing recurses to death
    parse       bounded text -> ParsedQuery   sqlglot's tree, held to the table in ``grammar``
    binding/    ParsedQuery -> QueryShape     every name one contract column, every literal one type
    canonical   QueryShape -> QueryShape      one value per question, whatever its spelling
    verify      QueryShape                    the result held to the vocabulary once more
    render      QueryShape -> text            our dialect; ``bind(parse(render(x))) == x``
    template    front matter + SQL -> QueryTemplate
    check       the story: compile and decide, without touching data

sqlglot reads; it is not trusted to refuse. What stands between a text and the engine is that ``QueryShape`` cannot
express anything outside the grammar (INVARIANT I7).
"""
