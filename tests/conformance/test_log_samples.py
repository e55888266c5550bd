"""Samples are exactly what their seed says, the same in every store and whenever they are repeated, and fair."""

from __future__ import annotations

import random
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from assay.filters.log_query import LogQuery
from assay.filters.match import value_at
from assay.model.errors import Invalid
from assay.model.sampling import PRIME, coefficients
from assay.ports.log_samples import SampleOrder
from assay.ports.store import Store
from assay.stores.sql import log_intake
from assay.stores.sql.log_scope import scope_of
from tests.conformance.builders import at
from tests.conformance.conftest import KINDS, Run
from tests.conformance.log_builders import BOTH, fresh_stores, log_draft, new_organization, record, where

_ALPHA = 1e-4
_PLANS: tuple[Any, ...] = ("gold", "silver", "gold", 5, 5.0, 0.1, -3, 1e22, True, False, "true", "5", "", None)
_PLANS += (["gold"], {"gold": 1}, "é😀", "a b", 1e-5, 1_000_000, 123456789012345, 1e15)


def _metadata(number: int) -> dict[str, Any] | None:
    draw = random.Random(number)
    if draw.random() < 0.1:
        return None
    metadata: dict[str, Any] = {"n": number, "nested": {"plan": draw.choice(_PLANS), "list": [draw.choice(_PLANS)]}}
    if draw.random() < 0.9:
        metadata["plan"] = draw.choice(_PLANS)
    return metadata


class Population:
    """Logs and root spans of one organisation, whose ids are the same in every store that begins with it."""

    def __init__(self) -> None:
        draw = random.Random(41)
        self.metadata = [_metadata(number) for number in range(150)]
        self.statuses = [draw.choice(("success", "success", "error")) for _ in self.metadata]
        self.models = [draw.choice((None, "gpt-4o", "o1")) for _ in self.metadata]
        # Clashing times: ten logs at each.
        self.seconds = [draw.randrange(15) for _ in self.metadata]
        self.is_stream = [draw.random() < 0.5 for _ in self.metadata]
        self.costs = [draw.choice((None, 0.1, 5.0, 1e22, 0.1 + 0.2)) for _ in self.metadata]
        self.ids: list[str] = []
        self.sequences: list[int] = []

    async def record(self, store: Store) -> None:
        """Record all of it, each log the root of a trace of its own."""
        columns = (self.metadata, self.statuses, self.models, self.seconds, self.is_stream, self.costs)
        drafts = [
            log_draft(
                number,
                metadata=metadata,
                status=status,
                model=model,
                timestamp=at(second),
                start_time=at(second - 1),
                stream=stream,
                cost=cost,
                trace_unique_id=f"trace {number}",
                identity=number.to_bytes(16, "big"),
            )
            for number, (metadata, status, model, second, stream, cost) in enumerate(zip(*columns, strict=True))
        ]
        self.ids = await record(store, drafts)
        self.sequences = [log.sequence for log in await store.request_logs.find_many(self.ids)]

    def random_key(self, seed: int) -> Callable[[int], Any]:
        """Return the key of the random order of places."""
        a, b = coefficients(seed)
        return lambda place: ((zlib.crc32(self.ids[place].encode()) % PRIME * a + b) % PRIME, self.ids[place])

    def ordered(self, order: SampleOrder, seed: int, places: Sequence[int]) -> list[int]:
        """Return the places in an order, by the plain definition."""
        if order == "newest":
            return sorted(places, key=lambda place: (-self.seconds[place], -place))
        key = self.random_key(seed)
        if order == "random":
            return sorted(places, key=key)
        return sorted(places, key=lambda place: (self.statuses[place] == "success", key(place)))


@pytest.fixture(scope="module", params=KINDS)
def sampled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, run: Run[Any]
) -> Iterator[tuple[Store, Population]]:
    """A store of each kind with the population, as the first organisation of its database, and a stranger's logs."""
    with fresh_stores(request.param, tmp_path_factory.mktemp("samples"), request) as stores:
        within = run(new_organization(stores))
        population = Population()
        run(population.record(within["prod"]))
        run(Population().record(within["test"]))
        run(Population().record(run(new_organization(stores))["prod"]))
        yield within["prod"], population


