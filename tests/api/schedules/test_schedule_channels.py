"""Folder, webhook and mail against real receivers: what arrives, what is refused, and what a broken answer means."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from outbox import WEEKLY, Outbox
from receivers import Hook, mail_server, webhook

from api.schedules.channels import folder, mail
from api.schedules.channels.webhook import allow, signed_headers
from api.schedules.destination import Destination
from api.schedules.message import Message
from api.schedules.settings import SETTINGS_VARIABLE, Deliveries, MailServer, Outlets
from api.usecases.schedules import get_schedule, list_deliveries
from cleanroom.errors import DataRefused, UsageProblem
from cleanroom.names import MemberName
from cleanroom.state import DeliveryState

SOLSTICE = MemberName("solstice")
NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
MESSAGE = Message(
    delivery_id="0" * 32,
    room="pier",
    schedule="weekly",
    title="Sales\r\nBcc: everybody@evil.example",
    occasion=date(2026, 11, 23),
    data_date=None,
    withheld=0,
    changes=(),
    link="",
    attempt=1,
    may_be_double=False,
    attachment=None,
)


@pytest.fixture
def hook(outbox: Outbox) -> Iterator[Hook]:
    """A receiver that the operator allows solstice."""
    with webhook() as made:
        outbox.allow(origins=[made.url], public_url="https://room.example/")
        yield made


def _hooked(hook: Hook, **change: object):  # type: ignore[no-untyped-def]
    return replace(WEEKLY, channel="webhook", address=f"{hook.url}/in", **change)  # type: ignore[arg-type]


def test_a_webhook_is_signed_and_whole(outbox: Outbox, hook: Hook) -> None:
    """The secret shown once verifies the body; the file in it is the released file."""
    added = outbox.add(_hooked(hook))
    outbox.work(days=3)
    headers, body = hook.heard[0]
    secret = base64.b64decode(added.secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{wanted}"
    document = json.loads(body)
    content = base64.b64decode(document["file"]["base64"])
    assert content == b"region,sold\nnorth,12\n"
    assert document["file"]["digest"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert document["link"].startswith("https://room.example/reports/")
    assert (document["delivery"], document["attempt"]) == (headers["webhook-id"], 1)


def test_the_signature_is_the_standard_s_own_example() -> None:
    """Standard Webhooks: the worked example of its reference implementations."""
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        datetime.fromtimestamp(1614265330, UTC),
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_link_is_sent_without_the_file(outbox: Outbox, hook: Hook) -> None:
    """Where only people who may open the room should read it."""
    outbox.add(_hooked(hook, sends="link"))
    outbox.work(days=3)
    assert (hook.documents[0]["file"], bool(hook.documents[0]["link"])) == (None, True)


def test_a_receiver_that_is_away_is_asked_again(outbox: Outbox, hook: Hook) -> None:
    """Two refusals for now, then taken: three requests, one delivery id, later each time."""
    hook.script = [503, 429]
    outbox.add(_hooked(hook))
    outbox.work(days=3)
    outbox.work(seconds=5)
    assert len(hook.heard) == 1
    outbox.work(seconds=10)
    outbox.work(seconds=15)
    assert len(hook.heard) == 2
    outbox.work(seconds=40)
    found = list_deliveries(outbox.case.room, outbox.case.who("solstice-analyst"), "weekly")[0]
    assert (found.state, found.attempts, found.unknown_attempts) == (DeliveryState.DELIVERED, 3, 0)
    assert len({headers["webhook-id"] for headers, _ in hook.heard}) == 1


def test_retries_end(outbox: Outbox, hook: Hook) -> None:
    """Five attempts, then it failed, and the schedule says so; the next occasion begins anew."""
    hook.script = [500] * 5
    outbox.add(_hooked(hook))
    outbox.work(days=3)
    for _ in range(8):
        outbox.work(hours=1)
    analyst = outbox.case.who("solstice-analyst")
    found = list_deliveries(outbox.case.room, analyst, "weekly")[0]
    assert (found.state, found.attempts, len(hook.heard)) == (DeliveryState.FAILED, 5, 5)
    assert get_schedule(outbox.case.room, analyst, "weekly").problem == "CR-S017"
    outbox.work(days=7)
    assert get_schedule(outbox.case.room, analyst, "weekly").problem is None


def test_a_broken_answer_is_unknown_and_said(outbox: Outbox, hook: Hook) -> None:
    """The receiver hung up after reading: sent again under the same id, marked as a possible double."""
    hook.script = [0]
    outbox.add(_hooked(hook))
    outbox.work(days=3)
    outbox.work(minutes=1)
    found = list_deliveries(outbox.case.room, outbox.case.who("solstice-analyst"), "weekly")[0]
    assert (found.state, found.attempts, found.unknown_attempts) == (DeliveryState.DELIVERED, 2, 1)
    assert [document["may_be_double"] for document in hook.documents] == [False, True]


@pytest.mark.parametrize("status", [302, 308, 410])
def test_a_redirect_or_refusal_ends_it(outbox: Outbox, hook: Hook, status: int) -> None:
    """Nothing is sent on elsewhere, not even on the same host."""
    hook.script = [status]
    outbox.add(_hooked(hook))
    outbox.work(days=3)
    outbox.work(hours=5)
    found = list_deliveries(outbox.case.room, outbox.case.who("solstice-analyst"), "weekly")[0]
    assert (found.state, found.problem, len(hook.heard)) == (DeliveryState.FAILED, "CR-S019", 1)


@pytest.mark.parametrize(
    "address",
    [
        "http://hooks.example.com/x",
        "https://hooks.example.com:8443/x",
        "https://hooks.example.com.evil.example/x",
        "https://evil.example/https://hooks.example.com",
        "https://evil.example#@hooks.example.com",
        "https://169.254.169.254/latest",
        "https://localhost/x",
        "https://[::1]/x",
        "https://hooks.example.com@evil.example/x",
        "https://user:pw@hooks.example.com/x",
        "https://hooks.example.com\\@evil.example/x",
        "https://hooks.example.com\n.evil.example/x",
        "https://h\u043eoks.example.com/x",
        "ftp://hooks.example.com/x",
        "file:///etc/passwd",
        "//hooks.example.com/x",
        "https://hooks.example.com:port/x",
        "",
    ],
)
def test_only_listed_origins_are_reached(address: str) -> None:
    """Another scheme, port, host, or a spelling that a second reader takes for another host: refused."""
    settings = Deliveries(outlets={"solstice": Outlets(origins=("https://hooks.example.com",))})
    with pytest.raises((UsageProblem, DataRefused), match=r"CR-S01[56]"):
        allow(address, SOLSTICE, settings)


def test_a_listed_origin_is_reached_by_its_own_member_only() -> None:
    """INVARIANT I18: what the operator allows one member says nothing for another."""
    settings = Deliveries(outlets={"solstice": Outlets(origins=("https://hooks.example.com",))})
    allow("https://HOOKS.example.com:443/a?b=c", SOLSTICE, settings)
    with pytest.raises(DataRefused, match="CR-S016"):
        allow("https://hooks.example.com/a", MemberName("harbor"), settings)


def test_a_link_in_the_outbox_leads_nowhere(outbox: Outbox, tmp_path: Path) -> None:
    """Somebody with access to the outbox puts a link where the folder should be: nothing is written behind it."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outbox.folder / "reports").symlink_to(outside, target_is_directory=True)
    outbox.add()
    outbox.work(days=3)
    found = list_deliveries(outbox.case.room, outbox.case.who("solstice-analyst"), "weekly")[0]
    assert (found.problem, list(outside.iterdir())) == ("CR-S013", [])


