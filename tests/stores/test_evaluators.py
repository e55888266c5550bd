"""Rows that an older release wrote are read by this one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import msgspec
import pytest

from assay.evaluators.registry import builtin_evaluators
from assay.model.evaluator import Evaluator, EvaluatorVersion, PassRule, ScoreRange
from assay.model.ids import new_uuid
from assay.ports.store import Stores
from assay.stores.sql.database import Database
from tests.conformance.builders import T0
from tests.conformance.conftest import KINDS
from tests.conformance.log_builders import fresh_stores

OLD_DEFINITION = (
    '{"direction":"lower","score_range":{"minimum":0.0,"maximum":null,"unit":"s"},'
    '"pass_rule":{"operator":"lte","threshold":2.0},"parameters":{"most_seconds":2}}'
)
OLD_VERSION = (
    b'{"id":"v","number":3,"name":"Latency","type":"code","score_value_type":"numerical","eval_class":"latency",'
    b'"description":"","direction":"lower","score_range":{"minimum":0.0,"maximum":null,"unit":"s"},"pass_rule":null,'
    b'"parameters":{"a":1},"is_read_only":true,"version_description":"","created_at":null}'
)


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Stores of each kind in turn, empty."""
    with fresh_stores(request.param, tmp_path_factory.mktemp("stores"), request) as opened:
        yield opened


def test_a_version_stored_before_judges_existed_is_read_as_one_without_them(stores: Stores) -> None:
    database: Database = stores.access.database  # type: ignore[attr-defined]

    async def work() -> None:
        organization = await stores.access.create_organization("one", "an organisation", T0)
        store = stores.within(organization.id, "prod").evaluators
        version = builtin_evaluators()["exact_match"].make_version(new_uuid(), created_at=T0)
        made = Evaluator(new_uuid(), organization.id, "old", version, T0, T0, "assay", "assay", is_builtin=True)
        await store.ensure([made])
        rewrite = "UPDATE evaluator_version SET definition = :old WHERE evaluator_id = :id"
        await database.write(lambda connection: connection.run(rewrite, {"old": OLD_DEFINITION, "id": made.id}))
        found = (await store.get("old")).current
        assert (found.direction, found.score_range, found.pass_rule) == (
            "lower", ScoreRange(0.0, None, "s"), PassRule("lte", 2.0),
        )  # fmt: skip
        assert found.parameters == {"most_seconds": 2}
        assert (found.llm_config, found.configurations, found.categorical_choices) == (None, {}, ())

    asyncio.run(work())


def test_a_version_that_a_report_pinned_before_judges_existed_is_still_read() -> None:
    found = msgspec.json.decode(OLD_VERSION, type=EvaluatorVersion)
    assert (found.number, found.parameters, found.code_config, found.created_by) == (3, {"a": 1}, None, "")
    assert msgspec.json.decode(msgspec.json.encode(found), type=EvaluatorVersion) == found
