"""Evaluators that people make, with their drafts and versions; the same in every store."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from assay.filters.expression import EVERYTHING, Condition, Field, Operator
from assay.model.errors import Conflict, NotAllowed, NotFound
from assay.model.evaluator import Choice, Evaluator, EvaluatorVersion, PassRule, ScoreRange
from assay.model.ids import new_uuid
from assay.model.page import PageRequest, Sort
from assay.ports.store import Store, Stores
from tests.conformance.builders import ALL, T0, at, change, evaluator, new_dataset, new_report
from tests.conformance.conftest import Run


def drafted(store: Store, slug: str, **fields: Any) -> Evaluator:
    """Return an evaluator of a person's, with every field of its draft set."""
    version = EvaluatorVersion(
        id=new_uuid(),
        number=0,
        name=fields.pop("name", slug.title()),
        type="llm",
        score_value_type="categorical",
        eval_class="keywordsai_custom_llm",
        description="é 😀",
        direction="none",
        score_range=ScoreRange(0.5, None, "%"),
        pass_rule=PassRule("lt", 3.0),
        parameters={"nested": [1, None, {"a": "b"}]},
        llm_config={"model": "m", "big": 10**30},
        code_config={"eval_code_snippet": "def main(eval_inputs):\n    return 1\n"},
        score_config={"min_score": 1},
        passing_conditions={"primary_score": {"operator": "gte", "value": 3}},
        configurations={"a": {"b": []}},
        categorical_choices=(Choice("good", 1), Choice("bad", "no"), Choice("so", True), Choice("half", 0.5)),
        custom_required_fields=("input", "metadata.x"),
        is_read_only=False,
        created_at=T0,
        created_by="someone",
    )
    return Evaluator(
        id=new_uuid(),
        organization_id=store.organization_id,
        slug=slug,
        current=version,
        created_at=T0,
        updated_at=T0,
        created_by="someone",
        updated_by="someone",
        **fields,
    )


async def committed(store: Store, slug: str, versions: int = 1) -> Evaluator:
    """Store an evaluator with so many read-only versions before its draft."""
    found = drafted(store, slug)
    await store.evaluators.create(found)
    for number in range(1, versions + 1):
        following = replace(
            found.current, id=new_uuid(), number=number, name=f"{slug} {number}", created_at=at(number), created_by="b"
        )
        found = await store.evaluators.commit(found.id, f"about {number - 1}", following)
    return found


