"""``cleanroom key`` and ``cleanroom login``: a member's own keys, the collaboration key, and the stored profile.

All of it happens on the member's machine. The room only ever sees public keys, and shares of the collaboration key that
are sealed to another member.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import AsJson, Profile, Url
from api.cli.output import answer, note, say
from cleanroom.errors import UsageProblem
from cleanroom.names import MemberName

if TYPE_CHECKING:
    from cleanroom.client.profile import Profile as StoredProfile
    from cleanroom.crypto import MemberKeys

NAME = "key"
commands = typer.Typer(help="Member keys and the collaboration key.", no_args_is_help=True)

Keys = Annotated[
    Path | None, typer.Option("--keys", metavar="FILE", help="Your member keys; the profile's if not given.")
]
Collaboration = Annotated[
    Path | None,
    typer.Option("--collaboration", metavar="FILE", help="The collaboration key; the profile's if not given."),
]


@commands.command("new")
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    collaboration: Annotated[
        bool, typer.Option("--collaboration", help="A collaboration key; one member makes it, for all.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make member keys (or the collaboration key) in a new file that only you can read. Example: cleanroom key new harbor.key"""
    from cleanroom.crypto import CollaborationKey, MemberKeys

    file.parent.mkdir(parents=True, exist_ok=True)
    if collaboration:
        shared = CollaborationKey.generate(os.urandom)
        shared.save(file)
        answer(
            {"key_id": shared.id},
            as_json=as_json,
            text=lambda: say(f"collaboration key {shared.id}; share it with `cleanroom key share --to MEMBER`"),
        )
        return
    keys = MemberKeys.generate(os.urandom)
    keys.save(file)
    public = keys.public.to_text()
    answer({"public_keys": public}, as_json=as_json, text=lambda: say(public))


@commands.command("show")
def show(
    keys: Keys = None, collaboration: Collaboration = None, profile: Profile = None, as_json: AsJson = False
) -> None:
    """Your public keys and fingerprints, to compare with others by phone. Example: cleanroom key show --keys harbor.key"""
    from cleanroom.crypto import CollaborationKey

    own = _member_keys(keys, profile)
    found = {
        "public_keys": own.public.to_text(),
        "signing_key": own.signing.verify_key.id,
        "sealing_key": own.public.seal.id,
    }
    place = collaboration or (None if keys is not None else _stored(profile).collaboration_key)
    if place is not None:
        found["collaboration_key"] = CollaborationKey.load(place).id

    def text() -> None:
        for name, value in found.items():
            say(f"{name.replace('_', ' ')}: {value}")

    answer(found, as_json=as_json, text=text)


