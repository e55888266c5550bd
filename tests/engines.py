"""Engines for tests that stand inside a server: over given stores, with models, sandbox and vault of their own."""

from __future__ import annotations

from collections.abc import Mapping

from assay.engine.evaluations import Workshop
from assay.engine.inline import InlineEngine
from assay.engine.models import Models, known_from
from assay.evaluators.sandbox.pool import SandboxPool
from assay.ports.store import Stores
from assay.providers.environment import environment_providers
from assay.providers.vault import Vault
from tests.conformance.builders import T0

VAULT = Vault(bytes(32))


def inline_engine(stores: Stores, environment: Mapping[str, str] | None = None) -> InlineEngine:
    """Return an embedded engine that is not started; `environment` names providers of models."""
    known = known_from(environment_providers(environment or {}), T0)
    return InlineEngine(stores, Workshop(Models(stores, VAULT, known), SandboxPool()))
