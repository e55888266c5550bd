"""The browsable API documentation, without any outside host: Swagger UI from an installed package."""

from __future__ import annotations

from importlib import resources
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.staticfiles import StaticFiles

# Said once for all routes: FastAPI's own way would solve one dependency more for every request.
_KEY = {"type": "http", "scheme": "bearer", "description": "An API key: `Authorization: Bearer <key>`."}
_OPEN_TO_ALL = ("/health", "/ready", "/api/models/public/")


def add_documentation(app: FastAPI) -> None:
    """Serve /docs with assets from this server, and say in /openapi.json which routes need a key."""
    describe = app.openapi

    def described() -> dict[str, Any]:
        document = describe()
        document.setdefault("components", {})["securitySchemes"] = {"API key": _KEY}
        document["security"] = [{"API key": []}]
        for path in _OPEN_TO_ALL:
            for operation in document["paths"][path].values():
                operation["security"] = []
        return document

    app.openapi = described  # type: ignore[method-assign]
    # Only the assets of fastapi-offline are used: importing it would patch FastAPI.
    assets = resources.files("fastapi_offline").joinpath("static")
    app.mount("/docs/assets", StaticFiles(directory=str(assets)), name="documentation assets")

    @app.get("/docs", include_in_schema=False)
    @app.get("/docs/", include_in_schema=False)
    async def _documentation(request: Request) -> Response:
        prefix = request.scope.get("root_path", "").rstrip("/")
        return get_swagger_ui_html(
            openapi_url=f"{prefix}/openapi.json",
            title="Assay API",
            swagger_js_url=f"{prefix}/docs/assets/swagger-ui-bundle.js",
            swagger_css_url=f"{prefix}/docs/assets/swagger-ui.css",
            swagger_favicon_url=f"{prefix}/docs/assets/favicon.png",
        )
