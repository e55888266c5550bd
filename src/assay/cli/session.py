"""What the commands of one call share: where the server is, the client, and the last answer as it came."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import typer

from assay.cli.output import print_json
from assay.model.errors import Conflict, NotFound

if TYPE_CHECKING:
    from assay.sdk import Client
    from assay.sdk.types import Dataset

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass
class Session:
    """The global options; None stands for the environment's or the default value."""

    base_url: str | None = None
    api_key: str | None = None
    _last_body: bytes = field(default=b"null", repr=False)

    @contextmanager
    def client(self) -> Iterator[Client]:
        """Open a client whose answers `print_last_answer` can print as they came."""
        from assay.sdk._sync.client import Client

        with Client(api_key=self.api_key, base_url=self.base_url, on_response=self._remember) as client:
            yield client

    def print_last_answer(self) -> None:
        """Print the JSON of the last answer, byte for byte."""
        print_json(self._last_body)

    def _remember(self, _method: str, _path: str, _status: int, body: bytes) -> None:
        self._last_body = body


def session_of(context: typer.Context) -> Session:
    """Return the session that the root command made."""
    session = context.find_object(Session)
    return Session() if session is None else session


def find_dataset(client: Client, text: str) -> Dataset:
    """Return a dataset by its id, else by its exact name.

    Raises NotFound when there is none, Conflict naming the ids when several have the name.
    """
    if _UUID.fullmatch(text):
        return client.datasets.get(text)
    matches = [one for one in client.datasets.iterate({"name": text}) if one.name == text]
    if not matches:
        raise NotFound(f'There is no dataset named "{text}". `assay datasets list` shows all.')
    if len(matches) > 1:
        ids = ", ".join(one.id for one in matches[:5])
        raise Conflict(f'{len(matches)} datasets are named "{text}"; give an id: {ids}')
    return matches[0]


def dataset_id_of(client: Client, text: str) -> str:
    """Return a dataset's id, without asking the server where `text` is an id already."""
    return text if _UUID.fullmatch(text) else find_dataset(client, text).id
