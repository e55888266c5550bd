"""Providers that the environment names, in the variables that their own clients read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assay.model.provider import ANTHROPIC_BASE_URL, OPENAI_BASE_URL, ProviderKind
from assay.providers.contract import Connection

_VARIABLES: tuple[tuple[str, ProviderKind, str, str, str], ...] = (
    ("openai", "openai", "OPENAI_API_KEY", "OPENAI_BASE_URL", OPENAI_BASE_URL),
    ("anthropic", "anthropic", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", ANTHROPIC_BASE_URL),
)


@dataclass(frozen=True, slots=True)
class EnvironmentProvider:
    """A connection that works without any set-up, and the name that it goes by."""

    name: str
    connection: Connection


def environment_providers(environment: Mapping[str, str]) -> Sequence[EnvironmentProvider]:
    """Read OPENAI_API_KEY, OPENAI_BASE_URL, ANTHROPIC_API_KEY and ANTHROPIC_BASE_URL; an empty one counts as absent.

    Either is enough: a key goes to the provider's own address, and an address without a key is a local server.
    """
    found = []
    for name, kind, key_variable, url_variable, default_url in _VARIABLES:
        key = environment.get(key_variable, "").strip()
        base_url = environment.get(url_variable, "").strip()
        if key or base_url:
            found.append(EnvironmentProvider(name, Connection(kind, base_url or default_url, key)))
    return found
