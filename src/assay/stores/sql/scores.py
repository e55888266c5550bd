"""Scores in SQL: on dataset rows, and those of `log_scores`, as one store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Table, and_, case, func, literal_column, or_, select

from assay.filters.expression import Expression
from assay.model.errors import NotFound
from assay.model.page import PageRequest, Sort
from assay.model.request_log import Count
from assay.model.score import Score, ScoreAggregate, ScoreValues
from assay.ports.scores import OnConflict, RecordedScore, ScorePage
from assay.stores.sql import log_scores, score_lines
from assay.stores.sql.annotations import answer_reports, change_answers, take_back_answers
from assay.stores.sql.database import Connection, Database, in_list, list_of
from assay.stores.sql.dataset_log_filter import rows_matching
from assay.stores.sql.dialect import dialect_named
from assay.stores.sql.log_count import count_lines
from assay.stores.sql.scope import dataset_at
from assay.stores.sql.score_lines import evaluator_id_of, read_score
from assay.stores.sql.score_list import TABLES, matching, page_of
from assay.stores.sql.tables import dataset_log, log_score
from assay.stores.sql.tables import score as table
from assay.stores.sql.times import to_microseconds

Result = TypeVar("Result")

_OF_ROWS = {
    name: f"{score_lines.SELECT['score']} WHERE s.dataset_sequence = :dataset AND {in_list(name, 's.log_id', 'logs')}"
    + score_lines.IN_ORDER
    for name in ("sqlite", "postgresql")
}
_OWNER = (
    "SELECT d.id FROM dataset_log l JOIN dataset d ON d.sequence = l.dataset_sequence"
    " WHERE l.id = :id AND d.organization_id = :organization AND d.deleted_at IS NULL LIMIT 1"
)
_SEQUENCE = "SELECT dataset_sequence FROM score WHERE id = :id"


@dataclass(frozen=True, slots=True)
class SqlScores:
    """The scores of one organisation. A reader of `database` finds the tables of `logs` too."""

    database: Database
    logs: Database
    organization_id: int

    async def list_for_logs(self, dataset_id: str, log_ids: Sequence[str]) -> Mapping[str, Sequence[Score]]:
        """Return the current scores of these rows, by row id."""
        if not log_ids:
            return {}

        def work(connection: Connection) -> dict[str, list[Score]]:
            dataset, _ = dataset_at(connection, self.organization_id, dataset_id)
            chosen = {"dataset": dataset, "logs": list_of(connection.dialect_name, log_ids)}
            scores: dict[str, list[Score]] = {}
            for row in connection.rows(_OF_ROWS[connection.dialect_name], chosen):
                scores.setdefault(row[1], []).append(read_score(row))
            return scores

        return await self.database.read(work)

    async def list_for_request_logs(self, log_ids: Sequence[str]) -> Mapping[str, Sequence[Score]]:
        """Return the current scores of these request logs, by log id."""
        if not log_ids:
            return {}
        return await self.logs.read(
            lambda connection: log_scores.list_by_log(connection, self.organization_id, log_ids)
        )

    async def aggregate(self, dataset_id: str, version: int | None, expression: Expression) -> Sequence[ScoreAggregate]:
        """Return, for each numerical, percentage or boolean evaluator, its scores over the rows that match.

        Where a machine has spoken, people beside it do not count.
        """
        name = self.database.dialect_name
        machine = table.alias("machine")
        has_machine = (
            select(literal_column("1"))
            .where(
                machine.c.dataset_sequence == table.c.dataset_sequence,
                machine.c.log_id == table.c.log_id,
                machine.c.evaluator_id == table.c.evaluator_id,
                machine.c.scorer == literal_column("''"),
            )
            .exists()
        )

        def work(connection: Connection) -> Sequence[ScoreAggregate]:
            dataset, newest = dataset_at(connection, self.organization_id, dataset_id)
            condition = rows_matching(dataset, newest if version is None else version, expression, name)
            identity = (table.c.evaluator_id, table.c.evaluator_slug, table.c.score_value_type)
            wanted = (
                select(
                    *identity,
                    func.max(table.c.evaluator_name),
                    func.avg(table.c.numerical_value),
                    func.sum(case((table.c.boolean_value == 1, 1), else_=0)),
                    func.sum(case((table.c.boolean_value == 0, 1), else_=0)),
                )
                .select_from(dataset_log)
                .join(table, and_(table.c.dataset_sequence == dataset, table.c.log_id == dataset_log.c.id))
                .where(
                    condition,
                    table.c.status == "scored",
                    or_(table.c.scorer == literal_column("''"), ~has_machine),
                    dialect_named(name).in_texts(table.c.score_value_type, ("numerical", "percentage", "boolean")),
                )
                .group_by(*identity)
                .order_by(table.c.evaluator_slug)
            )
            return [
                ScoreAggregate(
                    evaluator_id=evaluator_id_of(row[0]) or row[1],
                    evaluator_slug=row[1],
                    evaluator_name=row[3],
                    score_value_type=row[2],
                    avg_score=None if row[2] == "boolean" else row[4],
                    true_count=int(row[5]) if row[2] == "boolean" else None,
                    false_count=int(row[6]) if row[2] == "boolean" else None,
                )
                for row in connection.rows(wanted)
            ]

        return await self.database.read(work)

    async def list(
        self, expression: Expression, sort: Sort, page: PageRequest, *, within_seconds: float | None = None
    ) -> ScorePage:
        """Return a page of scores of every kind of log that match; a limit of time is one for counting them."""
        scores, has_more = await self.database.read(
            lambda connection: page_of(connection, self.organization_id, expression, sort, page)
        )
        known = page.offset + len(scores) + has_more if scores else 0
        if not has_more and (scores or page.number == 1):
            return ScorePage(scores, Count(known), has_more)
        limit = None if within_seconds is None else within_seconds / len(TABLES)
        counts = [
            await count_lines(
                self.database,
                lines,
                matching(kind, self.organization_id, expression, self.database.dialect_name),
                limit,
            )
            for kind, lines in TABLES.items()
        ]
        # A score may have come between the page and the count.
        number = max(known, sum(count.number for count in counts))
        return ScorePage(scores, Count(number, all(count.is_exact for count in counts)), has_more)

    async def get(self, score_id: str) -> Score:
        """Return a score; raises NotFound."""
        # In both tables at once: readers have the other file open.
        found = await self.database.read(
            lambda connection: (
                score_lines.find(connection, table, self.organization_id, score_id)
                or score_lines.find(connection, log_score, self.organization_id, score_id)
            )
        )
        if found is None:
            raise NotFound
        return read_score(found)

    async def find_log(self, log_id: str) -> str | None:
        """Return the id of the dataset whose row has this id, "" for a request log, None where there is none."""
        chosen = {"id": log_id, "organization": self.organization_id}
        rows = await self.database.read(lambda connection: connection.rows(_OWNER, chosen))
        if rows:
            return str(rows[0][0])
        found = await self.logs.read(lambda connection: log_scores.has_log(connection, self.organization_id, log_id))
        return "" if found else None

    async def record(self, score: Score, on_conflict: OnConflict) -> RecordedScore:
        """Store a score that somebody gave; raises Conflict where one stands and is not to be replaced.

        A person's score on a dataset row answers the annotation tasks that wait for it.
        """
        if score.dataset_id is not None:
            return await self.database.write(lambda connection: self._record_on_row(connection, score, on_conflict))
        place = {"organization_id": self.organization_id}

        def work(connection: Connection) -> RecordedScore:
            if score.log_id:
                # One who deletes the log meanwhile takes this score along.
                log_scores.has_log(connection, self.organization_id, score.log_id, lock=True)
            score_id, is_new = score_lines.put(connection, log_score, place, score, on_conflict)
            return RecordedScore(self._stored(connection, log_score, score_id), is_new)

        return await self.logs.write(work)

    def _record_on_row(self, connection: Connection, score: Score, on_conflict: OnConflict) -> RecordedScore:
        dataset, _ = dataset_at(connection, self.organization_id, score.dataset_id or "")
        place = {"dataset_sequence": dataset, "organization_id": self.organization_id}
        score_id, is_new = score_lines.put(connection, table, place, score, on_conflict)
        stored = self._stored(connection, table, score_id)
        settled: tuple[str, ...] = ()
        if score.scorer:
            settled = answer_reports(connection, dataset, stored, to_microseconds(score.created_at))
        return RecordedScore(stored, is_new, settled)

    def _stored(self, connection: Connection, kind: Table, score_id: str, *, lock: bool = False) -> Score:
        row = score_lines.find(connection, kind, self.organization_id, score_id, lock=lock)
        if row is None:
            raise NotFound
        return read_score(row)

    async def correct(
        self,
        score_id: str,
        values: ScoreValues,
        is_passed: bool | None,
        by: str,
        at: datetime,
        explanation: str | None = None,
    ) -> Score:
        """Give a score other values, keeping what a machine said before its first correction; raises NotFound.

        `explanation` None stays as it is.
        """
        now = to_microseconds(at)

        def change(connection: Connection, kind: Table) -> Score:
            present = self._stored(connection, kind, score_id, lock=True)
            score_lines.correct(connection, kind, present, values, is_passed, by, now, explanation)
            changed = self._stored(connection, kind, score_id)
            if changed.scorer and kind is table:
                change_answers(connection, _dataset_of(connection, score_id), changed, now)
            return changed

        return await self._where_it_stands(change)

    async def delete(self, score_id: str, at: datetime) -> None:
        """Delete a score; raises NotFound. Unfinished reports that it answered wait again."""

        def delete(connection: Connection, kind: Table) -> None:
            present = self._stored(connection, kind, score_id, lock=True)
            dataset = _dataset_of(connection, score_id) if kind is table else None
            connection.run(f"DELETE FROM {kind.name} WHERE id = :id", {"id": score_id})
            if dataset is not None and present.scorer:
                take_back_answers(connection, dataset, present, to_microseconds(at))

        await self._where_it_stands(delete)

    async def _where_it_stands(self, work: Callable[[Connection, Table], Result]) -> Result:
        try:
            return await self.database.write(lambda connection: work(connection, table))
        except NotFound:
            return await self.logs.write(lambda connection: work(connection, log_score))


def _dataset_of(connection: Connection, score_id: str) -> int:
    return int(connection.rows(_SEQUENCE, {"id": score_id})[0][0])