def test_a_link_in_place_of_the_file_is_replaced(tmp_path: Path) -> None:
    """A link named like the file, or like the file being written, is not written through."""
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    outbox = tmp_path / "outbox"
    outbox.mkdir()
    name = f"weekly-2026-11-23-{'0' * 12}.json"
    for link in (name, f".{name}.partial"):
        (outbox / link).symlink_to(victim)
    settings = Deliveries(outlets={"solstice": Outlets(folder=outbox)})
    folder.send(MESSAGE, Destination(channel="folder", address="."), SOLSTICE, settings, NOW)
    assert (victim.read_text(), (outbox / name).is_symlink()) == ("untouched", False)
    assert sorted(path.name for path in outbox.iterdir()) == [name]


@pytest.fixture
def post(outbox: Outbox, tmp_path: Path) -> Iterator[Path]:
    """A mail server that the operator named; the folder of what it took."""
    with mail_server(tmp_path / "mails") as port:
        server = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "Cleanroom <room@pier.example>"}
        outbox.allow(mail_domains=["solstice.example"], mail=server, public_url="https://room.example")
        yield tmp_path / "mails"


def test_a_mail_carries_the_report_and_the_words(outbox: Outbox, post: Path) -> None:
    """Through a real server: subject, receiver, words, an attachment that reads back."""
    outbox.add(replace(WEEKLY, channel="mail", address="ada@solstice.example", format="xlsx"))
    outbox.work(days=3)
    found = message_from_bytes((post / "001.eml").read_bytes(), policy=default)
    assert found["Subject"] == "Sales by region, data up to 2026-10-05"
    assert (found["To"], (post / "001.to").read_text()) == ("ada@solstice.example", "ada@solstice.example")
    body = found.get_body()
    assert body is not None
    assert "* This is the first one." in body.get_content()
    attached = next(iter(found.iter_attachments()))
    assert attached.get_content()[:2] == b"PK"
    delivery = list_deliveries(outbox.case.room, outbox.case.who("solstice-analyst"), "weekly")[0]
    assert found["Message-ID"] == f"<{delivery.delivery_id}@pier.example>"


