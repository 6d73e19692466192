"""A mail through the operator's server: the words in its body, the report attached or linked.

Attacks stopped: a title or address that would begin another header (the message is built from parsed parts, control
characters are out before), mail to a domain the operator did not list, a password sent in clear (TLS before AUTH).
"""

import re
import smtplib
import ssl
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from api.schedules.destination import Destination
from api.schedules.message import Message, as_text
from api.schedules.settings import Deliveries, MailServer
from cleanroom.errors import DataRefused, OutcomeUnknown, Unavailable, UsageProblem
from cleanroom.names import MemberName

_ADDRESS = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_MAX_ADDRESS = 254
_SECONDS = 30.0
_PERMANENT = 500


def allow(address: str, member: MemberName, settings: Deliveries) -> None:
    """Return only for one plain mail address in a listed domain.

    Raises:
        UsageProblem: CR-S020 not an address. DataRefused: CR-S021 its domain is not listed, CR-S022 no mail server.
    """
    if len(address) > _MAX_ADDRESS or not _ADDRESS.fullmatch(address):
        raise UsageProblem("CR-S020", "this is not a mail address", help="one plain address: name@example.com")
    if address.rpartition("@")[2].lower() not in settings.of(member).mail_domains:
        raise DataRefused(
            "CR-S021", "the operator allows your member no mail to this domain", help="docs/schedules.md; ask them"
        )
    if settings.mail is None:
        raise DataRefused("CR-S022", "the operator named no mail server", help="docs/schedules.md; ask them")


def send(message: Message, destination: Destination, member: MemberName, settings: Deliveries, now: datetime) -> None:
    """Hand it to the server. The same delivery again carries the same Message-ID.

    Raises:
        as ``allow``; Unavailable CR-S023 not reached or not taken now; OutcomeUnknown CR-S024 the connection broke
        after the text was sent; DataRefused CR-S025 the server refuses sender, receiver or text.
    """
    allow(destination.address, member, settings)
    server = settings.mail
    if server is None:
        raise AssertionError("allow() refuses without a server")
    content = composed(message, destination.address, server, now)
    try:
        _handed_over(content, server)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as refusal:
        raise _refused(refusal) from None
    except smtplib.SMTPAuthenticationError:
        raise DataRefused(
            "CR-S025", "the mail server refuses the room", help="the operator's user and password"
        ) from None
    except (smtplib.SMTPException, OSError):
        raise Unavailable("CR-S023", "the mail server cannot be reached", help="it is tried again") from None


def composed(message: Message, address: str, server: MailServer, now: datetime) -> EmailMessage:
    """The mail. Its policy refuses a line end in any header, whatever we missed."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = server.sender
    name, _, domain = address.rpartition("@")
    mail["To"] = Address(username=name, domain=domain)
    mail["Subject"] = message.subject()
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{message.delivery_id}@{server.sender.rpartition('@')[2].strip('> ')}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(as_text(message))
    attached = message.attachment
    if attached is not None:
        main, _, sub = attached.media_type.partition(";")[0].partition("/")
        mail.add_attachment(attached.content, maintype=main, subtype=sub, filename=attached.name)
    return mail


def _handed_over(content: EmailMessage, server: MailServer) -> None:
    with _connected(server) as connection:
        if server.security == "starttls":
            connection.starttls(context=ssl.create_default_context())
        if server.user is not None and server.password_file is not None:
            connection.login(server.user, server.password_file.read_text("utf-8").strip())
        try:
            connection.send_message(content)
        except smtplib.SMTPServerDisconnected:
            raise OutcomeUnknown(
                "CR-S024", "the mail server went away; it may have the mail", help="doubles carry one Message-ID"
            ) from None


def _connected(server: MailServer) -> smtplib.SMTP:
    if server.security == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=_SECONDS, context=ssl.create_default_context())
    return smtplib.SMTP(server.host, server.port, timeout=_SECONDS)


def _refused(refusal: smtplib.SMTPException) -> DataRefused | Unavailable:
    """4xx may pass by itself, 5xx does not. The server's text is not repeated: it quotes addresses."""
    codes = (
        [code for code, _ in refusal.recipients.values()] if isinstance(refusal, smtplib.SMTPRecipientsRefused) else []
    )
    if isinstance(refusal, smtplib.SMTPResponseException):
        codes = [refusal.smtp_code]
    if any(code >= _PERMANENT for code in codes):
        return DataRefused("CR-S025", "the mail server refuses the mail", help="check the address; ask the operator")
    return Unavailable("CR-S023", "the mail server does not take the mail now", help="it is tried again")
