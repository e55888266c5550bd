"""Providers of models: where a judge's calls go, and within which limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

ProviderKind = Literal["openai", "anthropic", "scripted"]

OPENAI_BASE_URL = "https://api.openai.com/v1"
ANTHROPIC_BASE_URL = "https://api.anthropic.com"
PROVIDER_KINDS: tuple[ProviderKind, ...] = ("openai", "anthropic", "scripted")


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """What a model costs, in USD for a million tokens."""

    input_usd: float
    output_usd: float


@dataclass(frozen=True, slots=True)
class ProviderLimits:
    """How fast a provider may be asked; None is no limit known to us."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    max_concurrency: int = 64
    timeout_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Provider:
    """One place that answers model calls. Its key is never part of it: `has_key` says whether there is one.

    `models` are the names that it serves, an empty tuple means any; `is_from_environment` ones are read at start.
    """

    id: str
    name: str
    kind: ProviderKind
    base_url: str
    created_at: datetime
    updated_at: datetime
    models: tuple[str, ...] = ()
    prices: Mapping[str, ModelPrice] = field(default_factory=dict)
    limits: ProviderLimits = ProviderLimits()
    has_key: bool = False
    is_enabled: bool = True
    is_from_environment: bool = False
    created_by: str = ""
