"""These tests also run against a real PostgreSQL server."""

from tests.postgresql import postgresql_url

__all__ = ["postgresql_url"]
