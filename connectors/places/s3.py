"""``s3://bucket/prefix`` on any S3-compatible store -> its objects, through obstore (extra ``s3``).

Credentials come from ``PlaceOptions.config`` (obstore's names, for example ``endpoint``, ``region``,
``access_key_id``) or, as is usual for S3 clients, from the environment; they are never repeated in an error.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from cleanroom.errors import CleanroomError, NotAuthorised, NotFound, UsageProblem
from connectors.limits import CHUNK_BYTES
from connectors.places.place import (
    IGNORED_ENDINGS,
    RECEIPT_ENDING,
    Located,
    PlaceOptions,
    missing_extra,
    spooled,
    too_large,
    too_many,
    unreachable,
)


def s3(url: str, options: PlaceOptions) -> Iterator[Located]:
    """List the objects under a prefix (or the one object) of a bucket.

    Raises:
        UsageProblem: CR-D220 not an S3 address, CR-D225 obstore is not installed; NotFound: CR-D221;
        NotAuthorised: CR-D222; Unavailable: CR-D223; DataRefused: CR-D228 too many objects.
    """
    parts = urlsplit(url)
    if not parts.netloc or "@" in parts.netloc:
        raise UsageProblem("CR-D220", "an S3 address is s3://bucket/prefix", help="keys belong into the settings")
    try:
        import obstore
        from obstore.store import S3Store
    except ImportError:
        raise missing_extra("S3", "obstore") from None
    prefix = unquote(parts.path).lstrip("/")
    # Encryption is left out only where the settings name an endpoint without it; AWS_ALLOW_HTTP does the same.
    plain_http = str(options.config.get("endpoint", "")).startswith("http://")
    found: list[Located] = []
    with _errors():
        store = S3Store(
            parts.netloc,
            config=dict(options.config),
            client_options={"allow_http": True} if plain_http else {},
            retry_config={"max_retries": 2},
        )
        for page in obstore.list(store, prefix=prefix or None, chunk_size=1000):
            for item in page:
                name = str(item["path"])
                if name.endswith(("/", *IGNORED_ENDINGS)) or name.rpartition("/")[2].startswith("."):
                    continue
                found.append(_located(store, name, item, options))
                if len(found) > options.max_files:
                    raise too_many(options.max_files)
        if not found and prefix and not prefix.endswith("/"):
            # A listing takes a prefix for a folder: a single object has to be asked for by name.
            found.append(_located(store, prefix, obstore.head(store, prefix), options))
    yield from sorted(found, key=lambda located: located.name)


def _located(store: Any, name: str, item: Any, options: PlaceOptions) -> Located:
    import obstore

    size, etag = int(item["size"]), item.get("e_tag")

    def opened() -> BinaryIO:
        if size > options.max_bytes:
            raise too_large(options.max_bytes)
        with _errors():
            # What is read is the object that was listed, or nothing.
            answer = obstore.get(store, name, options={"if_match": etag} if etag else {})
            return spooled((bytes(chunk) for chunk in answer.stream(min_chunk_size=CHUNK_BYTES)), options)

    def left(receipt: bytes) -> None:
        with _errors():
            obstore.put(store, name + RECEIPT_ENDING, receipt)

    # An object appears when it is whole.
    known_by = str(etag or item["last_modified"])
    return Located(name=name, size=size, etag=known_by, open=opened, is_whole=True, leave=left)


@contextmanager
def _errors() -> Iterator[None]:
    """obstore's errors quote addresses, keys and answers of the server: ours say only what to do."""
    try:
        yield
    except CleanroomError:
        raise
    except FileNotFoundError:
        raise NotFound("CR-D221", "there is no such object or bucket", help="check bucket and prefix") from None
    except Exception as error:  # noqa: BLE001 - any foreign error, by its kind only
        kind = type(error).__name__
        if kind in ("PermissionDeniedError", "UnauthenticatedError"):
            raise NotAuthorised("CR-D222", "the store refuses the credentials", help="check key and policy") from None
        if kind in ("InvalidPathError", "UnknownConfigurationKeyError"):
            raise UsageProblem(
                "CR-D220", "a setting of the store is not known", help="see docs/formats-in.md"
            ) from None
        if kind == "NotFoundError":
            raise NotFound("CR-D221", "there is no such object or bucket", help="check bucket and prefix") from None
        if kind == "PreconditionError":
            raise unreachable("the object changed since it was listed: it") from None
        raise unreachable("the object store") from None
