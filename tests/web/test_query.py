"""The filter language of the UI: what it finds in the real API, and that its texts survive being changed."""

from __future__ import annotations

import fnmatch
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from assay.filters import fields as server_fields
from tests.flows.client import Api
from tests.web.demo import demo_server

MODELS = ["gpt-4o", "gpt-4o-mini", "claude (beta)", 'say "hi"', "a..b", "50*2", None]
PLANS = ["pro", "free", "2", 2, True, None]
WORDS = ["refund policy", "where is my Order", "e-mail me", "naïve café"]
DAYS = ["2026-01-04T23:59:59Z", "2026-01-05T00:00:00Z", "2026-01-05T23:59:59.999Z", "2026-01-06T00:00:00Z"]


def _log(number: int) -> dict[str, Any]:
    pick = random.Random(number)
    plan = pick.choice(PLANS)
    return {
        "input": [{"role": "user", "content": pick.choice(WORDS)}],
        "output": {"role": "assistant", "content": f"answer {number % 7}"},
        "model": pick.choice(MODELS),
        "latency": pick.choice([0.05, 0.5, 1.0, 2.5]),
        "cost": pick.choice([0.0, 0.001, 0.02]),
        "status": pick.choice(["success", "failed"]),
        "stream": pick.random() < 0.5,
        "timestamp": pick.choice(DAYS),
        "custom_identifier": str(number),
        "metadata": {
            "number": number,
            "due date": pick.choice(["soon", "late"]),
            **({} if plan is None else {"plan": plan}),
        }
        | ({"tags": ["red", "blue"]} if number % 3 == 0 else {"tags": ["infrared"]}),
    }


LOGS = [_log(number) for number in range(60)]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server that has these logs and no others."""
    with demo_server(tmp_path_factory.mktemp("none"), tmp_path_factory.mktemp("filters")) as server:
        api = Api(server.url, server.api_key)
        api.ok("POST", "/api/request-logs/batch/create", {"logs": LOGS}, status=201)
        yield api
        api.session.close()


@pytest.fixture
def lower(page: Page, module: Callable[[str], str]) -> Callable[..., dict[str, Any]]:
    """Turn a text into the API's words, in the real browser."""
    script = """async ([url, text, noun]) => {
      const {parseQuery, toFilters} = await import(url);
      const query = parseQuery(text, noun);
      return {problems: query.problems, ...(query.problems.length ? {} : toFilters(query))};
    }"""

    address = module("lib/query.js")
    return lambda text, noun="request log": page.evaluate(script, [address, text, noun])


def _found(api: Api, said: dict[str, Any]) -> set[int]:
    assert said["problems"] == []
    body = {"filters": said["filters"], "start_time": "2000-01-01T00:00:00Z", "page_size": 1000}
    body |= {"search": said["search"]} if "search" in said else {}
    answer = api.ok("POST", "/api/request-logs/list/", body)
    return {int(log["custom_identifier"]) for log in answer["results"]}


def _latency(test: Callable[[float], bool]) -> Callable[[dict[str, Any]], bool]:
    return lambda log: test(log["latency"])


def _model(pattern: str) -> Callable[[dict[str, Any]], bool]:
    return lambda log: log["model"] is not None and fnmatch.fnmatchcase(log["model"], pattern)


def _plan(log: dict[str, Any]) -> Any:
    return log["metadata"].get("plan")


