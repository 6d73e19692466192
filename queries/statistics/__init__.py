"""Warranty and service statistics: pure arithmetic on released numbers, each with its source.

* ``counts``       a released number that may be withheld: an exact count, or bounds on it
* ``intervals``    binomial and Poisson confidence limits
* ``nevada``       sales by month x claims by month -> failures and suspensions by age
* ``life``         Weibull fits to grouped, right- and interval-censored ages
* ``forecast``     claims to expect in the coming periods, with Poisson limits
* ``survival``     Kaplan-Meier, hazard by age, mean cumulative number of claims
* ``standardise``  directly standardised rates and their ratio
* ``matched_groups``  two groups compared stratum by stratum: differences and ratios with limits
* ``sequential``   observed against expected, tested again and again at a stated false-alarm rate

Nothing here reads a row of anybody's data, a clock, or randomness. Floats are fine: these are estimates, not money.
"""