WINDOW = LogQuery(start=at(3), end=at(12))
units = st.sampled_from(("logs", "traces"))


@settings(max_examples=60)
@given(
    unit=units,
    order=st.sampled_from(("random", "newest", "failures_first")),
    seed=st.integers(-(2**40), 2**70),
    offset=st.integers(0, 160),
    limit=st.sampled_from((0, 1, 10, 1_000)),
    is_windowed=st.booleans(),
)
def test_places_of_an_order_are_those_of_its_plain_definition(
    sampled: tuple[Store, Population], run: Run[Any], unit: Any, order: SampleOrder, seed: int, offset: int, limit: int,
    is_windowed: bool,
) -> None:  # fmt: skip
    store, population = sampled
    places = [place for place, second in enumerate(population.seconds) if not is_windowed or 3 <= second < 12]
    query = WINDOW if is_windowed else LogQuery()
    expected = [population.sequences[place] for place in population.ordered(order, seed, places)]
    assert run(store.log_samples.choose(unit, query, order, seed, offset, limit)) == expected[offset : offset + limit]
    assert run(store.log_samples.count(unit, query)) == len(places)


def _with_equal_hashes(scope: int) -> list[bytes]:
    """Return identities of four logs of which two and two have ids with equal hashes."""
    seen: dict[int, bytes] = {}
    found: list[bytes] = []
    for number in count():
        identity = number.to_bytes(16, "big")
        hashed = zlib.crc32(log_intake._id_of(identity, scope).encode()) % PRIME
        if hashed in seen:
            found += [seen[hashed], identity]
            if len(found) == 4:
                return found
        seen[hashed] = identity
    raise AssertionError("unreachable")


@pytest.mark.parametrize("kind", KINDS)
def test_logs_with_equal_hashes_are_ordered_by_id(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, run: Run[Any]
) -> None:
    with fresh_stores(kind, tmp_path, request) as stores:
        store = run(new_organization(stores))["prod"]
        identities = _with_equal_hashes(scope_of(store.organization_id, "prod"))
        ids = run(record(store, [log_draft("x", identity=identity) for identity in identities]))
        assert len({zlib.crc32(one.encode()) % PRIME for one in ids}) == 2
        for seed in range(5):
            chosen = run(store.log_samples.choose("logs", LogQuery(), "random", seed, 0, 4))
            order = [log.id for log in run(store.log_samples.read(chosen))]
            assert order[:2] == sorted(order[:2])
            assert order[2:] == sorted(order[2:])
            assert {*order[:2]} in ({*ids[:2]}, {*ids[2:]})


@pytest.mark.postgres
def test_both_stores_choose_the_same_ids(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, run: Run[Any]
) -> None:
    async def choices(store: Store) -> list[list[str]]:
        await Population().record(store)
        chosen: list[list[str]] = []
        for seed in range(30):
            sequences = await store.log_samples.choose("logs", WINDOW, "random", seed, 0, 20)
            chosen.append([log.id for log in await store.log_samples.read(sequences)])
        taken = await store.log_samples.choose_from_strata("logs", LogQuery(), "model", 7, {"o1": 5, None: 3})
        return [*chosen, *[[log.id for log in await store.log_samples.read(taken[key])] for key in ("o1", None)]]

    answers = []
    for kind in ("sqlite", "postgresql"):
        with fresh_stores(kind, tmp_path_factory.mktemp("both"), request) as stores:
            answers.append(run(choices(run(new_organization(stores))["prod"])))
    assert answers[0] == answers[1]
    assert len(set(map(tuple, answers[0]))) == len(answers[0])


