"""One path for each route: what clients write without the final slash or without /api means the same, unredirected."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

# Resources that old clients ask for at the root.
_AT_ROOT = ("datasets", "evaluators", "request-logs", "conditions", "automations")
# What exporters of OpenTelemetry add to a base URL, and the one summary that its documentation has elsewhere.
_WHOLE = {"v1/traces": "v1/traces", "v2/traces": "v2/traces", "clickhouse/traces/summary": "traces/summary"}
# Two names of one thing.
_RENAMED = {"threads": "log_threads"}
# The oldest paths have a root of their own; the one of dataset logs means an import there, not a new row.
_LEGACY = "evaluations"
_LEGACY_NAMES = {"datasets": "datasets", "eval-sets": "datasets", "evaluators": "evaluators"}
# The older paths of online evaluation, with /api or without.
_AUTOMATION = "automation"
_AUTOMATION_NAMES = ("conditions", "automations")


class OnePath:
    """ASGI middleware that turns every accepted spelling of a path into the one that the routes are written in.

    A redirect would not do: clients lose the body of a POST on the way, or stop at any 3xx.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            # No database takes a NUL in an id, and no file system in a name: such a path leads nowhere.
            path = "/\0" if "\0" in scope["path"] else canonical_path(scope["path"])
            if path != scope["path"]:
                scope = {**scope, "path": path, "raw_path": path.encode(), "written_path": scope["path"]}
            if scope["method"] == "HEAD":
                # Load balancers probe with it. The server leaves out the body by the method it was asked with.
                scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)


def canonical_path(path: str) -> str:
    """Return the path that the routes know: below /api, with a final slash; other paths are left as they are."""
    parts = path.strip("/").split("/")
    first = 1 if parts[0] == "api" else 0
    if len(parts) > first + 1 and parts[first] == _AUTOMATION and parts[first + 1] in _AUTOMATION_NAMES:
        del parts[first]
    if parts[0] == "api":
        # A base URL that ends in a slash leaves an empty part: /api//datasets.
        parts = [part for place, part in enumerate(parts) if place > 1 or (place == 1 and part)]
        if not parts:
            return path
        parts[0] = _RENAMED.get(parts[0], parts[0])
    elif parts[0] == _LEGACY and len(parts) > 1 and parts[1] in _LEGACY_NAMES:
        parts = [_LEGACY_NAMES[parts[1]], *parts[2:]]
        if parts[0] == "datasets" and len(parts) == 3 and parts[2] == "logs":
            parts.append("import")
    elif parts[0] not in _AT_ROOT:
        whole = _WHOLE.get("/".join(parts)) if len(parts) < 4 else None
        if whole is None:
            return path
        parts = [whole]
    return "/api/" + "/".join(parts) + "/"
