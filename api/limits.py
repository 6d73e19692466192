"""How often: requests per person, attempts to sign in per address and name. In memory, per process."""

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from cleanroom.errors import Unavailable

REQUESTS = "1200/minute"
SIGN_INS = "10/minute"
FAILED_CREDENTIALS = "60/minute"


class RateLimiter:
    """Counts in moving windows. Raises Unavailable CR-A006 (HTTP 429) above a limit."""

    def __init__(self, *, requests: str = REQUESTS, sign_ins: str = SIGN_INS, failed: str = FAILED_CREDENTIALS) -> None:
        self._window = MovingWindowRateLimiter(MemoryStorage())
        self._requests, self._sign_ins, self._failed = parse(requests), parse(sign_ins), parse(failed)

    def request(self, user: str) -> None:
        """One more request of a person."""
        self._hit(self._requests, "request", user)

    def sign_in(self, address: str, user: str) -> None:
        """One more attempt to sign in; counted per address and per name, so that neither alone can be tried at will."""
        self._hit(self._sign_ins, "sign-in-address", address)
        self._hit(self._sign_ins, "sign-in-name", user[:64])

    def failed_credential(self, address: str) -> None:
        """One more request with a credential that does not count."""
        self._hit(self._failed, "failed", address)

    def _hit(self, limit: RateLimitItem, kind: str, key: str) -> None:
        if not self._window.hit(limit, kind, key):
            raise Unavailable("CR-A006", "too many requests", help="wait a minute, then retry")
