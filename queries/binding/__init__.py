"""``ParsedQuery`` -> ``QueryShape``, one file per concern.

``context`` what binding knows · ``scope`` names to columns · ``literals`` constants to typed literals · ``dimensions``
and ``predicates`` row expressions · ``sources`` FROM and joins · ``per_unit`` common table expressions · ``aggregates``
and ``values`` measures · ``outputs`` SELECT and GROUP BY · ``output_refusals`` and ``rewrites`` what was probably meant · ``released`` HAVING, ORDER BY, LIMIT · ``bind`` the story.
"""
