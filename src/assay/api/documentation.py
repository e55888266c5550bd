"""The browsable API documentation, without any outside host: Swagger UI from an installed package."""

from __future__ import annotations

from importlib import resources

from fastapi import FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.staticfiles import StaticFiles


def add_documentation(app: FastAPI) -> None:
    """Serve /docs with assets from this server."""
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
