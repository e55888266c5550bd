"""Routes of API keys, for keys with the scope admin."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from assay.api.auth import Admin, Authenticator
from assay.api.lists import page_of, url_of
from assay.api.routes import READ_ERRORS, WRITE_ERRORS, JsonRoute, answer
from assay.ports.store import Stores
from assay.services import access as services
from assay.wire.keys import KeyCreate, KeyCreated, KeyOut, key_out
from assay.wire.pages import PageOut, envelope

router = APIRouter(prefix="/api/keys", tags=["keys"], route_class=JsonRoute)


def _stores(request: Request) -> Stores:
    stores: Stores = request.app.state.stores
    return stores


@router.get("/", response_model=PageOut[KeyOut], responses=READ_ERRORS, include_in_schema=False)
@router.get("/list/", response_model=PageOut[KeyOut], responses=READ_ERRORS)
async def list_keys(request: Request, caller: Admin) -> Response:
    """List the keys of the organisation, oldest first, revoked ones among them."""
    page = page_of(request, None)
    keys = await _stores(request).access.list_keys(caller.who.organization_id)
    items = [key_out(key) for key in keys[page.offset : page.offset + page.size]]
    return answer(envelope(items, len(keys), page, url_of(request)))


@router.post("/", status_code=201, response_model=KeyCreated, responses=WRITE_ERRORS)
async def create_key(body: KeyCreate, request: Request, caller: Admin) -> Response:
    """Make a key; its text is in this answer and never shown again."""
    new = await services.create_key(
        _stores(request), caller.who.organization_id, body.name, body.environment, body.scopes, datetime.now(UTC)
    )
    return answer({**key_out(new.key), "api_key": new.text}, 201)


@router.delete("/{key_id}/", status_code=204, response_class=Response, responses=READ_ERRORS)
async def revoke_key(key_id: str, request: Request, caller: Admin) -> Response:
    """Make a key useless from now on."""
    await _stores(request).access.revoke_key(caller.who.organization_id, key_id, datetime.now(UTC))
    authenticator: Authenticator = request.app.state.authenticator
    authenticator.forget()
    return Response(status_code=204)
