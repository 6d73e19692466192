"""What a browser's form sent: field names and texts, bounded; files only where a page says so."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from cleanroom.errors import UsageProblem

_MAX_FIELDS = 150
_MAX_CHARS = 260_000
PARAMETER_PREFIX = "p-"


async def _form(request: Request) -> Mapping[str, str]:
    content = await request.form(max_files=0, max_fields=_MAX_FIELDS)
    texts: dict[str, str] = {}
    for name, value in content.multi_items():
        if isinstance(value, UploadFile) or name in texts or len(value) > _MAX_CHARS:
            raise UsageProblem("CR-A009", "the request is malformed")
        texts[name] = value.replace("\r\n", "\n")
    return texts


Form = Annotated[Mapping[str, str], Depends(_form)]
"""A route's parameter: the form's fields, each given once."""


def parameters_in(form: Mapping[str, str]) -> dict[str, str]:
    """The values of a query's parameters; an empty field was not given."""
    given = {
        name.removeprefix(PARAMETER_PREFIX): value.strip()
        for name, value in form.items()
        if name.startswith(PARAMETER_PREFIX)
    }
    return {name: value for name, value in given.items() if value}
