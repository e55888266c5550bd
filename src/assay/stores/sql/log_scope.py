"""Where request logs stand: organisation and environment as one number, first in every index."""

from __future__ import annotations

from collections.abc import Sequence

from assay.model.access import ENVIRONMENTS, Environment


def scope_of(organization_id: int, environment: Environment) -> int:
    """Return the scope of an environment of an organisation."""
    return organization_id * 2 + ENVIRONMENTS.index(environment)


def scopes_of(organization_id: int, own: Environment, wanted: Sequence[Environment]) -> list[int]:
    """Return the scopes of the environments wanted; none wanted means the store's own."""
    return sorted({scope_of(organization_id, environment) for environment in (wanted or (own,))})


def environment_of(scope: int) -> Environment:
    """Return the environment of a scope."""
    return ENVIRONMENTS[scope & 1]
