"""Who may do what: organisations, environments, API keys and their scopes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Environment = Literal["prod", "test"]
Scope = Literal["read", "write", "admin"]

ENVIRONMENTS: tuple[Environment, ...] = ("prod", "test")
SCOPES: tuple[Scope, ...] = ("read", "write", "admin")


@dataclass(frozen=True, slots=True)
class Organization:
    """The owner of everything; `id` is the small integer of the wire, `unique_id` the UUID shown on logs."""

    id: int
    unique_id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it can be shown again: never the secret, only its first eight characters."""

    id: str
    prefix: str
    name: str
    organization_id: int
    environment: Environment
    scopes: tuple[Scope, ...]
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """The place a request stands in: its key's organisation and environment, and what the key may do."""

    key_id: str
    key_prefix: str
    organization_id: int
    organization_unique_id: str
    environment: Environment
    scopes: tuple[Scope, ...]

    def may(self, scope: Scope) -> bool:
        """Tell whether the key holds `scope`; admin includes write, write includes read."""
        return any(SCOPES.index(held) >= SCOPES.index(scope) for held in self.scopes)


def widest(scopes: Sequence[str]) -> tuple[Scope, ...]:
    """Return the scopes in their canonical order without repeats; unknown words are dropped."""
    return tuple(scope for scope in SCOPES if scope in scopes)
