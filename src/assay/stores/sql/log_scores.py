"""Scores on request logs, and on logs that nobody has recorded here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, and_, literal_column

from assay.model.access import ENVIRONMENTS
from assay.model.score import Score
from assay.stores.sql.database import Connection, Row, in_list, list_of
from assay.stores.sql.filter_sql import ScoreSource
from assay.stores.sql.log_scope import scopes_of
from assay.stores.sql.score_lines import IN_ORDER, SELECT, read_score
from assay.stores.sql.tables import log_score, request_log

# A scope is twice the organisation, and one more for `test`.
_ORGANIZATION: ColumnElement[int] = request_log.c.scope.op(">>")(literal_column("1"))
SCORES_OF_LOG = ScoreSource(
    log_score, and_(log_score.c.organization_id == _ORGANIZATION, log_score.c.log_id == request_log.c.id)
)


def list_by_log(connection: Connection, organization_id: int, log_ids: Sequence[str]) -> Mapping[str, Sequence[Score]]:
    """Return the scores of logs by log id."""
    name = connection.dialect_name
    rows = connection.rows(
        f"{SELECT['log_score']} WHERE s.organization_id = :organization AND {in_list(name, 's.log_id', 'logs')}"
        + IN_ORDER,
        {"organization": organization_id, "logs": list_of(name, log_ids)},
    )
    scores: dict[str, list[Score]] = {}
    for row in rows:
        scores.setdefault(row[1], []).append(read_score(row))
    return scores


def has_log(connection: Connection, organization_id: int, log_id: str, *, lock: bool = False) -> bool:
    """Tell whether a request log is there, in any environment; with `lock` it stays until the transaction ends."""
    name = connection.dialect_name
    suffix = " FOR KEY SHARE" if lock and name == "postgresql" else ""
    rows = connection.rows(
        f"SELECT 1 FROM request_log WHERE id = :id AND {in_list(name, 'scope', 'scopes')}{suffix}",
        {"id": log_id, "scopes": list_of(name, scopes_of(organization_id, "prod", ENVIRONMENTS))},
    )
    return bool(rows)


def ids_of(connection: Connection, lines: Sequence[Row]) -> list[Row]:
    """Return (id, organisation) of request logs that are about to go, given by their sequences."""
    name = connection.dialect_name
    return connection.rows(
        f"SELECT id, scope >> 1 FROM request_log WHERE {in_list(name, 'sequence', 'sequences')}",
        {"sequences": list_of(name, [line[0] for line in lines])},
    )


def delete_of(connection: Connection, logs: Sequence[Row]) -> None:
    """Delete the scores of request logs that went, given as (id, organisation)."""
    name = connection.dialect_name
    by_owner: dict[int, list[str]] = {}
    for log_id, organization_id in logs:
        by_owner.setdefault(organization_id, []).append(log_id)
    for organization_id, log_ids in by_owner.items():
        connection.run(
            f"DELETE FROM log_score WHERE organization_id = :organization AND {in_list(name, 'log_id', 'logs')}",
            {"organization": organization_id, "logs": list_of(name, log_ids)},
        )