def test_everything_that_an_evaluator_says_comes_back_as_it_was(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        made = drafted(store, "judge", starred=True, tags=("a", "ü", '"'))
        await store.evaluators.create(made)
        found = await store.evaluators.get("judge")
        assert found == made
        values = [choice.value for choice in found.current.categorical_choices]
        assert [type(value) for value in values] == [int, str, bool, float]
        assert await store.evaluators.get_version(made.id, 0) == made.current

    run(work())


def test_a_slug_belongs_to_one_evaluator_of_an_organisation(store: Store, stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        await store.evaluators.create(drafted(store, "judge"))
        second = drafted(store, "critic")
        await store.evaluators.create(second)
        with pytest.raises(Conflict, match="slug already exists"):
            await store.evaluators.create(drafted(store, "judge"))
        with pytest.raises(Conflict, match="slug already exists"):
            await store.evaluators.update(replace(second, slug="judge"), at(1))
        assert (await store.evaluators.get("critic")).slug == "critic"
        organization = await stores.access.create_organization(str(uuid4()), "others", T0)
        other = stores.within(organization.id, "prod")
        await other.evaluators.create(drafted(other, "judge"))

    run(work())


def test_an_update_changes_the_draft_and_what_describes_the_evaluator(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        made = drafted(store, "judge")
        await store.evaluators.create(made)
        version = replace(made.current, name="new", llm_config=None, categorical_choices=(), configurations={})
        wanted = replace(made, slug="renamed", current=version, starred=True, tags=("t",), updated_by="other")
        await store.evaluators.update(wanted, at(5))
        assert await store.evaluators.get(made.id) == replace(wanted, updated_at=at(5))
        with pytest.raises(NotFound):
            await store.evaluators.get("judge")

    run(work())


def test_an_update_of_what_somebody_else_changed_meanwhile_is_refused(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        made = drafted(store, "judge")
        await store.evaluators.create(made)
        # Even two changes in the same microsecond know of each other.
        await store.evaluators.update(replace(made, starred=True), T0)
        with pytest.raises(Conflict, match="meanwhile"):
            await store.evaluators.update(replace(made, tags=("lost",)), T0)
        seen = await store.evaluators.get("judge")
        await store.evaluators.update(replace(seen, tags=("kept",)), T0)
        found = await store.evaluators.get("judge")
        assert (found.starred, found.tags) == (True, ("kept",))

    run(work())


def test_a_commit_freezes_the_draft_and_opens_the_next(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        made = drafted(store, "judge")
        await store.evaluators.create(made)
        following = replace(made.current, id=new_uuid(), number=1, created_at=at(9), created_by="other")
        found = await store.evaluators.commit(made.id, "the first", following)
        assert found == await store.evaluators.get("judge")
        assert (found.current, found.version_count, found.updated_at) == (following, 2, at(9))
        frozen = await store.evaluators.get_version(made.id, 0)
        assert frozen == replace(made.current, is_read_only=True, version_description="the first")
        with pytest.raises(NotAllowed):
            await store.evaluators.update(replace(found, current=frozen), at(10))
        with pytest.raises(Conflict, match="committed meanwhile"):
            await store.evaluators.commit(made.id, "again", following)
        with pytest.raises(NotFound):
            await store.evaluators.commit(new_uuid(), "nobody's", following)

    run(work())


def test_versions_are_listed_newest_first_and_a_page_at_a_time(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        made = await committed(store, "judge", versions=4)
        page = await store.evaluators.list_versions(made.id, PageRequest(1, 3))
        assert ([version.number for version in page.items], page.total_count) == ([4, 3, 2], 5)
        assert [version.is_read_only for version in page.items] == [False, True, True]
        page = await store.evaluators.list_versions(made.id, PageRequest(2, 3))
        assert [version.number for version in page.items] == [1, 0]
        for attempt in (store.evaluators.list_versions(new_uuid(), ALL), store.evaluators.get_version(made.id, 5)):
            with pytest.raises(NotFound):
                await attempt

    run(work())


def test_a_reference_with_a_number_names_that_version(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        made = await committed(store, "judge", versions=2)
        for name in (made.id, "judge"):
            first = await store.evaluators.get(f"{name}:0")
            assert (first.current.number, first.current.is_read_only, first.version_count) == (0, True, 3)
            assert await store.evaluators.get(f"{name}:2") == made == await store.evaluators.get(name)
            for number in ("3", "-1", "01", "x", "", "9" * 30, "1:1"):
                with pytest.raises(NotFound):
                    await store.evaluators.get(f"{name}:{number}")
        found = await store.evaluators.find_many(["judge", "judge:1", f"{made.id}:7", "none:0"])
        assert {reference: item.current.number for reference, item in found.items()} == {"judge": 2, "judge:1": 1}

    run(work())


def test_a_deleted_evaluator_is_gone_and_its_report_stays(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        made = await committed(store, "judge")
        dataset = await new_dataset(store)
        await store.dataset_logs.append(dataset, [], change())
        report = await new_report(store, dataset, [made])
        await store.evaluators.delete(made.id)
        for attempt in (
            store.evaluators.get("judge"),
            store.evaluators.get(f"{made.id}:0"),
            store.evaluators.list_versions(made.id, ALL),
            store.evaluators.update(made, at(1)),
            store.evaluators.delete(made.id),
        ):
            with pytest.raises(NotFound):
                await attempt
        task = (await store.eval_reports.get(dataset, report.id)).tasks[0]
        assert (task.evaluator_slug, task.version.llm_config) == ("judge", made.current.llm_config)
        await store.evaluators.create(drafted(store, "judge"))

    run(work())


def test_nobody_reaches_the_evaluators_of_another_organisation(store: Store, stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        made = await committed(store, "judge")
        organization = await stores.access.create_organization(str(uuid4()), "others", T0)
        other = stores.within(organization.id, "prod").evaluators
        following = replace(made.current, id=new_uuid(), number=2)
        for attempt in (
            other.get(made.id),
            other.get("judge:0"),
            other.update(made, at(9)),
            other.commit(made.id, "", following),
            other.delete(made.id),
            other.list_versions(made.id, ALL),
            other.get_version(made.id, 0),
        ):
            with pytest.raises(NotFound):
                await attempt
        assert await other.count(EVERYTHING) == 0
        assert await store.evaluators.get("judge") == made

    run(work())


def test_evaluators_are_found_by_their_current_version_and_their_tags(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        await committed(store, "b")
        tagged = drafted(store, "a", tags=("x", "ü"), starred=True)
        await store.evaluators.create(tagged)

        async def found(name: str, *values: Any, path: tuple[str, ...] = ()) -> list[str]:
            condition = Condition(Field(name, path), Operator.EQUAL, values)
            page = await store.evaluators.list(condition, Sort("evaluator_slug"), ALL)
            assert page.total_count == len(page.items) == await store.evaluators.count(condition)
            return [item.slug for item in page.items]

        assert await found("name", "b 1", "A") == ["a", "b"]
        # The name of a version that is no longer current.
        assert await found("name", "B") == []
        assert await found("tags", "none", "ü", path=("1",)) == ["a"]
        assert await found("tags", "x", path=("1",)) == []
        assert await found("starred", 1) == ["a"]

    run(work())


def test_a_built_in_that_comes_later_leaves_a_slug_to_who_has_it(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        mine = drafted(store, "judge")
        await store.evaluators.create(mine)
        builtin = evaluator(store, "judge")
        for _ in range(2):
            await store.evaluators.ensure([builtin])
            assert await store.evaluators.get("judge") == mine
            assert (await store.evaluators.get(builtin.id)).slug == f"judge_{builtin.id[-6:]}"
        assert await store.evaluators.count(EVERYTHING) == 2

    run(work())


def test_the_time_of_a_version_is_that_of_its_making(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        made = await committed(store, "judge", versions=2)
        times: list[datetime | None] = [
            version.created_at for version in (await store.evaluators.list_versions(made.id, ALL)).items
        ]
        assert times == [at(2), at(1), T0]

    run(work())
