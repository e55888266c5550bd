"""The Python client of an Assay server: `Client`, `AsyncClient` and the types of their answers."""

from __future__ import annotations

from assay.sdk._async.client import AsyncClient
from assay.sdk._sync.client import Client

__all__ = ["AsyncClient", "Client"]
