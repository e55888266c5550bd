"""The PostgreSQL server that recovery is tried on as well."""

from __future__ import annotations

from tests.postgresql import postgresql_url

__all__ = ["postgresql_url"]