MEANINGS: list[tuple[str, Callable[[dict[str, Any]], bool]]] = [
    ("model:gpt-4o", lambda log: log["model"] == "gpt-4o"),
    ("-model:gpt-4o", lambda log: log["model"] != "gpt-4o"),
    ('model:(gpt-4o OR "claude (beta)")', lambda log: log["model"] in ("gpt-4o", "claude (beta)")),
    ('-model:(gpt-4o OR "claude (beta)")', lambda log: log["model"] not in ("gpt-4o", "claude (beta)")),
    (r'model:"say \"hi\""', lambda log: log["model"] == 'say "hi"'),
    ('model:"a..b"', lambda log: log["model"] == "a..b"),
    ('model:"50*2"', lambda log: log["model"] == "50*2"),
    ("model:gpt*", _model("gpt*")),
    ("model:*mini", _model("*mini")),
    ("model:*4*", _model("*4*")),
    ("model:g*mini", _model("g*mini")),
    ('model:(*mini OR "a..b")', lambda log: log["model"] in ("gpt-4o-mini", "a..b")),
    ("has:model", lambda log: log["model"] is not None),
    ("-has:model", lambda log: log["model"] is None),
    ("latency:>0.5", _latency(lambda value: value > 0.5)),
    ("latency:>=0.5", _latency(lambda value: value >= 0.5)),
    ("latency:<0.5", _latency(lambda value: value < 0.5)),
    ("latency:<=0.5", _latency(lambda value: value <= 0.5)),
    ("latency:0.5..1", _latency(lambda value: 0.5 <= value <= 1)),
    ("latency:1..", _latency(lambda value: value >= 1)),
    ("latency:..0.5", _latency(lambda value: value <= 0.5)),
    ("latency:(<0.1 OR 1..2 OR 2.5)", _latency(lambda value: value != 0.5)),
    ("latency:>0.1 latency:<2", _latency(lambda value: 0.1 < value < 2)),
    ("created:2026-01-05", lambda log: log["timestamp"].startswith("2026-01-05")),
    ("created:>2026-01-05", lambda log: log["timestamp"] >= "2026-01-06"),
    ("created:<=2026-01-05", lambda log: log["timestamp"] < "2026-01-06"),
    ("created:<2026-01-05", lambda log: log["timestamp"] < "2026-01-05"),
    ("created:2026-01-04..2026-01-05", lambda log: log["timestamp"] < "2026-01-06"),
    ('created:"2026-01-05 00:00"', lambda log: log["timestamp"] == DAYS[1]),
    ("stream:true", lambda log: log["stream"]),
    ("-stream:true", lambda log: not log["stream"]),
    ("metadata.plan:2", lambda log: _plan(log) in ("2", 2) and _plan(log) is not True),
    ("metadata.plan:true", lambda log: _plan(log) is True),
    ("-metadata.plan:pro", lambda log: _plan(log) not in ("pro", None)),
    ("metadata.number:>=50", lambda log: log["metadata"]["number"] >= 50),
    ('metadata."due date":soon', lambda log: log["metadata"]["due date"] == "soon"),
    ("tag:red", lambda log: "red" in log["metadata"]["tags"]),
    ("-tag:red", lambda log: "red" not in log["metadata"]["tags"]),
    ("status:failed cost:>0", lambda log: log["status"] == "failed" and log["cost"] > 0),
    ("refund", lambda log: "refund" in log["input"][0]["content"]),
    ('"is my order" where', lambda log: "Order" in log["input"][0]["content"]),
    ("e-mail", lambda log: "e-mail" in log["input"][0]["content"]),
    ("café model:gpt-4o", lambda log: "café" in log["input"][0]["content"] and log["model"] == "gpt-4o"),
]


def test_every_text_finds_in_the_api_what_it_says(recorded: Api, lower: Callable[..., dict[str, Any]]) -> None:
    for text, holds in MEANINGS:
        wanted = {number for number, log in enumerate(LOGS) if holds(log)}
        assert _found(recorded, lower(text)) == wanted, text
        assert wanted, f"{text} matches nothing: it tests nothing"


def test_terms_joined_find_what_each_of_them_finds(recorded: Api, lower: Callable[..., dict[str, Any]]) -> None:
    pick = random.Random(7)
    for _ in range(60):
        chosen = pick.sample(MEANINGS, pick.choice([2, 2, 3]))
        text = " ".join(text for text, _ in chosen)
        wanted = {number for number, log in enumerate(LOGS) if all(holds(log) for _, holds in chosen)}
        assert _found(recorded, lower(text)) == wanted, text


@pytest.mark.parametrize(
    ("text", "marked", "said"),
    [
        ("custmer:ada", "custmer:ada", "has no field"),
        ("modle:x", "modle:x", "Did you mean model?"),
        ("latency:fast", "latency:fast", "is not a number"),
        ("created:yesterday", "created:yesterday", "is not a time"),
        ("created:2026-02-30", "created:2026-02-30", "is not a time"),
        ("stream:maybe", "stream:maybe", "neither true nor false"),
        ("model:", "model:", "Write a value"),
        ("model:(a b)", "b", "OR between"),
        ("model:(a OR", "(a OR", "not closed"),
        ("model:()", "()", "values between the brackets"),
        ('model:"a', '"a', "not closed"),
        ('"refund', '"refund', "not closed"),
        ("-refund", "-refund", "cannot be excluded"),
        ("-latency:>1", "-latency:>1", "turn it round"),
        ("-model:a*b", "-model:a*b", "cannot be excluded"),
        ("latency:1*", "latency:1*", "is no text"),
        ("score:0.5", "score:0.5", "Name the evaluator"),
        ("has:nothing", "has:nothing", "has no field"),
        ("model:a OR model:b", "OR", "joins values of one key"),
        ("(model:a)", "(", "only after a key"),
        ("model:(*(beta)* OR a)", "(", "Brackets stand only once"),
        ("?!", "?!", "letters and digits"),
        ("https://example.com", "https://example.com", "quotation marks"),
    ],
)
def test_what_the_api_cannot_say_is_a_problem_at_its_place(
    lower: Callable[..., dict[str, Any]], text: str, marked: str, said: str
) -> None:
    problem = lower(text)["problems"][0]
    assert text[problem["from"] : problem["to"]] == marked
    assert said in problem["message"]


