"""Schedules: a question asked again and again in its owner's name, its answers sent to where the operator allows.

| file | what it owns |
|---|---|
| cadence | when a schedule comes due: new data, daily, weekly, monthly; pure |
| relative | parameters such as the first day of the month twelve months ago; pure |
| changes | two released answers -> what is different, in words and a table; pure |
| message | what a receiver gets, as text and as JSON; pure |
| report | releases -> the file of a format |
| settings | what the operator allows: folders, hosts, mail domains, the mail server |
| destination | where one schedule's answers go, sealed at rest |
| channels | one file per way of sending |

The stories that use them are ``api/usecases/schedules`` (people), ``occasions`` (the clock) and ``delivery_story``.
Nothing here asks data: every answer passes the same runs as everybody's (``api/usecases/run_story``).
"""
