"""Generated dataset rows: the same for the same seed and number, about 2.5 KB of JSON each, every one distinct."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate

SEED = 20_261_101
MODELS = (
    "gpt-4o-mini", "gpt-4o", "claude-sonnet-4-5", "gemini-2.5-flash", "gpt-4.1", "claude-haiku-4-5", "mistral-large",
    "llama-3.3-70b", "deepseek-v3", "qwen2.5-72b", "command-r-plus", "o4-mini",
)  # fmt: skip
TOPICS = ("billing", "shipping", "refund", "account", "returns", "outage", "warranty", "privacy", "legal", "press")
# One row in twenty, whatever the number of rows: what the metadata filter of the list benchmark asks for.
RARE_TEAM = "team-07"
_TEAMS = tuple(f"team-{number:02d}" for number in range(20))
_TAGS = ("new-user", "vip", "retry", "long-context", "tool-use", "translated", "escalated", "night")
_FIRST_DAY = datetime(2026, 10, 1, tzinfo=UTC)
_DAYS = 30
_INPUT_CHARACTERS = 1_450
_OUTPUT_CHARACTERS = 480
_DOLLARS_PER_TOKEN = (0.15e-6, 2.5e-6, 3e-6, 0.3e-6, 2e-6, 1e-6, 2e-6, 0.6e-6, 0.3e-6, 0.9e-6, 2.5e-6, 1.1e-6)


def zipf(count: int, exponent: float = 1.1) -> list[float]:
    """Return cumulative weights of ranks 1 to `count` under Zipf's law, for `random.choices`."""
    return list(accumulate(1 / rank**exponent for rank in range(1, count + 1)))


@lru_cache(maxsize=1)
def sentences() -> tuple[str, ...]:
    """Return sentences of made-up words; words are as unequally common as in a language."""
    chance = random.Random(SEED)
    syllables = [first + vowel + last for first in "bdfgklmnprstv" for vowel in "aeiou" for last in ("", "n", "r", "s")]
    words = ["".join(chance.choices(syllables, k=chance.choice((1, 1, 2, 2, 3)))) for _ in range(3_000)]
    weights = zipf(len(words))
    made = []
    for _ in range(8_000):
        chosen = chance.choices(words, cum_weights=weights, k=chance.randint(6, 16))
        made.append(" ".join(chosen).capitalize() + chance.choice((".", ".", ".", "?")))
    return tuple(made)


def _text(chance: random.Random, characters: int) -> str:
    wanted = max(80, int(chance.lognormvariate(0, 0.35) * characters))
    pieces: list[str] = []
    while wanted > 0:
        piece = chance.choice(sentences())
        pieces.append(piece)
        wanted -= len(piece) + 1
    return " ".join(pieces)


def rows(count: int, *, first: int = 0) -> Iterator[bytes]:
    """Yield rows `first` to `first + count` of the endless sequence, in the unified log format as JSON text."""
    model_weights = zipf(len(MODELS))
    for number in range(first, first + count):
        chance = random.Random(SEED * 1_000_003 + number)
        (model,) = chance.choices(range(len(MODELS)), cum_weights=model_weights)
        prompt, reply = _text(chance, _INPUT_CHARACTERS - 130), _text(chance, _OUTPUT_CHARACTERS)
        prompt_tokens, completion_tokens = len(prompt) // 4 + 40, len(reply) // 4
        latency_seconds = round(chance.lognormvariate(0.1, 0.6), 4)
        is_error = chance.random() < 0.01
        moment = _FIRST_DAY + timedelta(seconds=chance.random() * _DAYS * 86_400)
        yield json.dumps(
            {
                "input": [
                    {"role": "system", "content": "You answer questions of customers, briefly and kindly."},
                    {"role": "user", "content": f"Case {number:09d}. {prompt}"},
                ],
                "output": {"role": "assistant", "content": reply},
                "metadata": {
                    "custom_identifier": f"case-{number:09d}",
                    "customer_identifier": f"customer-{int(chance.paretovariate(0.8)) % 5_000}",
                    "prompt_version": chance.randint(1, 9),
                    "environment": chance.choice(("production", "production", "production", "staging")),
                    "topic": chance.choice(TOPICS),
                    "team": _TEAMS[number % len(_TEAMS)],
                    "tags": chance.sample(_TAGS, 2),
                    "is_streamed": chance.random() < 0.7,
                },
                "metrics": {
                    "prompt_tokens": prompt_tokens,
                    "completion_tokens": completion_tokens,
                    "cost": round((prompt_tokens + 4 * completion_tokens) * _DOLLARS_PER_TOKEN[model], 8),
                    "latency": latency_seconds,
                    "time_to_first_token": round(latency_seconds * chance.uniform(0.1, 0.5), 4),
                },
                "model": MODELS[model],
                "timestamp": moment.isoformat().replace("+00:00", "Z"),
                "status_code": 500 if is_error else 200,
                "error_message": "upstream timed out" if is_error else None,
            },
            separators=(",", ":"),
        ).encode()


def case_lines(count: int) -> Iterator[bytes]:
    """Yield JSONL in the shape of the published file that `benchmarks.importing` prefers: chat input and `ideal`."""
    chance = random.Random(SEED)
    system = " ".join(sentences()[:7])
    for _ in range(count):
        years = chance.randrange(18, 80)
        case = f"Years: {years} to {years + 4}, index: {chance.gauss(28, 6):.2f}, visits a week: {chance.randrange(8)}."
        messages = [{"role": "system", "content": system}, {"role": "user", "content": case}]
        yield json.dumps({"input": messages, "ideal": str(chance.randrange(2))}).encode() + b"\n"