def test_a_seed_gives_the_same_logs_after_others_came_outside_the_window(
    sampled: tuple[Store, Population], run: Run[Any]
) -> None:
    store, _ = sampled

    async def work() -> None:
        calls = [("random", 5), ("failures_first", 5), ("newest", 0)]
        before = [await store.log_samples.choose("logs", WINDOW, order, seed, 0, 25) for order, seed in calls]
        strata = await store.log_samples.choose_from_strata("logs", WINDOW, "model", 5, {"gpt-4o": 8, None: 4})
        outside = [log_draft(n, timestamp=at(seconds), model="gpt-4o") for n in range(40) for seconds in (2.999, 12)]
        ids = await record(store, outside)
        try:
            after = [await store.log_samples.choose("logs", WINDOW, order, seed, 0, 25) for order, seed in calls]
            assert after == before
            again = await store.log_samples.choose_from_strata("logs", WINDOW, "model", 5, {"gpt-4o": 8, None: 4})
            assert again == strata
        finally:
            for log_id in ids:
                await store.request_logs.delete(log_id)

    run(work())


def test_reading_keeps_the_order_and_leaves_out_what_is_gone(sampled: tuple[Store, Population], run: Run[Any]) -> None:
    store, population = sampled
    first, second = population.sequences[5], population.sequences[2]
    logs = run(store.log_samples.read([first, 2**40, second]))
    assert [log.id for log in logs] == [population.ids[5], population.ids[2]]
    assert logs[0].content is not None
    assert logs[0].content.input == b"5"
    assert list(run(store.log_samples.read([]))) == []


# Strata ---------------------------------------------------------------------------------------------------------------


def label(value: Any) -> str | None:
    """Return the name of the stratum of a value: numbers with up to 15 digits, none for what holds others."""
    if value is None or isinstance(value, dict | list):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else f"{float(value):.15g}"


def _labels(population: Population, field: str, unit: str) -> list[str | None]:
    if field == "model":
        return list(population.models)
    if field == "status":
        return list(population.statuses)
    if field in ("cost", "total_cost"):
        return [label(0.0 if cost is None and unit == "traces" else cost) for cost in population.costs]
    if field == "stream":
        return [label(value) for value in population.is_stream]
    path = field.split(".")[1:]
    return [label(value_at(metadata, path)) for metadata in population.metadata]


PATHS = (
    *("metadata.plan", "metadata.nested.plan", "metadata.nested.list.0", "metadata.nested", "metadata.n"),
    "metadata.missing",
)
FIELDS = [
    *(("logs", name) for name in ("model", "status", "cost", "stream", *PATHS)),
    *(("traces", name) for name in ("status", "total_cost", *PATHS)),
]


@pytest.mark.parametrize(("unit", "field"), FIELDS)
def test_strata_are_counted_and_filled_by_the_value_of_a_field(
    sampled: tuple[Store, Population], run: Run[Any], unit: Any, field: str
) -> None:
    store, population = sampled
    labels = _labels(population, field, unit)
    sizes = Counter(labels)
    assert run(store.log_samples.strata(unit, LogQuery(), field)) == sizes
    for seed, quotas in (
        (1, {value: 3 for value in sizes}),
        (2, {value: 1 + place % 4 for place, value in enumerate(sizes)}),
        (3, {value: size + 5 for value, size in sizes.items()}),
        (4, {next(iter(sizes)): 2, "never": 3}),
        (5, {}),
    ):
        taken = run(store.log_samples.choose_from_strata(unit, LogQuery(), field, seed, quotas))
        expected = {
            value: [
                population.sequences[place]
                for place in sorted(
                    [place for place, found in enumerate(labels) if found == value], key=population.random_key(seed)
                )
            ][:quota]
            for value, quota in quotas.items()
        }
        assert taken == expected


def test_numbers_of_metadata_that_agree_in_fifteen_digits_are_one_stratum(
    sampled: tuple[Store, Population], run: Run[Any]
) -> None:
    store, _ = sampled
    numbers = [0.3, 0.1 + 0.2, 2**63, -(2**63), 1e30, 10**30, 0.5]
    ids = run(record(store, [log_draft(n, metadata={"digits": n}, timestamp=at(1_000)) for n in numbers]))
    try:
        strata = run(store.log_samples.strata("logs", LogQuery(start=at(1_000)), "metadata.digits"))
        assert strata == Counter(map(label, numbers))
    finally:
        for log_id in ids:
            run(store.request_logs.delete(log_id))


