"""Settings: the environment and the command line, read once into one frozen value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_MODEL_VARIABLES = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL")


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server runs.

    `database_url` None means SQLite in `data_directory`; `prices_file` names prices of models over the list prices.
    `secret` seals the keys of providers, None: a file in the data directory does. `model_environment` holds the
    variables that name models for everybody. `is_code_unsafe` runs code evaluators even where nothing confines them.
    """

    data_directory: Path
    database_url: str | None = None
    api_key: str | None = None
    prices_file: Path | None = None
    secret: str | None = field(default=None, repr=False)
    model_environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    is_code_unsafe: bool = False
    engine: str = "inline"
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

    Reads ASSAY_DATA_DIR, ASSAY_DATABASE_URL, ASSAY_API_KEY, ASSAY_PRICES_FILE, ASSAY_SECRET_KEY, ASSAY_ENGINE
    ASSAY_UNSAFE_CODE_EVALUATORS and the usual variables of OpenAI and Anthropic; an empty one counts as absent.
    """
    url = environment.get("ASSAY_DATABASE_URL", "").strip() or None
    prices = environment.get("ASSAY_PRICES_FILE", "").strip()
    directory = data_directory or Path(environment.get("ASSAY_DATA_DIR", "").strip() or "~/.assay")
    return Settings(
        data_directory=directory.expanduser(),
        database_url=url,
        api_key=environment.get("ASSAY_API_KEY", "").strip() or None,
        prices_file=Path(prices).expanduser() if prices else None,
        secret=environment.get("ASSAY_SECRET_KEY", "").strip() or None,
        model_environment={name: environment[name] for name in _MODEL_VARIABLES if environment.get(name, "").strip()},
        is_code_unsafe=environment.get("ASSAY_UNSAFE_CODE_EVALUATORS", "").strip().lower() in ("1", "true", "yes"),
        engine=environment.get("ASSAY_ENGINE", "").strip().lower() or "inline",
        host=host or "127.0.0.1",
        port=8000 if port is None else port,
    )
