"""What the operator allows answers to be sent to: a YAML file beside the room's folder, read anew for every delivery.

::

    public_url: https://room.example            # where links in messages point to
    members:
      solstice:
        folder: /srv/outbox/solstice            # files land here and below
        origins: [https://hooks.solstice.example]  # webhooks go to these and to nothing else
        mail_domains: [solstice.example]        # mail goes to these
    mail: {host: smtp.example, port: 587, security: starttls, sender: room@room.example}

A member that is not named can be sent nothing. Without the file nothing is sent anywhere (fails closed).
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from cleanroom.errors import DataRefused
from cleanroom.names import MemberName

SETTINGS_VARIABLE = "CLEANROOM_DELIVERIES"
_SUFFIX = ".deliveries.yaml"
ORIGIN = re.compile(r"https?://(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")
DOMAIN = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*")
_MAX_BYTES = 1_000_000


class MailServer(BaseModel):
    """The operator's mail server. ``password_file`` holds the password; it is read when a mail is sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    host: str
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: str
    user: str | None = None
    password_file: Path | None = None


class Outlets(BaseModel):
    """Where one member's answers may go."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    folder: Path | None = None
    origins: tuple[str, ...] = ()
    mail_domains: tuple[str, ...] = ()

    @field_validator("origins")
    @classmethod
    def _are_origins(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        if not all(ORIGIN.fullmatch(origin) for origin in given):
            raise ValueError("an origin is a scheme, a host and perhaps a port")
        return given

    @field_validator("mail_domains")
    @classmethod
    def _are_domains(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        if not all(DOMAIN.fullmatch(domain) for domain in given):
            raise ValueError("a domain is lower-case labels and dots")
        return given


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    public_url: str = ""
    members: dict[str, Outlets] = Field(default_factory=dict)
    mail: MailServer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """The operator's word, read. ``public_url`` has no slash at its end and is empty where there is none."""

    public_url: str = ""
    outlets: Mapping[str, Outlets] = field(default_factory=dict)
    mail: MailServer | None = None

    @classmethod
    def read(cls, room_folder: Path) -> Self:
        """The settings of the room in ``room_folder``; those that allow nothing where there is no file.

        Raises:
            DataRefused: CR-S003, the file is not of this form.
        """
        path = settings_path(room_folder)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return cls()
        except OSError:
            raise _unreadable(path) from None
        try:
            document = _Document.model_validate(yaml.safe_load(content[:_MAX_BYTES]) or {})
        except (yaml.YAMLError, ValidationError, UnicodeDecodeError):  # their texts quote the file
            raise _unreadable(path) from None
        return cls(public_url=document.public_url.rstrip("/"), outlets=document.members, mail=document.mail)

    def of(self, member: MemberName) -> Outlets:
        """What is allowed to a member."""
        return self.outlets.get(member, Outlets())


def settings_path(room_folder: Path) -> Path:
    """Where the file lies: beside the room, as its key does, so that nobody who may write the room can change it."""
    named = os.environ.get(SETTINGS_VARIABLE)
    folder = room_folder.absolute()
    return Path(named) if named else folder.with_name(folder.name + _SUFFIX)


def _unreadable(path: Path) -> DataRefused:
    return DataRefused(
        "CR-S003", "the operator's settings for deliveries cannot be read", help="docs/schedules.md", place=path.name
    )
