"""Threads and customers: request logs that share an identifier, summed up."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, select

from assay.model.errors import Invalid
from assay.model.page import Sort
from assay.model.trace import Customer, Thread
from assay.stores.sql.database import Row
from assay.stores.sql.exact_sum import exact, exact_order, exact_sum
from assay.stores.sql.log_intervals import DAY, floored
from assay.stores.sql.log_scope import environment_of
from assay.stores.sql.order import directed
from assay.stores.sql.tables import request_log as table
from assay.stores.sql.times import from_microseconds

_COST = func.coalesce(func.sum(table.c.cost), literal_column("0.0"))


def threads(condition: ColumnElement[bool]) -> Select[Any]:
    """Return the statement for threads of the logs that meet a condition, the one with the newest log first."""
    last_at = func.max(table.c.timestamp).label("last_at")
    return (
        select(
            *(table.c.thread_identifier, table.c.scope, func.count(), func.min(table.c.timestamp), last_at, _COST),
            *exact_sum(table.c.total_request_tokens),
        )
        .where(condition)
        .group_by(table.c.scope, table.c.thread_identifier)
        .order_by(last_at.desc(), table.c.thread_identifier, table.c.scope)
    )


def customers(condition: ColumnElement[bool], sort: Sort) -> Select[Any]:
    """Return the statement for customers of the logs that meet a condition; raises Invalid for an unknown order."""
    columns: dict[str, ColumnElement[Any]] = {
        "customer_identifier": table.c.customer_identifier,
        "name": func.max(table.c.customer_name),
        "email": func.max(table.c.customer_email),
        "first_seen": func.min(table.c.timestamp),
        "last_seen": func.max(table.c.timestamp),
        "active_days": func.count(floored(DAY).distinct()),
        "number_of_requests": func.count(),
        "total_cost": _COST,
        "average_latency": func.avg(table.c.latency),
        "average_ttft": func.avg(table.c.time_to_first_token),
    }
    tokens = table.c.total_request_tokens
    sorted_by = {"total_tokens": exact_order(tokens), **{name: (column,) for name, column in columns.items()}}
    if sort.field not in sorted_by:
        raise Invalid.field("sort_by", f"Customers cannot be sorted by '{sort.field[:100]}'.")
    return (
        select(*columns.values(), table.c.scope, *exact_sum(tokens))
        .where(condition)
        .group_by(table.c.scope, table.c.customer_identifier)
        .order_by(*directed(sorted_by[sort.field], sort), table.c.customer_identifier, table.c.scope)
    )


def read_thread(row: Row) -> Thread:
    """Make a thread from a row of `threads`."""
    return Thread(
        thread_identifier=row[0],
        environment=environment_of(row[1]),
        log_count=row[2],
        first_at=from_microseconds(row[3]),
        last_at=from_microseconds(row[4]),
        total_cost=float(row[5]),
        total_tokens=exact(row[6], row[7]),
    )


def read_customer(row: Row) -> Customer:
    """Make a customer from a row of `customers`."""
    return Customer(
        customer_identifier=row[0],
        name=row[1],
        email=row[2],
        first_seen=from_microseconds(row[3]),
        last_seen=from_microseconds(row[4]),
        active_days=row[5],
        number_of_requests=row[6],
        total_cost=float(row[7]),
        average_latency=row[8],
        average_ttft=row[9],
        environment=environment_of(row[10]),
        total_tokens=exact(row[11], row[12]),
    )
