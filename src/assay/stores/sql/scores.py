"""Current scores in SQL."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, case, func, select

from assay.filters.expression import Expression
from assay.model.score import Score, ScoreAggregate, ScoreValues
from assay.stores.sql.database import Connection, Database, Row, in_list, list_of
from assay.stores.sql.dataset_log_filter import rows_matching
from assay.stores.sql.dialect import dialect_named
from assay.stores.sql.scope import dataset_at
from assay.stores.sql.tables import dataset_log
from assay.stores.sql.tables import score as table
from assay.stores.sql.times import from_microseconds

_COLUMNS = ", ".join(
    f"s.{name}"
    for name in (
        "id", "log_id", "evaluator_id", "evaluator_slug", "evaluator_name", "evaluator_type", "score_value_type",
        "status", "numerical_value", "boolean_value", "string_value", "categorical_value", "json_value", "is_passed",
        "explanation", "error_message", "cost_usd", "created_at", "environment",
    )
)  # fmt: skip
_OF_LOGS = {
    name: f"SELECT {_COLUMNS}, r.id FROM score s LEFT JOIN eval_report r ON r.sequence = s.report_sequence"
    f" WHERE s.dataset_sequence = :dataset AND {in_list(name, 's.log_id', 'logs')} ORDER BY s.evaluator_slug"
    for name in ("sqlite", "postgresql")
}


def read_values(row: Sequence[object]) -> ScoreValues:
    """Make typed values from the columns numerical, boolean, string, categorical and json."""
    numerical, boolean, string, categorical, json_text = row
    return ScoreValues(
        numerical_value=numerical,  # type: ignore[arg-type]
        boolean_value=None if boolean is None else bool(boolean),
        string_value=string,  # type: ignore[arg-type]
        categorical_value=None if categorical is None else tuple(json.loads(str(categorical))),
        json_value=json_text,  # type: ignore[arg-type]
    )


def _score(dataset_id: str, row: Row) -> Score:
    return Score(
        id=row[0],
        log_id=row[1],
        dataset_id=dataset_id,
        evaluator_id=row[2],
        evaluator_slug=row[3],
        evaluator_name=row[4],
        evaluator_type=row[5],
        score_value_type=row[6],
        status=row[7],
        values=read_values(row[8:13]),
        is_passed=None if row[13] is None else bool(row[13]),
        explanation=row[14],
        error_message=row[15],
        cost_usd=row[16],
        created_at=from_microseconds(row[17]),
        environment=row[18],
        eval_report_id=row[19],
    )


@dataclass(frozen=True, slots=True)
class SqlScores:
    """The current scores on the dataset rows of one organisation."""

    database: Database
    organization_id: int

    async def list_for_logs(self, dataset_id: str, log_ids: Sequence[str]) -> Mapping[str, Sequence[Score]]:
        """Return the current scores of these rows, by row id."""
        if not log_ids:
            return {}

        def work(connection: Connection) -> dict[str, list[Score]]:
            dataset, _ = dataset_at(connection, self.organization_id, dataset_id)
            chosen = {"dataset": dataset, "logs": list_of(connection.dialect_name, log_ids)}
            scores: dict[str, list[Score]] = {}
            for row in connection.rows(_OF_LOGS[connection.dialect_name], chosen):
                scores.setdefault(row[1], []).append(_score(dataset_id, row))
            return scores

        return await self.database.read(work)

    async def aggregate(self, dataset_id: str, version: int | None, expression: Expression) -> Sequence[ScoreAggregate]:
        """Return, for each numerical, percentage or boolean evaluator, its scores over the rows that match."""
        name = self.database.dialect_name

        def work(connection: Connection) -> Sequence[ScoreAggregate]:
            dataset, newest = dataset_at(connection, self.organization_id, dataset_id)
            condition = rows_matching(dataset, newest if version is None else version, expression, name)
            identity = (table.c.evaluator_id, table.c.evaluator_slug, table.c.evaluator_name, table.c.score_value_type)
            wanted = (
                select(
                    *identity,
                    func.avg(table.c.numerical_value),
                    func.sum(case((table.c.boolean_value == 1, 1), else_=0)),
                    func.sum(case((table.c.boolean_value == 0, 1), else_=0)),
                )
                .select_from(dataset_log)
                .join(table, and_(table.c.dataset_sequence == dataset, table.c.log_id == dataset_log.c.id))
                .where(
                    condition,
                    table.c.status == "scored",
                    dialect_named(name).in_texts(table.c.score_value_type, ("numerical", "percentage", "boolean")),
                )
                .group_by(*identity)
                .order_by(table.c.evaluator_slug)
            )
            return [
                ScoreAggregate(
                    evaluator_id=row[0],
                    evaluator_slug=row[1],
                    evaluator_name=row[2],
                    score_value_type=row[3],
                    avg_score=None if row[3] == "boolean" else row[4],
                    true_count=int(row[5]) if row[3] == "boolean" else None,
                    false_count=int(row[6]) if row[3] == "boolean" else None,
                )
                for row in connection.rows(wanted)
            ]

        return await self.database.read(work)
