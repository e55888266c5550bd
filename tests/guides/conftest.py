"""Fixtures of the guides' tests."""

from tests.server import server

__all__ = ["server"]
