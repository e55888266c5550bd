"""Providers out of environment variables."""

from __future__ import annotations

import pytest

from assay.providers.contract import Connection
from assay.providers.environment import environment_providers

OPENAI = "https://api.openai.com/v1"
ANTHROPIC = "https://api.anthropic.com"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, []),
        ({"OPENAI_API_KEY": "", "OPENAI_BASE_URL": "  "}, []),
        ({"OPENAI_API_KEY": " sk-1 "}, [("openai", Connection("openai", OPENAI, "sk-1"))]),
        ({"OPENAI_BASE_URL": "http://localhost:11434/v1"},
         [("openai", Connection("openai", "http://localhost:11434/v1", ""))]),
        ({"OPENAI_API_KEY": "sk-1", "ANTHROPIC_API_KEY": "sk-2"},
         [("openai", Connection("openai", OPENAI, "sk-1")), ("anthropic", Connection("anthropic", ANTHROPIC, "sk-2"))]),
        ({"ANTHROPIC_API_KEY": "sk-2", "ANTHROPIC_BASE_URL": "http://localhost:1"},
         [("anthropic", Connection("anthropic", "http://localhost:1", "sk-2"))]),
    ],
)  # fmt: skip
def test_a_key_or_an_address_is_enough(environment: dict[str, str], expected: list[tuple[str, Connection]]) -> None:
    assert [(one.name, one.connection) for one in environment_providers(environment)] == expected


def test_the_key_is_not_shown() -> None:
    assert "sk-planted" not in repr(environment_providers({"OPENAI_API_KEY": "sk-planted"}))
