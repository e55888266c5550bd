"""What a benchmark is told: how much, how often, where files are kept."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Scale = Literal["small", "full"]


def user_cache() -> Path:
    """Return the directory for downloads, outside the checkout: they survive `make clean` and are never committed."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "assay-benchmarks"


@dataclass(frozen=True, slots=True)
class Options:
    """`repeat`: how many samples of each figure; `data`: where filled data directories are kept for another run."""

    scale: Scale = "small"
    repeat: int = 3
    cache: Path = field(default_factory=user_cache)
    data: Path | None = None
