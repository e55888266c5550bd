"""Finding a dataset inside an organisation, and the condition that a row belongs to a version."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_

from assay.model.errors import NotFound
from assay.stores.sql.database import Connection, one
from assay.stores.sql.tables import dataset_log


def dataset_at(connection: Connection, organization_id: int, dataset_id: str, *, lock: bool = False) -> tuple[int, int]:
    """Return the sequence and newest version of a dataset of this organisation; raises NotFound.

    `lock` keeps other writers of the dataset waiting until the transaction ends (SQLite has one writer anyway).
    """
    suffix = " FOR UPDATE" if lock and connection.dialect_name == "postgresql" else ""
    row = one(
        connection,
        "SELECT sequence, version FROM dataset"
        " WHERE id = :id AND organization_id = :organization_id AND deleted_at IS NULL" + suffix,
        {"id": dataset_id, "organization_id": organization_id},
    )
    if row is None:
        raise NotFound
    return row[0], row[1]


# The same as text, for statements over `dataset_log l` with the parameters :dataset and :version.
IN_VERSION = (
    "l.dataset_sequence = :dataset AND l.added_in <= :version AND (l.removed_in IS NULL OR l.removed_in > :version)"
)


def in_version(dataset_sequence: int, version: int) -> ColumnElement[bool]:
    """Return the condition that a revision is part of a version."""
    return and_(
        dataset_log.c.dataset_sequence == dataset_sequence,
        dataset_log.c.added_in <= version,
        or_(dataset_log.c.removed_in.is_(None), dataset_log.c.removed_in > version),
    )
