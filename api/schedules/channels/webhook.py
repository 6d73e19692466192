"""A signed POST to an address whose origin the operator listed for the member (Standard Webhooks 1.0.0 signatures).

Attacks stopped: reaching the operator's own network (only listed origins; names, not what they resolve to, are what
the operator vouches for), being sent on elsewhere (redirects are failures), a proxy of the process's environment, a
forged or replayed message (HMAC-SHA256 over id, time and body), an answer that never ends (it is not read).
"""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx2

from api.schedules.destination import Destination
from api.schedules.message import Message, as_document
from api.schedules.settings import Deliveries
from cleanroom.errors import DataRefused, OutcomeUnknown, Unavailable, UsageProblem
from cleanroom.names import MemberName

_SECONDS = httpx2.Timeout(30.0, connect=10.0)
_MAX_ADDRESS = 1_000
_DEFAULT_PORTS = {"https": 443, "http": 80}


def allow(address: str, member: MemberName, settings: Deliveries) -> None:
    """Return only for an address of a listed origin.

    Raises:
        UsageProblem: CR-S015 not such an address. DataRefused: CR-S016 its origin is not listed.
    """
    wanted = _origin(address)
    if wanted not in {_origin(origin) for origin in settings.of(member).origins}:
        raise DataRefused(
            "CR-S016", "the operator allows your member no webhooks to this host", help="docs/schedules.md; ask them"
        )


def send(message: Message, destination: Destination, member: MemberName, settings: Deliveries, now: datetime) -> None:
    """POST it.

    Raises:
        as ``allow``; Unavailable CR-S017 not reached or not taken now; OutcomeUnknown CR-S018 reached, no answer;
        DataRefused CR-S019 the receiver says it never will, or sends elsewhere.
    """
    allow(destination.address, member, settings)
    body = json.dumps(as_document(message), ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "cleanroom"}
    headers |= signed_headers(message.delivery_id, body, destination.secret, now)
    try:
        with (
            httpx2.Client(timeout=_SECONDS, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", destination.address, content=body, headers=headers) as answer,
        ):
            status = answer.status_code
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.InvalidURL, httpx2.UnsupportedProtocol):
        raise Unavailable("CR-S017", "the webhook's host cannot be reached", help="it is tried again") from None
    except httpx2.HTTPError:
        raise OutcomeUnknown(
            "CR-S018", "the webhook did not answer; it may have the message", help="it drops doubles by the delivery id"
        ) from None
    _judge(status)


def signed_headers(delivery: str, body: bytes, secret: bytes, now: datetime) -> dict[str, str]:
    """The headers by which a receiver knows that the room sent this body, and when."""
    stamp = str(int(now.timestamp()))
    signature = hmac.digest(secret, f"{delivery}.{stamp}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": delivery,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


def _judge(status: int) -> None:
    if HTTPStatus(200) <= status < HTTPStatus(300):
        return
    if status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS) or status >= 500:
        raise Unavailable("CR-S017", "the webhook does not take the message now", help="it is tried again")
    raise DataRefused("CR-S019", "the webhook refuses the message", help="ask whoever runs it; redirects do not count")


def _origin(address: str) -> tuple[str, str, int]:
    """Scheme, host and port; whatever could be read in two ways is refused."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise _not_an_address() from None
    host = parts.hostname or ""
    odd = "@" in parts.netloc or "\\" in address or not address.isascii() or not address.isprintable()
    if odd or " " in address or parts.scheme not in _DEFAULT_PORTS or not host or len(address) > _MAX_ADDRESS:
        raise _not_an_address()
    return parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme]


def _not_an_address() -> UsageProblem:
    return UsageProblem("CR-S015", "this is not a webhook's address", help="for example https://hooks.example.com/x")
