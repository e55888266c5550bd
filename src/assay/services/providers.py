"""What people do with providers of models: keep them, and ask whether they work."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from assay.model.access import Identity
from assay.model.errors import Invalid, NotAllowed, NotFound
from assay.model.evaluator import EvaluatorInputs, EvaluatorVersion
from assay.model.ids import new_uuid
from assay.model.provider import ANTHROPIC_BASE_URL, OPENAI_BASE_URL, Provider
from assay.ports.engine import Engine
from assay.ports.store import Store
from assay.providers.clients import ModelClients
from assay.providers.contract import ChatCall, Connection, ProviderError
from assay.providers.vault import Vault
from assay.wire.providers import ProviderCreate, ProviderUpdate, read_provider

_LONGEST_TEST_SECONDS = 30.0
_MOST_REPLY_CHARACTERS = 200
_QUESTION = "Answer with the word OK."
# Small models that the provider itself has: an address of somebody else's may have any.
_DEFAULT_MODELS = {OPENAI_BASE_URL: "gpt-4o-mini", ANTHROPIC_BASE_URL: "claude-haiku-4-5"}

_IN_PLAIN_WORDS = {
    "rate_limited": "It is there and takes the key, but refuses more requests for now",
    "timeout": "It did not answer in time",
    "connection": "It cannot be reached: check the address, and that it is running",
    "server_error": "It is there, and failed",
    "bad_request": "It is there, and refuses the request",
    "not_authenticated": "It is there, and does not accept the key",
    "not_found": "It is there, and does not know the model or the path: check both",
    "refused": "The model refused to answer",
    "schema_unsupported": "The model does not do structured output",
    "invalid_reply": "Something answers at this address, but not as such a provider does",
}


@dataclass(frozen=True, slots=True)
class Trial:
    """What one tiny call came to: the reply, or the kind of error; `message` says it in plain words."""

    model: str
    latency_seconds: float
    message: str
    reply: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    error_kind: str | None = None


async def list_all(store: Store, environment: Sequence[Provider]) -> list[Provider]:
    """Return an organisation's own providers by name, then those that the environment gives everybody."""
    return [*await store.providers.list(), *environment]


async def get(store: Store, environment: Sequence[Provider], reference: str) -> Provider:
    """Return a provider by its id or name, an organisation's own ones first; raises NotFound."""
    try:
        return await store.providers.get(reference)
    except NotFound:
        for provider in environment:
            if reference in (provider.id, provider.name):
                return provider
        raise


async def create(store: Store, who: Identity, vault: Vault, body: ProviderCreate, at: datetime) -> Provider:
    """Add a provider, its key sealed; raises Invalid, Conflict where the name is taken."""
    base = Provider(new_uuid(), "", "openai", "", at, at, created_by=who.key_prefix)
    changes = read_provider(body, base, is_new=True)
    sealed = vault.seal(changes.key) if changes.key else None
    await store.providers.create(changes.provider, sealed)
    return replace(changes.provider, has_key=sealed is not None)


async def update(
    store: Store, environment: Sequence[Provider], vault: Vault, reference: str, body: ProviderUpdate, at: datetime
) -> Provider:
    """Change a provider; raises NotFound, NotAllowed for one of the environment, Invalid, Conflict."""
    provider = await get(store, environment, reference)
    _check_own(provider)
    changes = read_provider(body, provider, is_new=False)
    changed = replace(changes.provider, updated_at=at)
    sealed = None if changes.key is None else (vault.seal(changes.key) if changes.key else b"")
    await store.providers.update(changed, sealed)
    return changed if sealed is None else replace(changed, has_key=bool(sealed))


async def delete(store: Store, environment: Sequence[Provider], reference: str) -> None:
    """Delete a provider and its key; raises NotFound, NotAllowed for one of the environment."""
    provider = await get(store, environment, reference)
    _check_own(provider)
    await store.providers.delete(provider.id)


def _check_own(provider: Provider) -> None:
    if provider.is_from_environment:
        raise NotAllowed(f"{provider.name} comes from the server's environment: change it there, or add another one.")


async def try_out(
    store: Store,
    engine: Engine,
    environment: Sequence[Provider],
    vault: Vault,
    reference: str,
    model: str | None,
) -> Trial:
    """Make one tiny call and say how it went; raises NotFound, Invalid where no model is named and none is known."""
    provider = await get(store, environment, reference)
    asked = _model_to_ask(provider, model)
    if provider.is_from_environment:
        return await _try_through_engine(store, engine, provider, asked)
    sealed = await store.providers.find_sealed_key(provider.id)
    timeout = min(provider.limits.timeout_seconds, _LONGEST_TEST_SECONDS)
    connection = Connection(provider.kind, provider.base_url, vault.open(sealed) if sealed else "", timeout)
    return await _try(connection, asked)


def _model_to_ask(provider: Provider, model: str | None) -> str:
    if model is not None and model.strip():
        return model.strip()
    if provider.models:
        return provider.models[0]
    found = "scripted" if provider.kind == "scripted" else _DEFAULT_MODELS.get(provider.base_url)
    if found is None:
        raise Invalid.field("model", "Name a model: this provider lists none.")
    return found


async def _try(connection: Connection, model: str) -> Trial:
    clients = ModelClients()
    started = time.perf_counter()
    try:
        call = ChatCall(model, ({"role": "user", "content": _QUESTION},))
        reply = await clients.chat(connection, call)
    except ProviderError as error:
        seconds = time.perf_counter() - started
        return Trial(model, seconds, in_plain_words(error.kind, error.message), error_kind=error.kind)
    finally:
        await clients.close()
    seconds = time.perf_counter() - started
    text = reply.text[:_MOST_REPLY_CHARACTERS]
    message = f"It works: {reply.model} answered in {seconds:.2f} seconds."
    return Trial(reply.model, seconds, message, text, reply.input_tokens, reply.output_tokens)


async def _try_through_engine(store: Store, engine: Engine, provider: Provider, model: str) -> Trial:
    """Ask with the key that only the engine has: that of the environment."""
    # The name of a scripted model is what it does.
    name = model if provider.kind == "scripted" else f"{provider.name}/{model}"
    judge = EvaluatorVersion(
        id=new_uuid(),
        number=0,
        name="test",
        type="llm",
        score_value_type="boolean",
        eval_class="",
        llm_config={"model": name, "evaluator_definition": "Answer true. The output is: {{output}}"},
    )
    ((outcome, detail),) = await engine.evaluate(store.organization_id, judge, "llm", [EvaluatorInputs(output="OK")])
    seconds, tokens = outcome.latency_seconds, (outcome.input_tokens, outcome.output_tokens)
    reply = None if detail is None or detail.reply is None else detail.reply[:_MOST_REPLY_CHARACTERS]
    if outcome.status == "failed" and reply is None:
        message = in_plain_words(outcome.error_kind or "", outcome.error_message or "")
        return Trial(model, seconds, message, error_kind=outcome.error_kind)
    return Trial(model, seconds, f"It works: {model} answered in {seconds:.2f} seconds.", reply, *tokens)


def in_plain_words(kind: str, message: str) -> str:
    """Say what an error of a provider means for who set it up, followed by the provider's own words."""
    return f"{_IN_PLAIN_WORDS.get(kind, 'It failed')}. {message}".strip()
