"""What happens to a number that passed: nothing (suppress) or rounding to a base; the rest has its place, not its code.

``perturb`` and ``differential_privacy`` are refused when a plan is checked for running: a made-up mechanism would be
worse than none.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import assert_never

from cleanroom.engine.raw import RawNumber
from cleanroom.errors import PolicyRefused, Violation
from cleanroom.plan import Mechanism, Obligations
from cleanroom.privacy.outputs import EXACT, divide, shown_number
from cleanroom.shape import Aggregate, Fn


def require_available(obligations: Obligations) -> None:
    """Refuse a mechanism that this version does not have, before any data is read.

    Raises:
        PolicyRefused: CR-R105 for perturb and differential_privacy, CR-R106 for round without a base of at least 1.
    """
    match obligations.mechanism:
        case Mechanism.SUPPRESS:
            return
        case Mechanism.ROUND:
            if obligations.rounding_base is None or obligations.rounding_base < 1:
                raise _refused("CR-R106", "the policy rounds without a base", "state a base of at least 1")
        case Mechanism.PERTURB | Mechanism.DIFFERENTIAL_PRIVACY:
            raise _refused(
                "CR-R105",
                f"the release mechanism `{obligations.mechanism.value}` is not available in this version",
                "use `suppress` or `round` in the data policy",
            )
        case _:
            assert_never(obligations.mechanism)


def shown_value(aggregate: Aggregate, number: RawNumber, obligations: Obligations) -> int | Decimal | None:
    """The number as it leaves: AVG divided exactly, then rounded to the base where the policy says so."""
    value = number.value
    if aggregate.fn is Fn.AVG and value is not None:
        value = shown_number(divide(value, number.rows))
    if value is None or obligations.mechanism is not Mechanism.ROUND or obligations.rounding_base is None:
        return value
    return _to_base(value, obligations.rounding_base)


def _to_base(value: int | Decimal, base: int) -> int | Decimal:
    """The nearest multiple of ``base``, half away from zero."""
    steps = EXACT.divide(Decimal(value), Decimal(base)).to_integral_value(rounding=ROUND_HALF_UP)
    result = EXACT.multiply(steps, Decimal(base))
    return int(result) if isinstance(value, int) else result


def _refused(code: str, message: str, help_text: str) -> PolicyRefused:
    violation = Violation(code=code, rule="mechanism", owner="room", message=message, help=help_text)
    return PolicyRefused((violation,))
