"""`assay serve`: the one door to the server."""

from __future__ import annotations

import signal
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from rich.console import Console

from assay import assembly
from assay.api.events import end_streams
from assay.api.request_log import set_up_logging
from assay.model.errors import Unavailable
from assay.services.sessions import LoginLinks
from assay.settings import Settings, read_settings

_GRACE_SECONDS = 30
# As long as proxies and clients keep an idle connection: the shorter side breaks the other's next request.
_IDLE_CONNECTION_SECONDS = 75

app = typer.Typer()


class _Server(uvicorn.Server):
    """A server whose shutdown does not wait for those who follow events: they would use up its grace."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then shut down as usual."""
        end_streams()
        await super().shutdown(sockets)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8000,
    data: Annotated[
        Path | None, typer.Option(help="Directory of the data; default $ASSAY_DATA_DIR, else ~/.assay.")
    ] = None,
) -> None:
    """Start the server; Ctrl-C or SIGTERM stops it after the requests that are under way."""
    settings = read_settings(data_directory=data, host=host, port=port)
    set_up_logging()
    # uvicorn raises the signal again when it is done: being stopped by a supervisor is no failure, so the code is 0.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # Bound before anything is opened: a port that is taken is one clear line.
    listener = _listen(settings)
    url = f"http://{_shown_host(settings.host)}:{listener.getsockname()[1]}"
    stores = assembly.open_stores(settings)
    try:
        new_key = assembly.set_up(stores, settings)
        links = LoginLinks(settings.api_key)
        application = assembly.build_app(stores, settings, links)
    except BaseException:
        stores.close()
        raise
    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        lifespan="on",
        loop="uvloop",
        http="httptools",
        timeout_graceful_shutdown=_GRACE_SECONDS,
        timeout_keep_alive=_IDLE_CONNECTION_SECONDS,
        server_header=False,
    )
    login = f"{url}/ui/login#{links.make(datetime.now(UTC))}"
    _welcome(settings, url, login, None if new_key is None else new_key.text)
    _Server(config).run(sockets=[listener])


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        reason = f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}."
        raise Unavailable(f"{reason} Choose another port with --port.") from error
    return listener


def _shown_host(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104


def _welcome(settings: Settings, url: str, login: str, key: str | None) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    place = "PostgreSQL" if settings.database_url else str(settings.data_directory)
    console.print(f"\nOpen  [bold]{login}[/]")
    console.print("      signs this browser in: once, within an hour; each start prints a new one\n")
    console.print(f"Data  {place}")
    console.print(f"API   {url}, its documentation at {url}/docs\n")
    if key is None:
        return
    console.print("Your API key, shown only this once:\n")
    console.print(f"  [bold]{key}[/]\n")
    console.print("Next, in another terminal:\n")
    console.print(f"  export ASSAY_BASE_URL={url} ASSAY_API_KEY={key}")
    console.print('  assay datasets create "My first dataset"')
    console.print("  assay evaluators list\n")
