"""Providers of models on the wire. A key comes in and never goes out."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, Field

from assay.model.errors import Invalid
from assay.model.provider import ANTHROPIC_BASE_URL, OPENAI_BASE_URL, ModelPrice, Provider, ProviderKind, ProviderLimits
from assay.wire.datasets import read_name
from assay.wire.editors import editor
from assay.wire.problems import REQUIRED

_DEFAULT_URLS: dict[ProviderKind, str] = {"openai": OPENAI_BASE_URL, "anthropic": ANTHROPIC_BASE_URL, "scripted": ""}
_LONGEST_NAME = 100
_LONGEST_URL = 2_000
_LONGEST_KEY = 4_096
_MOST_MODELS = 500
_LONGEST_MODEL = 200
_MOST_CONCURRENCY = 512
_LONGEST_TIMEOUT_SECONDS = 600.0
_MOST_PER_MINUTE = 1_000_000_000
_MOST_USD = 1_000_000.0
_SECRET_NAME = re.compile("key|token|secret|password|sig", re.IGNORECASE)
_WRITE_ONLY = "Write-only: no answer shows it."


class ProviderUpdate(BaseModel):
    """The body that changes a provider; what is absent stays as it is."""

    name: str | None = Field(default=None, description="Unique in the organisation; `<name>/<model>` means its model.")
    kind: Literal["openai", "anthropic", "scripted"] | None = Field(default=None, description="openai: any compatible.")
    base_url: str | None = Field(default=None, description="http or https; may be local, such as Ollama's.")
    key: str | None = Field(default=None, description=f"{_WRITE_ONLY} Empty or null removes it.")
    models: list[str] | None = Field(default=None, description="What it serves; empty: any model.")
    prices: dict[str, dict[str, Any]] | None = Field(
        default=None, description='USD for a million tokens: {"model": {"input_usd": 1, "output_usd": 2}}.'
    )
    limits: dict[str, Any] | None = Field(
        default=None, description="requests_per_minute, tokens_per_minute, max_concurrency, timeout_seconds."
    )
    is_enabled: bool | None = None


class ProviderCreate(ProviderUpdate):
    """The body that adds a provider: name and kind are required."""


class ProviderOut(BaseModel):
    """A provider; `has_key` says whether a key is stored."""

    id: str
    name: str
    kind: str
    base_url: str
    models: list[str]
    prices: dict[str, dict[str, float]]
    limits: dict[str, Any]
    has_key: bool
    is_enabled: bool
    is_from_environment: bool
    created_at: datetime
    updated_at: datetime
    created_by: dict[str, Any]


class ProviderTry(BaseModel):
    """Which model to ask."""

    model: str | None = Field(default=None, max_length=_LONGEST_MODEL, description="Default: its first.")


class ProviderTried(BaseModel):
    """What a tiny call came to."""

    is_working: bool
    model: str
    latency_seconds: float
    reply: str | None
    input_tokens: int | None
    output_tokens: int | None
    error_kind: str | None
    message: str


@dataclass(frozen=True, slots=True)
class ProviderChanges:
    """A provider as a body makes it; `key` None keeps what is stored, "" removes it."""

    provider: Provider
    key: str | None


def read_provider(body: ProviderUpdate, base: Provider, *, is_new: bool) -> ProviderChanges:
    """Return `base` as a body changes it; raises Invalid naming every wrong field, never with the key in it."""
    if is_new and body.name is None:
        raise Invalid.field("name", REQUIRED)
    if is_new and body.kind is None:
        raise Invalid.field("kind", f"{REQUIRED} Use openai, anthropic or scripted.")
    kind = body.kind or base.kind
    base_url = base.base_url
    if body.base_url is not None or is_new or kind != base.kind:
        base_url = _read_url(body.base_url or "", kind)
    provider = replace(
        base,
        name=base.name if body.name is None else _read_provider_name(body.name),
        kind=kind,
        base_url=base_url,
        models=base.models if body.models is None else _read_models(body.models),
        prices=base.prices if body.prices is None else _read_prices(body.prices),
        limits=base.limits if body.limits is None else _read_limits(body.limits, base.limits),
        is_enabled=base.is_enabled if body.is_enabled is None else body.is_enabled,
    )
    if kind == "scripted" and any(model.partition("/")[0] != "scripted" for model in provider.models):
        # Whoever reads a report must see that nobody was asked.
        raise Invalid.field("models", "A scripted model is called scripted, or scripted/ and its script.")
    key = _read_key(body.key or "") if "key" in body.model_fields_set else None
    if key is None and base.has_key and _origin(provider) != _origin(base):
        # Else whoever may change providers could have a key sent to an address of their own.
        raise Invalid.field("key", "The provider moves to another address: give its key again, or remove it with null.")
    return ProviderChanges(provider, key)


def _read_provider_name(text: str) -> str:
    name = read_name(text)
    if len(name) > _LONGEST_NAME or "/" in name or not name.isprintable():
        raise Invalid.field("name", f"Use at most {_LONGEST_NAME} printable characters without '/'.")
    return name


def _read_url(text: str, kind: ProviderKind) -> str:
    text = text.strip() or _DEFAULT_URLS[kind]
    if kind == "scripted":
        if text:
            raise Invalid.field("base_url", "A scripted provider asks nobody: it has no address.")
        return ""
    if len(text) > _LONGEST_URL or not text.isascii() or not text.isprintable() or " " in text:
        raise Invalid.field("base_url", f"Use at most {_LONGEST_URL:,} printable ASCII characters without spaces.")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise Invalid.field("base_url", f"This is no URL: {error}.") from None
    if parts.scheme not in ("http", "https") or not host:
        raise Invalid.field("base_url", f"Use an http or https URL, such as {OPENAI_BASE_URL}.")
    if parts.username is not None or parts.password is not None:
        raise Invalid.field("base_url", "An address must hold no credentials: send them as `key`.")
    # Azure wants `?api-version=`; what looks like a secret would be shown in every answer.
    if parts.fragment or any(_SECRET_NAME.search(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        raise Invalid.field("base_url", "An address must hold no credentials and no fragment: send a key as `key`.")
    return text.rstrip("/")


def _origin(provider: Provider) -> tuple[str, str | None, int | None]:
    parts = urlsplit(provider.base_url)
    return parts.scheme, parts.hostname, parts.port


def _read_key(text: str) -> str:
    key = text.strip()
    if len(key) > _LONGEST_KEY or not re.fullmatch(r"[\x21-\x7e]*", key):
        raise Invalid.field("key", f"Use at most {_LONGEST_KEY:,} printable ASCII characters without spaces.")
    return key


def _read_models(names: list[str]) -> tuple[str, ...]:
    if len(names) > _MOST_MODELS:
        raise Invalid.field("models", f"Name at most {_MOST_MODELS} models, not {len(names):,}.")
    return tuple(dict.fromkeys(_read_model(name, "models") for name in names))


def _read_model(name: str, field: str) -> str:
    if not name.strip() or len(name) > _LONGEST_MODEL or not name.isprintable():
        raise Invalid.field(field, f"The name of a model has 1 to {_LONGEST_MODEL} printable characters.")
    return name.strip()


def _read_prices(given: Mapping[str, Mapping[str, Any]]) -> dict[str, ModelPrice]:
    if len(given) > _MOST_MODELS:
        raise Invalid.field("prices", f"Give at most {_MOST_MODELS} prices, not {len(given):,}.")
    prices = {}
    for name, price in given.items():
        model = _read_model(name, "prices")
        place = f"prices.{model}"
        unknown = [key for key in price if key not in ("input_usd", "output_usd")]
        if unknown or len(price) != 2:
            raise Invalid.field(place, "Give input_usd and output_usd, in USD for a million tokens.")
        prices[model] = ModelPrice(
            _read_number(price["input_usd"], f"{place}.input_usd", 0.0, _MOST_USD),
            _read_number(price["output_usd"], f"{place}.output_usd", 0.0, _MOST_USD),
        )
    return prices


def _read_number(value: Any, field: str, lowest: float, highest: float) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # Compared before it becomes a float: an integer may be beyond every float.
    if not is_number or not lowest <= value <= highest or not math.isfinite(value):
        raise Invalid.field(field, f"Must be a number from {lowest:g} to {highest:,.0f}.")
    return float(value)


def _read_limits(given: Mapping[str, Any], base: ProviderLimits) -> ProviderLimits:
    """Lay limits over others; null is no limit for rates, and the default for the other two."""
    known = ("requests_per_minute", "tokens_per_minute", "max_concurrency", "timeout_seconds")
    unknown = [name for name in given if name not in known]
    if unknown:
        raise Invalid.field(f"limits.{unknown[0][:100]}", f"There is no such limit: use {', '.join(known)}.")
    values: dict[str, Any] = {}
    for name in ("requests_per_minute", "tokens_per_minute"):
        if name in given:
            values[name] = None if given[name] is None else _read_whole(given[name], name, _MOST_PER_MINUTE)
    if "max_concurrency" in given:
        value = given["max_concurrency"]
        default = ProviderLimits().max_concurrency
        values["max_concurrency"] = (
            default if value is None else _read_whole(value, "max_concurrency", _MOST_CONCURRENCY)
        )
    if "timeout_seconds" in given:
        value = given["timeout_seconds"]
        default_seconds = ProviderLimits().timeout_seconds
        field = "limits.timeout_seconds"
        values["timeout_seconds"] = (
            default_seconds if value is None else _read_number(value, field, 1.0, _LONGEST_TIMEOUT_SECONDS)
        )
    return replace(base, **values)


def _read_whole(value: Any, name: str, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise Invalid.field(f"limits.{name}", f"Must be a whole number from 1 to {most:,}.")
    return value


def provider_out(provider: Provider) -> dict[str, Any]:
    """Return a provider without its key."""
    limits = provider.limits
    return {
        "id": provider.id,
        "name": provider.name,
        "kind": provider.kind,
        "base_url": provider.base_url,
        "models": list(provider.models),
        "prices": {
            name: {"input_usd": price.input_usd, "output_usd": price.output_usd}
            for name, price in provider.prices.items()
        },
        "limits": {
            "requests_per_minute": limits.requests_per_minute,
            "tokens_per_minute": limits.tokens_per_minute,
            "max_concurrency": limits.max_concurrency,
            "timeout_seconds": limits.timeout_seconds,
        },
        "has_key": provider.has_key,
        "is_enabled": provider.is_enabled,
        "is_from_environment": provider.is_from_environment,
        "created_at": provider.created_at,
        "updated_at": provider.updated_at,
        "created_by": editor(provider.created_by),
    }
