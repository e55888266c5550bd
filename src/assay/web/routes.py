"""The addresses of the UI as routes of the application."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from assay.ports.store import Stores
from assay.services.sessions import LoginLinks, Sessions
from assay.web.place import base_of
from assay.web.shelf import Shelf
from assay.web.shell import Document
from assay.web.sign_in import SignIn

_ALL_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def make_routes(
    stores: Stores, sessions: Sessions, links: LoginLinks, environment: Mapping[str, str] = os.environ
) -> Sequence[Route]:
    """Return the routes of the UI over opened stores; ASSAY_WEB_RELOAD=1 rereads its files for each request."""
    shelf = Shelf(is_reloaded=environment.get("ASSAY_WEB_RELOAD", "").strip() == "1")
    sign_in = SignIn(stores, sessions, links)
    document = Document(shelf, sign_in)
    return [
        Route("/", _lead_browsers, methods=_ALL_METHODS),
        Route("/ui/static/{content_hash}/{path:path}", shelf.serve),
        Route("/ui/session/", sign_in.serve, methods=("GET", "POST", "DELETE")),
        Route("/ui/session", sign_in.serve, methods=("GET", "POST", "DELETE")),
        Route("/ui", document.serve),
        Route("/ui/{path:path}", document.serve),
    ]


async def _lead_browsers(request: Request) -> Response:
    """Lead browsers to the UI. Clients whose base URL is the root still find nothing there."""
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(f"{base_of(request)}/ui/", 302)
    raise HTTPException(404)
