"""Routes of providers of models: everybody may see them, keys with the scope admin change and test them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from assay.api.auth import Admin, Reader
from assay.api.lists import page_of, url_of
from assay.api.routes import READ_ERRORS, WRITE_ERRORS, JsonRoute, answer
from assay.model.provider import Provider
from assay.providers.vault import Vault
from assay.services import providers as services
from assay.wire.pages import PageOut, envelope
from assay.wire.providers import (
    ProviderCreate,
    ProviderOut,
    ProviderTried,
    ProviderTry,
    ProviderUpdate,
    provider_out,
)

router = APIRouter(prefix="/api/providers", tags=["providers"], route_class=JsonRoute)


def _vault(request: Request) -> Vault:
    vault: Vault = request.app.state.vault
    return vault


def _environment(request: Request) -> Sequence[Provider]:
    providers: Sequence[Provider] = request.app.state.environment_providers
    return providers


@router.get("/", response_model=PageOut[ProviderOut], responses=READ_ERRORS, include_in_schema=False)
@router.get("/list/", response_model=PageOut[ProviderOut], responses=READ_ERRORS)
async def list_providers(request: Request, caller: Reader) -> Response:
    """List the organisation's providers by name, then those of the server's environment, which are read-only."""
    page = page_of(request, None)
    found = await services.list_all(caller.store, _environment(request))
    items = [provider_out(provider) for provider in found[page.offset : page.offset + page.size]]
    return answer(envelope(items, len(found), page, url_of(request)))


@router.post("/", status_code=201, response_model=ProviderOut, responses=WRITE_ERRORS)
async def create_provider(body: ProviderCreate, request: Request, caller: Admin) -> Response:
    """Add a provider; its key is encrypted, and no answer shows it.

    The address may be a local one on purpose (Ollama, vLLM): who holds an admin key decides where this server connects.
    """
    provider = await services.create(caller.store, caller.who, _vault(request), body, datetime.now(UTC))
    return answer(provider_out(provider), 201)


@router.get("/{provider_id}/", response_model=ProviderOut, responses=READ_ERRORS)
async def get_provider(provider_id: str, request: Request, caller: Reader) -> Response:
    """Read a provider by its id or name."""
    return answer(provider_out(await services.get(caller.store, _environment(request), provider_id)))


@router.patch("/{provider_id}/", response_model=ProviderOut, responses=WRITE_ERRORS)
async def update_provider(provider_id: str, body: ProviderUpdate, request: Request, caller: Admin) -> Response:
    """Change a provider; one that moves to another address needs its key again."""
    provider = await services.update(
        caller.store, _environment(request), _vault(request), provider_id, body, datetime.now(UTC)
    )
    return answer(provider_out(provider))


@router.delete("/{provider_id}/", status_code=204, response_class=Response, responses=READ_ERRORS)
async def delete_provider(provider_id: str, request: Request, caller: Admin) -> Response:
    """Delete a provider and its key."""
    await services.delete(caller.store, _environment(request), provider_id)
    return Response(status_code=204)


@router.post("/{provider_id}/test/", response_model=ProviderTried, responses=WRITE_ERRORS)
async def try_provider(provider_id: str, request: Request, caller: Admin, body: ProviderTry | None = None) -> Response:
    """Ask a model one tiny question, and say in plain words how that went."""
    trial = await services.try_out(
        caller.store,
        request.app.state.engine,
        _environment(request),
        _vault(request),
        provider_id,
        None if body is None else body.model,
    )
    return answer(
        {
            "is_working": trial.error_kind is None,
            "model": trial.model,
            "latency_seconds": trial.latency_seconds,
            "reply": trial.reply,
            "input_tokens": trial.input_tokens,
            "output_tokens": trial.output_tokens,
            "error_kind": trial.error_kind,
            "message": trial.message,
        }
    )
