"""From the name of a model to who answers it: client, gate and price."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from assay.engine.gate import ProviderGate
from assay.engine.rate_limit import Reserve
from assay.model.errors import Invalid
from assay.model.provider import ModelPrice, Provider, ProviderKind, ProviderLimits
from assay.ports.providers import ProviderStore
from assay.ports.store import Stores
from assay.providers.clients import ModelClients
from assay.providers.contract import ChatReply, Connection, ModelClient
from assay.providers.environment import EnvironmentProvider
from assay.providers.prices import are_list_prices_loaded, load_list_prices, price_of
from assay.providers.vault import Vault

_MILLION = 1_000_000
_SCRIPTED: ProviderKind = "scripted"


@dataclass(frozen=True, slots=True)
class NamedConnection:
    """A connection with the provider that it belongs to."""

    provider: Provider
    connection: Connection


@dataclass(frozen=True, slots=True)
class ModelRoute:
    """Where the calls to one model go. `model` is its name there."""

    provider: Provider
    model: str
    client: ModelClient
    gate: ProviderGate

    def cost_usd(self, reply: ChatReply) -> float | None:
        """Return what a reply cost: by the provider's own prices, else the list prices; None where nobody knows."""
        if self.provider.kind == _SCRIPTED:
            return 0.0
        if reply.cost_usd is not None:
            return reply.cost_usd
        if reply.input_tokens is None or reply.output_tokens is None:
            return None
        price = self.provider.prices.get(self.model)
        if price is not None:
            return _cost(price, reply.input_tokens, reply.output_tokens)
        for name in dict.fromkeys((reply.model, self.model)):
            cost = price_of(name, None, reply.input_tokens, reply.output_tokens, 0, 0)
            if cost is not None:
                return cost
        return None

    @property
    def has_price(self) -> bool:
        """Tell whether calls will have a known cost."""
        is_listed = self.model in self.provider.prices or self.provider.kind == _SCRIPTED
        return is_listed or price_of(self.model, None, 1, 1, 0, 0) is not None


def _cost(price: ModelPrice, input_tokens: int, output_tokens: int) -> float:
    return (input_tokens * price.input_usd + output_tokens * price.output_usd) / _MILLION


class Models:
    """Finds the provider of a model for an organisation, and keeps one client and one gate for each."""

    def __init__(
        self,
        stores: Stores,
        vault: Vault,
        environment: Sequence[NamedConnection],
        reservations: Callable[[str, str], Reserve] | None = None,
    ) -> None:
        """`environment`: what serves every organisation. `reservations`: counts a provider's limit across processes."""
        self._stores = stores
        self._vault = vault
        self._environment = environment
        self._reservations = reservations
        self._clients = ModelClients()
        self._gates: dict[tuple[str, ProviderLimits], ProviderGate] = {}

    async def close(self) -> None:
        """Let go of every connection."""
        await self._clients.close()

    async def route(self, organization_id: int, model: str) -> ModelRoute:
        """Return where calls to a model go; raises Invalid naming `llm_config.model` where nobody serves it.

        An organisation's own providers come before the environment's; `<provider>/<model>` names one.
        """
        if not are_list_prices_loaded():
            # Half a second of reading.
            await asyncio.to_thread(load_list_prices)
        own = [provider for provider in await self._store(organization_id).list() if provider.is_enabled]
        environment = {named.provider.id: named.connection for named in self._environment}
        found = _choose([*own, *(named.provider for named in self._environment)], model)
        if found is None:
            raise Invalid.field(
                "llm_config.model",
                f"No provider serves '{model[:100]}': add one at /api/providers/, or start the server with"
                " OPENAI_API_KEY, OPENAI_BASE_URL or ANTHROPIC_API_KEY.",
            )
        provider, name = found
        connection = environment.get(provider.id) or await self._connection(organization_id, provider)
        return ModelRoute(provider, name, self._clients.client(connection), self._gate(provider))

    def _gate(self, provider: Provider) -> ProviderGate:
        key = (provider.id, provider.limits)
        gate = self._gates.get(key)
        if gate is None:
            reserve = None if self._reservations is None else partial(self._reservations, provider.id)
            gate = self._gates[key] = ProviderGate(provider.limits, reserve)
        return gate

    def _store(self, organization_id: int) -> ProviderStore:
        return self._stores.within(organization_id, "prod").providers

    async def _connection(self, organization_id: int, provider: Provider) -> Connection:
        sealed = await self._store(organization_id).find_sealed_key(provider.id) if provider.has_key else None
        key = self._vault.open(sealed) if sealed else ""
        return Connection(provider.kind, provider.base_url, key, provider.limits.timeout_seconds)


def _choose(known: Sequence[Provider], model: str) -> tuple[Provider, str] | None:
    for provider in known:
        if model in provider.models:
            return provider, model
    head, slash, rest = model.partition("/")
    for provider in known:
        if provider.kind == _SCRIPTED:
            # By its own name alone, so that nobody takes its answers for a model's.
            if head == _SCRIPTED:
                return provider, model
        elif slash and rest and provider.name.lower() == head.lower():
            return provider, rest
    # A name alone: whoever serves any model, Anthropic's by their name.
    kind = "anthropic" if model.startswith("claude") else "openai"
    for wanted in dict.fromkeys((kind, "openai")):
        for provider in known:
            if provider.kind == wanted and not provider.models:
                return provider, model
    return None


def known_from(environment: Sequence[EnvironmentProvider], started: datetime) -> list[NamedConnection]:
    """Return what serves every organisation: the providers that the environment names, and the scripted one."""
    named = [(one.name, one.connection) for one in environment]
    named.append((_SCRIPTED, Connection(_SCRIPTED, "", "")))
    return [
        NamedConnection(
            Provider(
                f"environment:{name}",
                name,
                connection.kind,
                connection.base_url,
                started,
                started,
                has_key=bool(connection.key),
                is_from_environment=True,
            ),
            connection,
        )
        for name, connection in named
    ]
