"""Settings: the environment and the command line, read once into one frozen value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server runs.

    `database_url` None means SQLite in `data_directory`; `prices_file` names prices of models over the list prices.
    """

    data_directory: Path
    database_url: str | None = None
    api_key: str | None = None
    prices_file: Path | None = None
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

    Reads ASSAY_DATA_DIR, ASSAY_DATABASE_URL, ASSAY_API_KEY and ASSAY_PRICES_FILE; an empty one counts as absent.
    """
    url = environment.get("ASSAY_DATABASE_URL", "").strip() or None
    prices = environment.get("ASSAY_PRICES_FILE", "").strip()
    directory = data_directory or Path(environment.get("ASSAY_DATA_DIR", "").strip() or "~/.assay")
    return Settings(
        data_directory=directory.expanduser(),
        database_url=url,
        api_key=environment.get("ASSAY_API_KEY", "").strip() or None,
        prices_file=Path(prices).expanduser() if prices else None,
        host=host or "127.0.0.1",
        port=8000 if port is None else port,
    )