def test_any_value_and_key_survive_being_written_and_read(page: Page, module: Callable[[str], str]) -> None:
    alphabet = [*'ab "\\():*.-<>=,\t√é√O R日', "OR", "..", "💡"]
    pick = random.Random(11)
    values = ["".join(pick.choices(alphabet, k=pick.randint(0, 9))) for _ in range(400)]
    read = page.evaluate(
        """async ([url, values]) => {
          const {addTerm, removeTerm, valuesOf, parseQuery, toFilters} = await import(url);
          return values.map((value, at) => {
            const other = values[(at + 1) % values.length];
            const one = addTerm("status:failed “x” refund", "model", value);
            const two = addTerm(one, "model", other);
            const query = parseQuery(two, "request log");
            const flipped = addTerm(two, "model", value, {isExcluded: true});
            return {problems: query.problems, filters: toFilters(query).filters.model.value, other,
                    back: removeTerm(removeTerm(two, "model", other), "model", value),
                    values: [...valuesOf(two, "model").included], flipped: [...valuesOf(flipped, "model").excluded]};
          });
        }""",
        [module("lib/query.js"), values],
    )
    for value, said in zip(values, read, strict=True):
        wanted = [value] if value == said["other"] else [value, said["other"]]
        assert said["problems"] == []
        assert said["filters"] == said["values"] == wanted
        assert said["back"] == "status:failed “x” refund"
        assert said["flipped"] == [value]


def test_a_term_added_beside_a_mistake_leaves_the_mistake_as_it_is(page: Page, module: Callable[[str], str]) -> None:
    texts = ["model:(a OR", 'x "open', "latency:fast"]
    added = page.evaluate(
        """async ([url, texts]) => {
          const {addTerm, removeTerm} = await import(url);
          return texts.map(text => {
            const added = addTerm(text, "status", "failed");
            return [added, removeTerm(added, "status", "failed")];
          });
        }""",
        [module("lib/query.js"), texts],
    )
    for text, (with_term, without) in zip(texts, added, strict=True):
        assert "status:failed" in with_term
        assert without == text


def test_a_range_takes_the_place_of_the_range_before(page: Page, module: Callable[[str], str]) -> None:
    changed = page.evaluate(
        """async url => {
          const {addRange} = await import(url);
          return addRange("score.tone:<0.5 model:a score.tone:>0.1 -score.tone:1", "score.tone", "..", [0.2, 0.4]);
        }""",
        module("lib/query.js"),
    )
    assert changed == "model:a -score.tone:1 score.tone:0.2..0.4"


@pytest.mark.parametrize(
    ("noun", "fields"),
    [
        ("request log", server_fields.REQUEST_LOG_FIELDS),
        ("dataset log", server_fields.DATASET_LOG_FIELDS),
        ("dataset", server_fields.DATASET_FIELDS),
        ("evaluator", server_fields.EVALUATOR_FIELDS),
        ("eval report", server_fields.EVAL_REPORT_FIELDS),
    ],
)
def test_the_fields_are_those_of_the_server(
    page: Page, module: Callable[[str], str], noun: str, fields: server_fields.FieldSet
) -> None:
    kinds, aliases = page.evaluate(
        """async ([url, noun]) => {
          const {kinds, aliases} = (await import(url)).fieldsOf(noun);
          return [kinds, aliases];
        }""",
        [module("lib/query-fields.js"), noun],
    )
    assert kinds == {name: spec.kind for name, spec in fields.specs.items()}
    assert all(aliases[alias] == name for name, spec in fields.specs.items() for alias in spec.aliases)
    assert all(name == "scores" or fields.resolve(name) for name in aliases.values())


def test_words_look_into_names_where_a_list_has_no_text_search(lower: Callable[..., dict[str, Any]]) -> None:
    said = lower("nightly", "dataset")["filters"]
    (bundle,) = said.values()
    assert bundle["connector"] == "OR"
    assert bundle["filter_params"]["name"] == {"operator": "icontains", "value": ["nightly"]}
