"""What may be asked and what may be released; pure: no data, no keys, no engine, no clock.

The map, one arrow per file::

    yamltext   bytes -> plain values with places           document   plain values -> the public format, by pydantic
    load       bytes -> DataPolicy                          model      the policy as frozen types
    visible    contracts -> the part a question may see     unknown    the one wording for what may not be seen
    case       shape + admitted policies -> Case            walk       shape -> uses: every use of every column
    decide     Case -> Allowed(obligations) | Refused       merge      several policies -> the most restrictive
    rules/     one refusing rule per file                   lint       policies -> findings at save time
    explain    policy -> what a querier could see           diff       two versions -> what loosens and tightens
    packs      shipped policy sets                          importers/ other vendors' rules -> policy text
"""
