"""Online evaluation in SQL: which logs come next for an automation, and what came of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal_column, select

from assay.filters.expression import EVERYTHING, Expression, Not
from assay.model.automation import DECISIONS, Automation, AutomationDecision
from assay.model.log import LogContent
from assay.model.request_log import RequestLog
from assay.model.score import Score
from assay.ports.automations import Progress, Stretch, Unmatched, Waiting
from assay.stores.sql.automations import AUTOMATION_COLUMNS, NEWEST_LOG, WITH_CONDITION, read_automation
from assay.stores.sql.database import Connection, Database, in_list, insertion, list_of, one
from assay.stores.sql.dialect import number_literal
from assay.stores.sql.filter_sql import compile_filter
from assay.stores.sql.log_lines import iterate_many, read_many
from assay.stores.sql.log_query_sql import filter_columns
from assay.stores.sql.log_scope import scope_of
from assay.stores.sql.score_lines import values_line
from assay.stores.sql.tables import automation
from assay.stores.sql.tables import request_log as table
from assay.stores.sql.times import to_microseconds

_LEASE = timedelta(seconds=30)
# Kept of each decision: together 10,000 lines an automation, and what never fires does not push out what did.
_KEPT: Mapping[AutomationDecision, int] = {"evaluated": 5_000, "failed": 4_600, "not_matched": 200, "not_sampled": 200}

_BEHIND: ColumnElement[bool] = literal_column(
    f"(automation.seen < ({NEWEST_LOG}) OR EXISTS (SELECT 1 FROM automation_evaluator e"
    f" WHERE e.automation_id = automation.id AND e.seen < ({NEWEST_LOG})))"
)
_LIST_BEHIND = (
    select(*AUTOMATION_COLUMNS, automation.c.claimed_by, automation.c.claimed_until)
    .select_from(WITH_CONDITION)
    .where(automation.c.is_enabled == literal_column("1"), _BEHIND)
    .order_by(automation.c.id)
)
_CLAIM = """
UPDATE automation SET claimed_by = :worker, claimed_until = :until
WHERE id = ANY(:ids) AND (claimed_by = :worker OR claimed_until < :now) RETURNING id"""
_PLACES = (
    "SELECT '', seen FROM automation WHERE id = :id"
    " UNION ALL SELECT evaluator_id, seen FROM automation_evaluator WHERE automation_id = :id"
)
_VALUES = ("numerical_value", "boolean_value", "string_value", "categorical_value", "json_value")
_SCORE_COLUMNS = (
    "log_id", "evaluator_id", "scorer", "id", "organization_id", "environment", "evaluator_slug", "evaluator_name",
    "evaluator_type", "score_value_type", "status", *_VALUES, "is_passed", "explanation", "error_message", "cost_usd",
    "created_at", "automation_id", "prompt_id", "prompt_version_number",
)  # fmt: skip
_INSERT_SCORE = insertion("log_score", _SCORE_COLUMNS) + " ON CONFLICT DO NOTHING"
_INSERT_EVENT = insertion("automation_event", ("automation_id", "log_id", "decision", "reason", "created_at"))
_FORGET_EVENTS = (
    "DELETE FROM automation_event WHERE automation_id = :automation AND decision = :decision AND sequence <="
    " (SELECT sequence FROM automation_event WHERE automation_id = :automation AND decision = :decision"
    " ORDER BY sequence DESC LIMIT 1 OFFSET :kept)"
)


@dataclass(frozen=True, slots=True)
class SqlOnline:
    """New request logs and the automations that judge them, for all organisations."""

    database: Database

    async def list_waiting(self, worker: str, now: datetime) -> Waiting:
        """Return the enabled automations with logs to decide about that `worker` has, or gets, for itself."""

        def work(connection: Connection) -> tuple[int, list[tuple[Any, ...]]]:
            enabled = connection.rows("SELECT count(*) FROM automation WHERE is_enabled = 1")[0][0]
            return enabled, connection.rows(_LIST_BEHIND) if enabled else []

        count, rows = await self.database.read(work)
        own = {row[0] for row in rows}
        # A SQLite file has one process.
        if rows and self.database.dialect_name == "postgresql":
            own = await self._claim(worker, now, {row[0]: (row[-2], row[-1]) for row in rows})
        return Waiting(count, [read_automation(row) for row in rows if row[0] in own])

    async def _claim(self, worker: str, now: datetime, claims: Mapping[str, tuple[str, int]]) -> set[str]:
        fresh, at = to_microseconds(now + _LEASE / 2), to_microseconds(now)
        own = {id_ for id_, (holder, until) in claims.items() if holder == worker and until > fresh}
        wanted = [id_ for id_, (holder, until) in claims.items() if id_ not in own and (holder == worker or until < at)]
        if not wanted:
            return own
        chosen = {"worker": worker, "until": to_microseconds(now + _LEASE), "now": at, "ids": wanted}
        claimed = await self.database.write(lambda connection: connection.rows(_CLAIM, chosen))
        return own | {row[0] for row in claimed}

    async def release(self, worker: str) -> None:
        """Leave to others what a worker has."""
        if self.database.dialect_name == "postgresql":
            released = "UPDATE automation SET claimed_until = 0 WHERE claimed_by = :worker"
            await self.database.write(lambda connection: connection.run(released, {"worker": worker}))

    async def find_stretches(
        self,
        automation: Automation,
        expression: Expression,
        most_logs: int,
        most_matching: int,
        busy: Collection[str] = (),
    ) -> Sequence[Stretch]:
        """Return what comes next for an automation and for each of its evaluators that is not `busy`."""
        finder = _Finder(automation, expression, most_logs, most_matching)

        def work(connection: Connection) -> list[Stretch]:
            newest = connection.rows(NEWEST_LOG)[0][0]
            places = connection.rows(_PLACES, {"id": automation.id})
            return [
                Stretch(automation, evaluator_id, after, *finder.find(connection, after, is_count=not evaluator_id))
                for evaluator_id, after in places
                if after < newest and evaluator_id not in busy
            ]

        return await self.database.read(work)

    async def find_unmatched(self, stretch: Stretch, expression: Expression, most: int) -> Unmatched:
        """Return what does not meet the condition in a stretch, the newest `most` of it."""

        def work(connection: Connection) -> Unmatched:
            inside = _inside(connection.dialect_name, stretch.automation, stretch.after, stretch.upto)
            counted = select(func.count()).select_from(table).where(inside)
            count = connection.rows(counted)[0][0] - len(stretch.matched)
            if count <= 0 or expression == EVERYTHING:
                return Unmatched(0, [])
            name = connection.dialect_name
            unmatched = and_(inside, compile_filter(Not(expression), filter_columns(name), name))
            newest = select(table.c.sequence).where(unmatched).order_by(table.c.sequence.desc()).limit(most)
            sequences = [row[0] for row in reversed(connection.rows(newest))]
            return Unmatched(count, read_many(connection, sequences, previews_only=True))

        return await self.database.read(work)

    async def read_logs(self, sequences: Sequence[int], most_bytes: int) -> Sequence[RequestLog]:
        """Return the first of these logs: as many as have `most_bytes` together, and at least one if any is there."""

        def work(connection: Connection) -> list[RequestLog]:
            taken: list[RequestLog] = []
            total = 0
            for log in iterate_many(connection, sequences):
                total += _size_of(log)
                if taken and total > most_bytes:
                    break
                taken.append(log)
            return taken

        return await self.database.read(work)

    async def list_scored(self, automation: Automation, evaluator_id: str, log_ids: Sequence[str]) -> frozenset[str]:
        """Return which of these logs have a score of this evaluator already."""
        name = self.database.dialect_name
        statement = (
            "SELECT log_id FROM log_score WHERE organization_id = :organization AND evaluator_id = :evaluator"
            f" AND scorer = '' AND {in_list(name, 'log_id', 'logs')}"
        )
        chosen = {
            "organization": automation.organization_id,
            "evaluator": evaluator_id,
            "logs": list_of(name, log_ids),
        }
        rows = await self.database.read(lambda connection: connection.rows(statement, chosen))
        return frozenset(row[0] for row in rows)

    async def note_progress(self, made: Sequence[Progress], at: datetime) -> bool:
        """Store scores, decisions and the places reached, in one transaction; False when one is not to go on."""
        # Always in the same order, so that two processes never wait for each other.
        ordered = sorted(made, key=lambda one: (one.stretch.automation.id, one.stretch.evaluator_id))

        def work(connection: Connection) -> bool:
            return all([_note(connection, progress, to_microseconds(at)) for progress in ordered])

        return await self.database.write(work)


def _size_of(log: RequestLog) -> int:
    """Return how many bytes of payloads a log has."""
    content = log.content or LogContent()
    parts = (content.input, content.output, content.expected_output, log.metadata, log.details)
    return sum(len(part) for part in parts if part is not None)


def _inside(dialect_name: str, automation: Automation, after: int, upto: int) -> ColumnElement[bool]:
    """The condition that a log lies in a stretch and where its automation does."""
    # `+` keeps SQLite to the order of recording: an index of the scope would be walked from its beginning.
    plus = "+" if dialect_name == "sqlite" else ""
    scope: ColumnElement[int] = literal_column(f"{plus}request_log.scope")
    return and_(
        table.c.sequence > number_literal(after),
        table.c.sequence <= number_literal(upto),
        scope == number_literal(scope_of(automation.organization_id, automation.environment)),
    )


@dataclass(frozen=True, slots=True)
class _Finder:
    """Finds where a stretch ends and what meets the condition in it."""

    automation: Automation
    expression: Expression
    most_logs: int
    most_matching: int

    def find(self, connection: Connection, after: int, *, is_count: bool) -> tuple[int, list[tuple[int, str]]]:
        first = connection.rows("SELECT min(sequence) FROM request_log WHERE sequence > :after", {"after": after})
        # Deleted logs leave gaps of any size.
        upto = (first[0][0] or after + 1) - 1 + self.most_logs
        newest = connection.rows(NEWEST_LOG)[0][0]
        upto = min(upto, newest)
        name = connection.dialect_name
        conditions = [_inside(name, self.automation, after, upto)]
        if self.expression != EVERYTHING:
            conditions.append(compile_filter(self.expression, filter_columns(name), name))
        most = self.most_logs if is_count else self.most_matching
        wanted = select(table.c.sequence, table.c.id).where(*conditions).order_by(table.c.sequence).limit(most)
        matched = [(sequence, id_) for sequence, id_ in connection.rows(wanted)]
        return (matched[-1][0] if len(matched) == most else upto), matched


def _note(connection: Connection, progress: Progress, now: int) -> bool:
    stretch = progress.stretch
    owner = stretch.automation.id
    lock = " FOR UPDATE" if connection.dialect_name == "postgresql" else ""
    present = one(connection, f"SELECT is_enabled FROM automation WHERE id = :id{lock}", {"id": owner})
    if present is None:
        return False
    chosen = {"id": owner, "evaluator": stretch.evaluator_id, "after": stretch.after, "upto": progress.upto}
    if stretch.evaluator_id:
        moved = connection.run(
            "UPDATE automation_evaluator SET seen = :upto"
            " WHERE automation_id = :id AND evaluator_id = :evaluator AND seen = :after",
            chosen,
        )
    else:
        moved = connection.run("UPDATE automation SET seen = :upto WHERE id = :id AND seen = :after", chosen)
    # Somebody else was here, or it was disabled and enabled again.
    if not moved:
        return False
    if any(progress.counts.values()):
        sums = ", ".join(f"{decision}_count = {decision}_count + :{decision}" for decision in DECISIONS)
        added: dict[str, int] = {decision: progress.counts.get(decision, 0) for decision in DECISIONS}
        connection.run(f"UPDATE automation SET {sums} WHERE id = :id", {"id": owner, **added})
    if progress.scores:
        _insert_scores(connection, stretch.automation.organization_id, progress.scores)
    if progress.events:
        lines = [(owner, event.log_id, event.decision, event.reason, now) for event in progress.events]
        connection.insert_many(_INSERT_EVENT, lines)
        for decision in {event.decision for event in progress.events}:
            kept = {"automation": owner, "decision": decision, "kept": _KEPT[decision]}
            connection.run(_FORGET_EVENTS, kept)
    return bool(present[0])


def _insert_scores(connection: Connection, organization_id: int, scores: Sequence[Score]) -> None:
    """Store scores of the logs that are still there; one that stands already stays."""
    name = connection.dialect_name
    lock = " FOR KEY SHARE" if name == "postgresql" else ""
    wanted = f"SELECT id FROM request_log WHERE {in_list(name, 'id', 'logs')} ORDER BY id{lock}"
    rows = connection.rows(wanted, {"logs": list_of(name, [score.log_id for score in scores])})
    present = {row[0] for row in rows}
    lines = [_score_row(score, organization_id) for score in scores if score.log_id in present]
    if lines:
        connection.insert_many(_INSERT_SCORE, lines)


def _score_row(score: Score, organization_id: int) -> tuple[Any, ...]:
    values = values_line(score.values)
    return (
        score.log_id,
        score.evaluator_id,
        score.scorer,
        score.id,
        organization_id,
        score.environment,
        score.evaluator_slug,
        score.evaluator_name,
        score.evaluator_type,
        score.score_value_type,
        score.status,
        *(values[name] for name in _VALUES),
        None if score.is_passed is None else int(score.is_passed),
        score.explanation,
        score.error_message,
        score.cost_usd,
        to_microseconds(score.created_at),
        score.automation_id,
        score.prompt_id,
        score.prompt_version_number,
    )
