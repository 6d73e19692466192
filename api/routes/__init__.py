"""The routes of ``/v1``, one file per area: HTTP in, a use case, HTTP out; nothing is decided here."""

from fastapi import APIRouter

from api.routes import (
    contracts,
    data,
    erasures,
    insights,
    ledger,
    log,
    members,
    people,
    policies,
    queries,
    released_tables,
    releases,
    runs,
    schedules,
    sessions,
    uploads,
)

V1: tuple[APIRouter, ...] = (
    members.router,
    people.router,
    sessions.router,
    contracts.router,
    policies.router,
    queries.router,
    uploads.router,
    data.router,
    erasures.router,
    runs.router,
    releases.router,
    released_tables.router,
    insights.router,
    schedules.router,
    ledger.router,
    log.router,
)
