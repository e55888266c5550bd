"""What a call of a model costs: list prices kept as data, and the operator's own prices over them."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from assay.model.errors import Invalid

_MILLION = 1_000_000
# Names of models are the clients' own words: no more of them are remembered.
_MOST_REMEMBERED = 10_000
# What LiteLLM and other routers call providers, where the price data has another name.
_PROVIDERS = {
    **{"gemini": "google", "vertex_ai": "google", "vertexai": "google", "google_genai": "google"},
    **{"bedrock": "aws", "together_ai": "together", "togetherai": "together", "fireworks_ai": "fireworks"},
    **{"xai": "x-ai", "azure_openai": "azure", "azure_ai": "azure", "mistralai": "mistral", "meta-llama": "meta"},
}
# Who may be meant by a name that tells no provider, such as `text-embedding-3-small`.
_GUESSED_PROVIDERS = ("openai", "cohere", "voyageai", "aws")


@dataclass(frozen=True, slots=True)
class UnitPrices:
    """Prices in US dollars per token, and per request."""

    input: float
    output: float
    cache_read: float
    cache_write: float
    request: float = 0.0

    def cost(self, prompt: int, completion: int, hit: int, creation: int) -> float:
        """Return the cost of a call in US dollars; `prompt` includes the cached tokens."""
        return (
            self.request
            + (prompt - hit - creation) * self.input
            + completion * self.output
            + hit * self.cache_read
            + creation * self.cache_write
        )


def price_of(
    model: str,
    provider_id: str | None,
    prompt_tokens: int,
    completion_tokens: int,
    cache_hit_tokens: int,
    cache_creation_tokens: int,
) -> float | None:
    """Return what a call costs in US dollars, or None when no price is known.

    Cached tokens are among the prompt tokens; where they are more than these, they were counted beside them.
    """
    prices = _prices_of(model, provider_id)
    if prices is None:
        return None
    if cache_hit_tokens + cache_creation_tokens > prompt_tokens:
        prompt_tokens += cache_hit_tokens + cache_creation_tokens
    if not isinstance(prices, UnitPrices):
        prices = _unit_prices(prices.get_prices(datetime.now(UTC)), prompt_tokens)
        if prices is None:
            return None
    cost = prices.cost(prompt_tokens, completion_tokens, cache_hit_tokens, cache_creation_tokens)
    return round(cost, 12) if cost >= 0 else None


@lru_cache(maxsize=_MOST_REMEMBERED)
def _prices_of(model: str, provider_id: str | None) -> Any:
    """Return the unit prices of a model, or what knows them where time or size of a call matter; None: unknown."""
    candidates = list(_candidates(model.lower().strip(), provider_id.lower().strip() if provider_id else None))
    for provider, name in candidates:
        for key in (f"{provider}/{name}", name):
            if key in _own_prices:
                return _own_prices[key]
    bare = candidates[-1][1]
    for provider, name in (*candidates, *((provider, bare) for provider in _GUESSED_PROVIDERS)):
        model_info = _find(provider, name)
        if model_info is not None:
            prices = model_info.prices
            varies = isinstance(prices, list) or any(hasattr(price, "tiers") for price in vars(prices).values())
            return model_info if varies else _unit_prices(prices, 0)
    return None


def _candidates(model: str, provider: str | None) -> Iterator[tuple[str | None, str]]:
    """Yield the providers and names that a model may be listed under, the most exact first."""
    if provider:
        yield _PROVIDERS.get(provider, provider), model
    yield None, model
    head, slash, rest = model.partition("/")
    if slash and rest:
        # `openai/gpt-4o`, `openrouter/openai/gpt-4o`, `models/gemini-2.5-pro`
        yield from _candidates(rest, head)


def _find(provider_id: str | None, name: str) -> Any:
    from genai_prices.data import providers
    from genai_prices.data_snapshot import find_provider_by_id

    if provider_id is not None:
        provider = find_provider_by_id(providers, provider_id)
    else:
        matching = (one for one in providers if one.model_match is not None and one.model_match.is_match(name))
        provider = next(matching, None)
    return None if provider is None else provider.find_model(name, all_providers=providers)


def _unit_prices(prices: Any, prompt_tokens: int) -> UnitPrices | None:
    """Return the prices that hold for a call of this size, or None for a model that is not priced by the token."""
    given = {name: _at_size(price, prompt_tokens) for name, price in vars(prices).items() if price is not None}
    if "input_mtok" not in given and "output_mtok" not in given:
        return None
    input_price = given.get("input_mtok", 0.0)
    return UnitPrices(
        input_price / _MILLION,
        given.get("output_mtok", 0.0) / _MILLION,
        # Where a provider has no price of its own for them, cached tokens are tokens like all others.
        given.get("cache_read_mtok", input_price) / _MILLION,
        given.get("cache_write_mtok", input_price) / _MILLION,
        given.get("requests_kcount", 0.0) / 1000,
    )


def _at_size(price: Any, prompt_tokens: int) -> float:
    """Return a price, of tiers that of the highest one that a prompt reaches: it holds for all of its tokens."""
    if not hasattr(price, "tiers"):
        return float(price)
    reached = [tier.price for tier in price.tiers if prompt_tokens > tier.start]
    return float(reached[-1] if reached else price.base)


_own_prices: dict[str, UnitPrices] = {}
_OWN_NAMES = ("input", "output", "cache_read", "cache_write")


def load_prices(path: Path | None) -> None:
    """Take the operator's prices from a JSON file, over the list prices; None: the list prices alone.

    `{"<model>": {"input": 2.5, "output": 10, "cache_read": 1.25, "cache_write": 2.5}}`, US dollars per million tokens;
    the cache prices default to the input price. A name may carry its provider (`azure/gpt-4o`). Raises Invalid.
    """
    own = {} if path is None else _read_prices(path)
    _own_prices.clear()
    _own_prices.update(own)
    _prices_of.cache_clear()


def _read_prices(path: Path) -> dict[str, UnitPrices]:
    try:
        models = json.loads(path.read_bytes())
    except OSError as error:
        raise Invalid(f"The prices in {path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise Invalid(f"The prices in {path} are not JSON: {error}.") from None
    if not isinstance(models, dict):
        raise Invalid(f"The prices in {path} must be an object of models and their prices.")
    return {name.lower().strip(): _read_model(path, name, prices) for name, prices in models.items()}


def _read_model(path: Path, model: str, prices: Any) -> UnitPrices:
    if not isinstance(prices, Mapping):
        raise Invalid(f"The prices of {model} in {path} must be an object of {', '.join(_OWN_NAMES)}.")
    unknown = [name for name in prices if name not in _OWN_NAMES]
    if unknown:
        raise Invalid(f"The prices of {model} in {path} have no '{unknown[0]}': use {', '.join(_OWN_NAMES)}.")
    if "input" not in prices and "output" not in prices:
        raise Invalid(f"The prices of {model} in {path} need an input or an output price.")
    for name, price in prices.items():
        if isinstance(price, bool) or not isinstance(price, (int, float)) or not math.isfinite(price) or price < 0:
            raise Invalid(
                f"The {name} price of {model} in {path} is {price!r}: use US dollars per million tokens, from 0."
            )
    unit = {name: price / _MILLION for name, price in prices.items()}
    input_price = unit.get("input", 0.0)
    return UnitPrices(
        input_price,
        unit.get("output", 0.0),
        unit.get("cache_read", input_price),
        unit.get("cache_write", input_price),
    )


def are_list_prices_loaded() -> bool:
    """Tell whether the next price comes at once; the first one waits for half a second of reading."""
    return "genai_prices.data" in sys.modules


def load_list_prices() -> None:
    """Read the list prices, for a caller whose thread may wait."""
    price_of("gpt-4o", None, 1, 1, 0, 0)


def list_models() -> list[dict[str, Any]]:
    """Return the models that have a price by the token, as the contract lists them (section 16), US dollars per 1M."""
    from genai_prices.data import providers

    models = []
    now = datetime.now(UTC)
    for provider in providers:
        shown: dict[str, Any] = {"provider_name": provider.name, "provider_id": provider.id}
        shown |= {"moderation": None, "credential_fields": []}
        for model in provider.models:
            prices = _unit_prices(model.get_prices(now), 0)
            if prices is not None:
                models.append(
                    {
                        "model_name": model.id,
                        "max_context_window": model.context_window,
                        "input_cost": round(prices.input * _MILLION, 6),
                        "output_cost": round(prices.output * _MILLION, 6),
                        "rate_limit": None,
                        "provider": shown,
                    }
                )
    return models