@pytest.mark.parametrize(("box", "state"), [("nobody", DeliveryState.FAILED), ("later", DeliveryState.READY)])
def test_a_mail_server_s_no_is_for_good_or_for_now(outbox: Outbox, post: Path, box: str, state: DeliveryState) -> None:
    """5xx ends it, 4xx is tried again; the server's own text is nowhere."""
    outbox.add(replace(WEEKLY, channel="mail", address=f"{box}@solstice.example"))
    outbox.work(days=3)
    found = list_deliveries(outbox.case.room, outbox.case.who("solstice-analyst"), "weekly")[0]
    assert found.state is state
    assert "canary" not in repr(found)
    assert list(post.glob("*.eml")) == []


def test_a_title_cannot_begin_another_header() -> None:
    """A line end in a template's title is a space in the subject."""
    server = MailServer(host="x", sender="Cleanroom <room@pier.example>")
    text = mail.composed(MESSAGE, "ada@solstice.example", server, NOW).as_bytes()
    assert text.splitlines()[2] == b"Subject: Sales  Bcc: everybody@evil.example"
    assert not any(line.startswith(b"Bcc") for line in text.split(b"\r\n\r\n")[0].splitlines())


@pytest.mark.parametrize(
    "address",
    [
        "ada@evil.example",
        "ada@solstice.example, eve@evil.example",
        "ada@solstice.example\r\nBcc: eve@evil.example",
        "<eve@evil.example> ada@solstice.example",
        '"ada@evil.example"@solstice.example',
        "ada@solstice.example.evil.example",
        "@solstice.example",
        "ada",
        "a" * 250 + "@solstice.example",
    ],
)
def test_mail_goes_to_one_plain_address_in_a_listed_domain(address: str) -> None:
    """No second receiver, no other domain."""
    settings = Deliveries(outlets={"solstice": Outlets(mail_domains=("solstice.example",))})
    with pytest.raises((UsageProblem, DataRefused), match=r"CR-S02[01]"):
        mail.allow(address, SOLSTICE, settings)


@pytest.mark.parametrize(
    "text",
    [
        "members: [1]",
        "members: {solstice: {origins: ['https://x/y']}}",
        "members: {solstice: {origins: ['ftp://x']}}",
        "members: {solstice: {surprise: 1}}",
        "a: b: c",
        "\x00",
        "mail: {host: x, sender: a@b, security: perhaps}",
    ],
)
def test_settings_that_cannot_be_read_allow_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """CR-S003, and nothing of the file's text; without a file nothing is allowed either."""
    monkeypatch.delenv(SETTINGS_VARIABLE, raising=False)
    assert Deliveries.read(tmp_path / "room") == Deliveries()
    (tmp_path / "room.deliveries.yaml").write_text(text)
    with pytest.raises(DataRefused, match="CR-S003") as caught:
        Deliveries.read(tmp_path / "room")
    assert caught.value.__cause__ is None


def test_a_secret_is_nowhere_readable(outbox: Outbox, hook: Hook) -> None:
    """INVARIANT I4, I15: not in the state, not in a view's repr, not in the log; gone when the schedule is."""
    added = outbox.add(_hooked(hook))
    raw = base64.b64decode(added.secret.removeprefix("whsec_"))
    assert added.secret not in repr(added)
    content = b"".join(path.read_bytes() for path in (outbox.case.folder / "room").glob("state.db*"))
    assert raw not in content
    assert added.secret.encode() not in content
    assert b"127.0.0.1" not in content
