"""Prices: the bundled list against its own calculator, and the operator's file over it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from genai_prices import Usage, calc_price

from assay.model.errors import Invalid
from assay.providers.prices import list_models, load_prices, price_of


@pytest.fixture(autouse=True)
def _list_prices_again() -> Iterator[None]:
    yield
    load_prices(None)


def prices_in(directory: Path, prices: Any) -> Path:
    path = directory / "prices.json"
    path.write_text(prices if isinstance(prices, str) else json.dumps(prices))
    return path


def cost(model: str, provider: str | None = None) -> float | None:
    return price_of(model, provider, 1000, 100, 0, 0)


# Plain prices, prices in tiers below and above the step, cached tokens with a price of their own.
@pytest.mark.parametrize("model", ["gpt-4o", "claude-sonnet-4-20250514", "gemini-2.5-pro", "mistral-large-latest"])
@pytest.mark.parametrize("tokens", [(1000, 100, 0, 0), (1000, 100, 400, 200), (300_000, 10, 1000, 0), (0, 0, 0, 0)])
def test_the_price_is_that_of_the_price_list(model: str, tokens: tuple[int, int, int, int]) -> None:
    usage = Usage(**dict(zip(("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"), tokens,
                             strict=True)))  # fmt: skip
    assert price_of(model, None, *tokens) == pytest.approx(float(calc_price(usage, model).total_price), abs=1e-11)


@pytest.mark.parametrize(
    ("written", "provider"),
    [
        ("openai/gpt-4o", None), ("gpt-4o-2024-08-06", None), ("GPT-4o", None), ("azure/gpt-4o", None),
        ("openrouter/openai/gpt-4o", None), ("gpt-4o", "azure_openai"), ("gpt-4o", "a gateway of ours"),
    ],
)  # fmt: skip
def test_a_model_is_found_under_the_names_that_clients_write(written: str, provider: str | None) -> None:
    assert cost(written, provider) == cost("gpt-4o") != 0.0


@pytest.mark.parametrize(
    "written",
    ["anthropic/claude-haiku-4-5", "vertex_ai/gemini-2.5-pro", "gemini/gemini-2.5-flash", "models/gemini-2.5-pro",
     "bedrock/anthropic.claude-3-5-sonnet-20241022-v2:0", "text-embedding-3-small",
     "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo"],
)  # fmt: skip
def test_a_model_behind_a_router_has_a_price(written: str) -> None:
    assert (cost(written) or 0) > 0


@pytest.mark.parametrize("model", ["support-v2", "", "/", "a/b/c", "ft:gpt-4o:acme", "whisper-1"])
def test_a_model_without_a_price_by_the_token_has_no_cost_rather_than_none_to_pay(model: str) -> None:
    assert cost(model) is None


def test_cached_tokens_beyond_the_prompt_were_counted_beside_it() -> None:
    assert price_of("gpt-4o", None, 10, 0, 500, 0) == price_of("gpt-4o", None, 510, 0, 500, 0)


def test_an_operator_adds_and_overrides_prices(tmp_path: Path) -> None:
    listed = cost("azure/gpt-4o")
    own = {"Support-V2": {"input": 1, "output": 2, "cache_read": 0.5}, "azure/gpt-4o": {"input": 9}}
    load_prices(prices_in(tmp_path, own))
    assert cost("support-v2") == pytest.approx(0.0012)
    assert cost("openai/support-v2") == pytest.approx(0.0012)
    assert price_of("support-v2", None, 1000, 0, 500, 100) == pytest.approx(0.00075)
    assert cost("azure/gpt-4o") == cost("gpt-4o", "azure") == pytest.approx(0.009)
    assert cost("gpt-4o") != pytest.approx(0.009)
    load_prices(None)
    assert (cost("support-v2"), cost("azure/gpt-4o")) == (None, listed)


@pytest.mark.parametrize(
    ("prices", "message"),
    [
        ("{", "are not JSON"),
        ([], "must be an object of models"),
        ({"m": 3}, "The prices of m in .* must be an object of input, output, cache_read, cache_write"),
        ({"m": {"inptu": 3}}, "have no 'inptu'"),
        ({"m": {"cache_read": 3}}, "need an input or an output price"),
        ({"m": {"input": -1}}, "The input price of m in .* is -1: use US dollars per million tokens"),
        ({"m": {"input": "3"}}, "is '3'"),
        ({"m": {"input": True}}, "is True"),
        ('{"m": {"input": Infinity}}', "is inf"),
    ],
)
def test_a_wrong_price_is_named_and_the_prices_before_it_stay(tmp_path: Path, prices: Any, message: str) -> None:
    load_prices(prices_in(tmp_path, {"mine": {"input": 1}}))
    with pytest.raises(Invalid, match=message):
        load_prices(prices_in(tmp_path, prices))
    assert cost("mine") == pytest.approx(0.001)


def test_a_file_of_prices_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="cannot be read: No such file"):
        load_prices(tmp_path / "none.json")


def test_the_models_are_listed_with_their_prices_per_million_tokens() -> None:
    models = {(model["provider"]["provider_id"], model["model_name"]): model for model in list_models()}
    listed = models["openai", "gpt-4o"]
    assert price_of("gpt-4o", None, 1_000_000, 0, 0, 0) == pytest.approx(listed["input_cost"])
    assert price_of("gpt-4o", None, 0, 1_000_000, 0, 0) == pytest.approx(listed["output_cost"])
    assert listed["max_context_window"] > 0
