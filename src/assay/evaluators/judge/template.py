"""Templates of judges: `{{input}}`, `{{metadata.user.tags.0}}` and the legacy names, filled with the parts of a row."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from assay.evaluators.json_values import dump_json
from assay.evaluators.outcome import WrongAnswer, storable_message
from assay.evaluators.text import is_message
from assay.filters.match import value_at
from assay.model.evaluator import EvaluatorInputs

MAXIMUM_PROMPT_BYTES = 2_000_000

LEGACY_NAMES = {"llm_input": "input", "llm_output": "output", "ideal_output": "expected_output"}
_ROOTS = frozenset({"input", "output", "expected_output", "metadata", "metrics"})

# Up to the next brace of any kind: linear, whatever the template holds.
_BRACES = re.compile(r"\{\{([^{}]*)\}\}")
_NAME = re.compile(r"[A-Za-z_][\w-]*(\.[^\n]+)?")


def names_in(template: str) -> tuple[str, ...]:
    """Return the names between double braces as written, each once, in order; what is no name is left out."""
    found = (match[1].strip() for match in _BRACES.finditer(template))
    return tuple(dict.fromkeys(name for name in found if _NAME.fullmatch(name)))


def root_of(name: str) -> str:
    """Return the part of a row that a name leads into, under its present name: `llm_output.a` leads into `output`."""
    root = name.partition(".")[0]
    return LEGACY_NAMES.get(root, root)


def value_text(inputs: EvaluatorInputs, name: str) -> str:
    """Return the text that stands for a name: empty where nothing has that name (`decisions.md` E25).

    A dotted path is first tried as one key, then step by step; digits index lists. Strings are their own text, other
    values their JSON text, lists of chat messages with one field a line. What no UTF-8 text can hold is escaped.
    Raises WrongAnswer (`unreadable_inputs`) for a value that has no JSON text: nested too deeply, or a number too long.
    """
    root = root_of(name)
    path = name.split(".")[1:]
    value = value_at(getattr(inputs, root), path) if root in _ROOTS else None
    if value is None:
        return ""
    try:
        return storable_message(value if isinstance(value, str) else _json_text(value))
    except (ValueError, TypeError, RecursionError):
        message = f"{{{{{name}}}}} has no JSON text: it is nested too deeply or holds a number that is too long."
        raise WrongAnswer("unreadable_inputs", message) from None


def fill(template: str, texts: Mapping[str, str]) -> str:
    """Replace every name of `names_in` by its text, verbatim: texts are never searched for names.

    Braces around anything else stay as they are. Raises WrongAnswer (`prompt_too_long`) beyond 2,000,000 bytes.
    """
    pieces: list[str] = []
    size_bytes = end = 0
    for match in _BRACES.finditer(template):
        name = match[1].strip()
        if not _NAME.fullmatch(name):
            continue
        pieces += (template[end : match.start()], texts[name])
        size_bytes += _size_bytes(pieces[-2]) + _size_bytes(pieces[-1])
        # Checked on the way: a long text that is asked for often must not be put together first.
        check_size(size_bytes)
        end = match.end()
    pieces.append(template[end:])
    check_size(size_bytes + _size_bytes(pieces[-1]))
    return "".join(pieces)


def render(template: str, inputs: EvaluatorInputs) -> str:
    """Fill a template with the parts of a row; raises WrongAnswer (`prompt_too_long`) as `fill` does."""
    return fill(template, {name: value_text(inputs, name) for name in names_in(template)})


def check_size(size_bytes: int) -> None:
    """Raise WrongAnswer (`prompt_too_long`) for a prompt of more than 2,000,000 bytes of UTF-8."""
    if size_bytes > MAXIMUM_PROMPT_BYTES:
        message = (
            f"The prompt is longer than {MAXIMUM_PROMPT_BYTES:,} bytes: use a part of the row, such as a dotted path."
        )
        raise WrongAnswer("prompt_too_long", message)


def _size_bytes(text: str) -> int:
    # Reading a text of the prompt's author may come before anything checked it for lone surrogates.
    return len(text) if text.isascii() else len(text.encode("utf-8", "backslashreplace"))


def _json_text(value: Any) -> str:
    if isinstance(value, list) and value and all(is_message(item) for item in value):
        return json.dumps(value, ensure_ascii=False, indent=2)
    return dump_json(value)