def test_strata_keep_to_the_query(sampled: tuple[Store, Population], run: Run[Any]) -> None:
    store, population = sampled
    query = where("status", "error")
    inside = [place for place, status in enumerate(population.statuses) if status == "error"]
    assert run(store.log_samples.strata("logs", query, "model")) == Counter(population.models[n] for n in inside)
    taken = run(store.log_samples.choose_from_strata("logs", query, "model", 1, {"o1": 1_000}))
    assert sorted(taken["o1"]) == [population.sequences[n] for n in inside if population.models[n] == "o1"]
    both = LogQuery(environments=BOTH)
    doubled = {value: 2 * size for value, size in Counter(population.models).items()}
    assert run(store.log_samples.strata("logs", both, "model")) == doubled


@pytest.mark.parametrize("unit", ["logs", "traces"])
@pytest.mark.parametrize("field", ["metadata", "input", "nothing", "scores.quality", ""])
def test_what_has_no_single_value_cannot_make_strata(
    sampled: tuple[Store, Population], run: Run[Any], unit: Any, field: str
) -> None:
    with pytest.raises(Invalid):
        run(sampled[0].log_samples.strata(unit, LogQuery(), field))


# Fairness -------------------------------------------------------------------------------------------------------------


def _chosen_sets(store: Store, run: Run[Any], query: LogQuery, size: int, times: int) -> list[list[int]]:
    async def work() -> list[list[int]]:
        return [list(await store.log_samples.choose("logs", query, "random", seed, 0, size)) for seed in range(times)]

    found: list[list[int]] = run(work())
    return found


def test_every_log_and_every_pair_is_as_likely_as_any_other(sampled: tuple[Store, Population], run: Run[Any]) -> None:
    store, population = sampled
    # Nine logs make 36 pairs: about 20 samples for each.
    members = [place for place in range(150) if population.seconds[place] == 4][:9]
    query = where("id", *(population.ids[place] for place in members))
    samples = _chosen_sets(store, run, query, 2, 720)
    first = Counter(sample[0] for sample in samples)
    pairs = Counter(frozenset(sample) for sample in samples)
    everyone = [population.sequences[place] for place in members]
    every_pair = [frozenset(pair) for pair in combinations(everyone, 2)]
    assert stats.chisquare([first[one] for one in everyone]).pvalue > _ALPHA
    assert stats.chisquare([pairs[pair] for pair in every_pair]).pvalue > _ALPHA


def _chosen_places(hashes: np.ndarray[Any, Any], size: int, seeds: range) -> np.ndarray[Any, Any]:
    """Return how often each place is among the first `size`, by the arithmetic of the stores."""
    counts = np.zeros(len(hashes), dtype=np.int64)
    for seed in seeds:
        a, b = coefficients(seed)
        counts[np.argpartition((hashes * a + b) % PRIME, size)[:size]] += 1
    return counts


def test_neighbouring_seeds_take_every_log_of_a_large_population_equally_often() -> None:
    draw = random.Random(3)
    ids = [f"{draw.getrandbits(128):032x}" for _ in range(2_000)]
    hashes = np.array([zlib.crc32(one.encode()) % PRIME for one in ids], dtype=np.int64)
    size, times = 100, 8_000
    counts = _chosen_places(hashes, size, range(times))
    expected = times * size / len(ids)
    # Without replacement the variance is smaller by the share that is not taken.
    statistic = ((counts - expected) ** 2 / (expected * (1 - size / len(ids)))).sum() * (len(ids) - 1) / len(ids)
    assert stats.chi2.sf(statistic, len(ids) - 1) > _ALPHA
    assert stats.chi2.cdf(statistic, len(ids) - 1) > _ALPHA


def test_coefficients_are_those_of_a_universal_hash_and_differ_from_seed_to_seed() -> None:
    pairs = [coefficients(seed) for seed in (*range(-500, 500), 2**63, 2**64 - 501)]
    # A seed counts modulo 2^64.
    assert pairs[-1] == coefficients(-501)
    assert len(set(pairs)) == len(pairs)
    assert all(1 <= a < PRIME and 0 <= b < PRIME for a, b in pairs)