@commands.command("share")
def share(
    to: Annotated[
        str | None, typer.Option("--to", metavar="MEMBER", help="Seal the collaboration key to this member.")
    ] = None,
    to_keys: Annotated[
        str | None,
        typer.Option("--to-keys", metavar="TEXT", help="The member's public keys, if you have them from itself."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where to write the share.")] = None,
    room: Annotated[
        str | None, typer.Option("--room-name", metavar="NAME", help="The room's name, when not asking the room.")
    ] = None,
    keys: Keys = None,
    collaboration: Collaboration = None,
    profile: Profile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Without --to: register your public keys in the room. With --to: seal the collaboration key to that member.

    Example: cleanroom key share --to northgate --out northgate.share
    """
    from cleanroom.crypto import CollaborationKey, MemberPublicKeys
    from cleanroom.crypto.sharing import share_key

    own = _member_keys(keys, profile)
    if to is None:
        view = _register(own.public.to_text(), None, profile, url)
        answer(view, as_json=as_json, text=lambda: say(f"the room now knows the keys of {view['name']}"))
        return
    place = collaboration or _stored(profile).collaboration_key
    if place is None or out is None:
        raise UsageProblem(
            "CR-A085",
            "a share needs the collaboration key and --out FILE",
            help="`cleanroom key new --collaboration FILE` makes one",
        )
    public, name = (to_keys, room) if to_keys and room else _ask(to, profile, url)
    recipient = MemberPublicKeys.from_text(public)
    out.write_bytes(share_key(CollaborationKey.load(place), sender=own, recipient=recipient.seal, room=name))
    answer(
        {"share": str(out), "recipient": recipient.seal.id},
        as_json=as_json,
        text=lambda: say(
            f"written to {out.name} for {to}; compare this fingerprint with them by phone: {recipient.seal.id}"
        ),
    )


@commands.command("accept")
def accept(
    share_file: Annotated[Path, typer.Argument(metavar="SHARE")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to keep the collaboration key.")],
    sender: Annotated[
        str | None, typer.Option("--from", metavar="MEMBER", help="Who shared it, as the room knows them.")
    ] = None,
    sender_keys: Annotated[
        str | None,
        typer.Option("--from-keys", metavar="TEXT", help="Their public keys, if you have them from themselves."),
    ] = None,
    room: Annotated[
        str | None, typer.Option("--room-name", metavar="NAME", help="The room's name, when not asking the room.")
    ] = None,
    keys: Keys = None,
    profile: Profile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Open a collaboration key that was sealed to you. Example: cleanroom key accept northgate.share --from solstice --out room.ck"""
    from cleanroom.crypto import MemberPublicKeys
    from cleanroom.crypto.sharing import accept_key

    if sender is None and not (sender_keys and room):
        raise UsageProblem("CR-A086", "name the sender with --from, or give --from-keys and --room-name")
    public, name = (sender_keys, room) if sender_keys and room else _ask(sender or "", profile, url)
    verify = MemberPublicKeys.from_text(public).verify
    key = accept_key(share_file.read_bytes(), recipient=_member_keys(keys, profile), sender=verify, room=name)
    key.save(out)
    if not sender_keys:
        note(f"the room says these are the sender's keys; compare by phone: {verify.id}")
    answer({"key_id": key.id}, as_json=as_json, text=lambda: say(f"collaboration key {key.id} kept in {out.name}"))


@commands.command("rotate")
def rotate(
    new_file: Annotated[Path, typer.Argument(metavar="NEWFILE")],
    keys: Keys = None,
    profile: Profile = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Make new member keys and have the present ones vouch for them in the room. Example: cleanroom key rotate harbor-2.key

    Approvals signed with the old keys stop counting: sign policies and templates again.
    """
    from cleanroom.approvals import KEYS_DOMAIN, keys_statement
    from cleanroom.crypto import MemberKeys

    own, fresh = _member_keys(keys, profile), MemberKeys.generate(os.urandom)
    stored = _stored(profile)
    _, room = _ask(stored.member, profile, url)
    fresh.save(new_file)
    public = fresh.public.to_text()
    statement = keys_statement(room=room, member=stored.member, public_keys=public)
    view = _register(public, own.signing.sign(KEYS_DOMAIN, statement).to_text(), profile, url)
    answer(
        view,
        as_json=as_json,
        text=lambda: say(
            f"the room now knows the new keys of {view['name']}; run `cleanroom login` with {new_file.name}"
        ),
    )


def login(
    url: Annotated[str, typer.Option("--url", metavar="URL", help="The room's address.")],
    member: Annotated[str, typer.Option("--member", metavar="M", help="Your member.")],
    keys: Annotated[Path, typer.Option("--keys", metavar="FILE", help="Your member keys.")],
    collaboration: Annotated[
        Path | None, typer.Option("--collaboration", metavar="FILE", help="The collaboration key.")
    ] = None,
    api_key_file: Annotated[
        str, typer.Option("--api-key-file", metavar="FILE", help="A file with your API key; - reads standard input.")
    ] = "-",
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Store where the room is and who you are there; the API key is read from a file or standard input, never an argument.

    Example: cleanroom login --url http://127.0.0.1:8000 --member harbor --keys harbor.key < api-key.txt
    """
    from api.cli.options import read_text
    from api.cli.remote import profile_path
    from cleanroom.client.profile import Profile as Stored
    from cleanroom.client.profile import save_profile
    from cleanroom.client.remote import RoomClient

    api_key = read_text(api_key_file).decode("utf-8", "replace").strip()
    with RoomClient(url, api_key) as client:
        me = client.get("/me")
    if me.get("member") != member:
        raise UsageProblem("CR-A087", "this API key belongs to another member", help="check --member and the key")
    stored = Stored(
        url=url,
        member=MemberName(member),
        api_key=api_key,
        member_keys=keys.absolute(),
        collaboration_key=None if collaboration is None else collaboration.absolute(),
    )
    save_profile(stored, profile_path(profile))
    answer(
        me, as_json=as_json, text=lambda: say(f"signed in as {me['user']} of {me['member']} ({', '.join(me['roles'])})")
    )


def _stored(profile: Path | None) -> "StoredProfile":
    from api.cli.remote import stored_profile

    return stored_profile(profile)


def _member_keys(keys: Path | None, profile: Path | None) -> "MemberKeys":
    from cleanroom.crypto import MemberKeys

    return MemberKeys.load(keys if keys is not None else _stored(profile).member_keys)


def _register(public: str, signature: str | None, profile: Path | None, url: str | None) -> dict[str, str]:
    from api.cli.remote import room_client

    with room_client(profile, url) as client:
        body = {"public_keys": public} | ({"signature": signature} if signature else {})
        return client.put("/members/self/keys", body)


def _ask(member: str, profile: Path | None, url: str | None) -> tuple[str, str]:
    """A member's public keys and the room's name, as the room tells them."""
    from api.cli.remote import room_client

    with room_client(profile, url) as client:
        view = client.get(f"/members/{member}")
        return str(view["public_keys"]), str(client.get("/room")["name"])
