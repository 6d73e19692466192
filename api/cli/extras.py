"""A third-party package that is not installed -> which extra of this one brings it."""

from collections.abc import Mapping

from cleanroom.errors import UsageProblem

_EXTRAS: Mapping[str, str] = {
    "numpy": "insights",
    "scipy": "insights",
    "typst": "insights",
    "vl_convert": "insights",
    "great_expectations": "quality",
    "obstore": "s3",
    "psycopg": "postgres",
    "alembic": "server",
    "argon2": "server",
    "fastapi": "server",
    "fsspec": "server",
    "jinja2": "server",
    "limits": "server",
    "markdown_it": "server",
    "prometheus_client": "server",
    "sqlalchemy": "server",
    "starlette": "server",
    "structlog": "server",
    "uvicorn": "server",
    "xlsxwriter": "server",
}


def missing_extra(missing: ModuleNotFoundError) -> UsageProblem | None:
    """CR-A115 naming the extra to install; None where a module of no extra is missing, which is a defect."""
    extra = _EXTRAS.get((missing.name or "").partition(".")[0])
    if extra is None:
        return None
    return UsageProblem(
        "CR-A115",
        f"this command needs the `{extra}` extra, which is not installed",
        help=f"pip install 'cleanroom[{extra}]'",
    )
