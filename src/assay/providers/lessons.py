"""What endpoints teach by refusing: parameters that a model has under another name or not at all, answer formats."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from assay.providers.contract import ChatCall, ProviderError
from assay.providers.json_endpoint import JsonEndpoint

_MOST_REMEMBERED = 1_000
_REFUSED_STATUSES = (400, 422)
# What evaluators set by default and some models lack; whatever else is refused was asked for on purpose.
_RENAMED = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_LEFT_OUT = ("temperature", "top_p", "frequency_penalty", "presence_penalty")
_IS_UNSUPPORTED = re.compile(
    r"unsupported (parameter|value|argument)|not supported|n.t support|not support|deprecated|unrecogni[sz]ed"
    r"|unknown (parameter|argument|name|field)|extra inputs|cannot both be specified",
    re.IGNORECASE,
)
_MOST_LESSONS_A_CALL = 8
_encode = msgspec.json.Encoder(order="sorted").encode


class Lessons:
    """Remembers by model. `formats` are ways to ask for a schema, the best first; the last one always works.

    `format_words` is found in what an endpoint says when it refuses one of them.
    """

    def __init__(self, formats: Sequence[str], format_words: re.Pattern[str]) -> None:
        self._formats = tuple(formats)
        self._format_words = format_words
        self._parameters: dict[str, dict[str, str | None]] = {}
        self._places: dict[tuple[str, bytes], int] = {}

    def format_for(self, call: ChatCall) -> str | None:
        """Return the way to ask this model for this schema; None without a schema."""
        if call.schema is None:
            return None
        return self._formats[self._places.get((call.model, _encode(call.schema)), 0) if self._places else 0]

    def parameters_for(self, model: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters that the model takes, by the names it has for them; None counts as not given."""
        learned = self._parameters.get(model, {})
        taken: dict[str, Any] = {}
        for given, value in parameters.items():
            name = learned.get(given, given)
            if name is not None and value is not None:
                taken[name] = value
        return taken

    def learn(self, call: ChatCall, sent: Mapping[str, Any], asked_format: str | None, error: ProviderError) -> bool:
        """Tell whether another attempt will differ because of what this refusal of `sent` taught."""
        if error.status not in _REFUSED_STATUSES:
            return False
        return self._learn_parameter(call.model, sent, error.message) or self._learn_format(call, asked_format, error)

    def _learn_parameter(self, model: str, sent: Mapping[str, Any], message: str) -> bool:
        if not _IS_UNSUPPORTED.search(message):
            return False
        # The one that is complained about comes before the one that is recommended instead.
        names = (*_RENAMED, *_LEFT_OUT)
        named = [(found.start(), name) for name in names if (found := re.search(rf"\b{name}\b", message))]
        if not named or (name := min(named)[1]) not in sent:
            return False
        if len(self._parameters) >= _MOST_REMEMBERED:
            self._parameters.clear()
        learned = self._parameters.setdefault(model, {})
        other = _RENAMED.get(name)
        if other is not None and learned.get(other) == name:
            # Neither name will do.
            learned[other] = None
        else:
            learned.setdefault(name, None if other in sent else other)
        return True

    def _learn_format(self, call: ChatCall, asked_format: str | None, error: ProviderError) -> bool:
        if asked_format is None or not self._format_words.search(error.message):
            return False
        place = self._formats.index(asked_format) + 1
        if place == len(self._formats):
            return False
        if len(self._places) >= _MOST_REMEMBERED:
            self._places.clear()
        # Many calls may have been refused at once; a later one must not undo what an earlier one learned.
        known = (call.model, _encode(call.schema))
        self._places[known] = max(place, self._places.get(known, 0))
        return True


async def ask(
    endpoint: JsonEndpoint, lessons: Lessons, call: ChatCall, body_of: Callable[[ChatCall, str | None], dict[str, Any]]
) -> dict[str, Any]:
    """Post `body_of(call, format)` until the endpoint has nothing more to teach; raises ProviderError."""
    for _ in range(_MOST_LESSONS_A_CALL):
        asked_format = lessons.format_for(call)
        body = body_of(call, asked_format)
        try:
            return await endpoint.post(body)
        except ProviderError as error:
            if not lessons.learn(call, body, asked_format, error):
                raise
    return await endpoint.post(body_of(call, lessons.format_for(call)))


def with_schema_in_words(messages: Sequence[Mapping[str, Any]], schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the messages with the schema in a system message, for models that cannot be held to one otherwise."""
    text = (
        f"Answer with one JSON object that matches this JSON Schema, and with nothing else: {_encode(schema).decode()}"
    )
    if messages and messages[0].get("role") == "system" and isinstance(messages[0].get("content"), str):
        return [{**messages[0], "content": f"{messages[0]['content']}\n\n{text}"}, *messages[1:]]
    return [{"role": "system", "content": text}, *messages]
