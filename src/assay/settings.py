"""Settings: the environment and the command line, read once into one frozen value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server runs. `database_url` None means SQLite in `data_directory`."""

    data_directory: Path
    database_url: str | None = None
    api_key: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000


def read_settings(
    environment: Mapping[str, str] = os.environ,
    *,
    data_directory: Path | None = None,
    host: str | None = None,
    port: int | None = None,
) -> Settings:
    """Combine environment variables and flags, flags first.

    Reads ASSAY_DATA_DIR, ASSAY_DATABASE_URL and ASSAY_API_KEY; an empty variable counts as absent.
    """
    url = environment.get("ASSAY_DATABASE_URL", "").strip() or None
    directory = data_directory or Path(environment.get("ASSAY_DATA_DIR", "").strip() or "~/.assay")
    return Settings(
        data_directory=directory.expanduser(),
        database_url=url,
        api_key=environment.get("ASSAY_API_KEY", "").strip() or None,
        host=host or "127.0.0.1",
        port=8000 if port is None else port,
    )
