"""Where the files of the UI are taken from, and how they are asked for."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response

from assay.model.errors import NotFound
from assay.web.assets import APP, Asset, Assets, answer_of, load_assets
from assay.web.joining import PAGE, PART, join_at, page_address, vendored

# Files that change while they are served have one address, so that a page never mixes two of them.
_RELOADED = "reloaded"


class Shelf:
    """The files: read once, or with `is_reloaded` anew for each request of a developer, who gets them one by one."""

    def __init__(self, *, is_reloaded: bool = False, directory: Traversable | None = None) -> None:
        self._directory = directory
        self._kept = None if is_reloaded else load_assets(directory)
        self._joined: dict[str, Asset] = {}

    def assets(self) -> Assets:
        """Return the present files."""
        return self._kept if self._kept is not None else replace(load_assets(self._directory), content_hash=_RELOADED)

    def scripts_of(self, page: str | None) -> list[str]:
        """Return what the browser has to fetch to show a page, the script to run first."""
        if self._kept is None:
            entries = [APP] if page is None else [APP, page]
            return self.assets().modules_of(*entries)
        return [page_address(page), *vendored(self._kept, page)]

    async def serve(self, request: Request) -> Response:
        """Answer `/ui/static/<content hash>/<path>`; raises NotFound."""
        assets = self.assets()
        # A tab that was open during an upgrade asks with the old hash. A new module among old ones may fail in any way,
        # so there is none: the tab finds its page gone, and loads the document anew.
        if request.path_params["content_hash"] != assets.content_hash:
            raise NotFound
        asset = self._find(assets, request.path_params["path"])
        if asset is None:
            raise NotFound
        return answer_of(asset, request, is_immutable=self._kept is not None)

    def _find(self, assets: Assets, path: str) -> Asset | None:
        if self._kept is None or path.partition("/")[0] not in (PAGE, PART):
            return assets.files.get(path)
        if path not in self._joined:
            joined = join_at(assets, path)
            if joined is None:
                return None
            self._joined[path] = joined
        return self._joined[path]
