"""The reply of a judge: the one score that it states beyond doubt, or why there is none. Nothing is guessed or clamped.

Read are: one JSON object with a score, as the whole text, in a code block or within prose; and a number, true, false
or the name of a choice that stands alone. A number within prose ("7/10", "about 7") is never a score.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from assay.evaluators.contract import describe
from assay.evaluators.json_values import canonical_json, dump_json, parse_json
from assay.evaluators.outcome import WrongAnswer, unknown_choice, value_reader
from assay.evaluators.scale import NUMBER_TYPES, choices_of
from assay.model.evaluator import EvaluatorVersion, Verdict

MAXIMUM_REPLY_CHARACTERS = 1_000_000

ReadReply = Callable[[str, str | None], Verdict]

_TRUNCATED = frozenset({"length", "max_tokens"})
_REFUSED = frozenset({"content_filter", "refusal"})
_EXPLANATION_KEYS = ("reasoning", "explanation", "rationale")

_THINKING = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_CODE_BLOCK = re.compile(r"\A```[\w-]*[ \t]*\r?\n(.*)```\Z", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_BRACE = re.compile(r"[{}]")
_OBJECT = re.compile(r"\{\s*[\"}]")
_SCORE_LINE = re.compile(
    r"^[ \t*_#>-]*(?:(?:final|overall|my)[ \t]+)?score[ \t*_]*[:=][ \t*_]*([+-]?[\d.]+)", re.IGNORECASE | re.MULTILINE
)


class _Object(dict[str, Any]):
    """A JSON object that remembers every score written in it: of a repeated key, a dict keeps the last alone."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.scores = [value for key, value in pairs if key.strip().lower() == "score"]

    @property
    def explanation(self) -> str | None:
        given = next((self[key] for key in _EXPLANATION_KEYS if self.get(key)), None)
        return given if given is None or isinstance(given, str) else dump_json(given)


_decode = json.JSONDecoder(object_pairs_hook=_Object).raw_decode


def reply_reader(version: EvaluatorVersion) -> ReadReply:
    """Make the function from the text of a reply and its finish reason to the verdict of a judge of this version.

    It raises WrongAnswer: `truncated` or `refused` by the finish reason, `unparseable` where no score stands alone,
    `ambiguous` where several do, `wrong_type`, `not_finite`, `out_of_range` and `unknown_choice` for the score itself.
    Raises Invalid where the scale of the version cannot be read.
    """
    names = tuple(choice.name for choice in choices_of(version))
    convert = _converter(version, names)
    check_value = value_reader(version)
    is_number = version.score_value_type in NUMBER_TYPES

    def read(text: str, finish_reason: str | None = None) -> Verdict:
        if finish_reason in _TRUNCATED:
            raise WrongAnswer("truncated", "The reply was cut off at the largest number of tokens: allow more.")
        if finish_reason in _REFUSED:
            raise WrongAnswer("refused", f"The model refused to answer (finish reason {finish_reason}).")
        text = _bare(text)
        stated = [found for found in _objects(text) if found.scores]
        if stated:
            value = convert(_only(score for found in stated for score in found.scores))
            if is_number:
                _check_score_lines(text, value)
        else:
            value = _alone(version, text, names)
        check_value(value)
        return Verdict(value, stated[-1].explanation if stated else None)

    return read


def _bare(text: str) -> str:
    """Return the reply without a reasoning model's thoughts before it and the code block around all of it."""
    if len(text) > MAXIMUM_REPLY_CHARACTERS:
        raise WrongAnswer("unparseable", f"The reply has {len(text):,} characters, which is too long to be read.")
    text = _THINKING.sub("", text.removeprefix("\ufeff"), count=1).strip()
    block = _CODE_BLOCK.match(text)
    if block is not None and "```" not in block[1]:
        text = block[1].strip()
    if not text:
        raise WrongAnswer("unparseable", "The reply is empty.")
    return text


def _objects(text: str) -> Iterator[_Object]:
    """Yield the outermost JSON objects of a text.

    Raises WrongAnswer (`unparseable`) at a broken one, whose parts must not be taken for the whole, and at one that
    other braces surround.
    """
    place = depth = 0
    while (brace := _BRACE.search(text, place)) is not None:
        place = brace.end()
        if brace[0] == "}":
            depth = max(depth - 1, 0)
        elif _OBJECT.match(text, brace.start()) is None:
            depth += 1
        else:
            try:
                found, place = _decode(text, brace.start())
            except (ValueError, RecursionError):
                message = f"The JSON object at character {brace.start():,} of the reply is broken."
                raise WrongAnswer("unparseable", message) from None
            if depth:
                message = f"The JSON object at character {brace.start():,} of the reply stands within other braces."
                raise WrongAnswer("unparseable", message)
            yield found


def _only(scores: Iterable[Any]) -> Any:
    """Return the score that all are; raises WrongAnswer (`ambiguous`) where they differ."""
    scores = list(scores)
    if len(scores) > 1 and len({canonical_json(score) for score in scores}) > 1:
        raise WrongAnswer("ambiguous", f"The reply states {len(scores)} scores that are not the same.")
    return scores[-1]


def _check_score_lines(text: str, value: Any) -> None:
    """Raise WrongAnswer (`ambiguous`) where a line such as "Score: 4" contradicts the JSON object."""
    for line in _SCORE_LINE.finditer(text):
        written = line[1].rstrip(".")
        if not _NUMBER.fullmatch(written) or float(written) != value:
            message = f"The reply states {describe(value)} as JSON and {written[:40]!r} in its text."
            raise WrongAnswer("ambiguous", message)


def _alone(version: EvaluatorVersion, text: str, names: Sequence[str]) -> Any:
    """Read a reply that is nothing but a score; raises WrongAnswer (`unparseable`) where it is anything else."""
    bare = text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
    match version.score_value_type:
        case "numerical" | "percentage":
            if _NUMBER.fullmatch(bare):
                return float(bare)
        case "boolean":
            if bare.lower() in ("true", "false"):
                return bare.lower() == "true"
        case "single_select" | "multi_select" | "categorical":
            found = _parse_names(text) if text.startswith("[") else [bare]
            if names and found and all(_find_names(name, names) for name in found):
                return _read_names(found, names)
        case "text" | "comment" | "json":
            pass
    raise WrongAnswer("unparseable", f"The reply is not the JSON object that was asked for: {describe(text)}.")


def _parse_names(text: str) -> list[str]:
    try:
        found = parse_json(text)
    except (ValueError, RecursionError):
        return []
    return found if isinstance(found, list) and all(isinstance(name, str) for name in found) else []


def _converter(version: EvaluatorVersion, names: Sequence[str]) -> Callable[[Any], Any]:
    """Make the function from the stated score to a value of the type, where that needs no guess; else it stays."""
    match version.score_value_type:
        case "numerical" | "percentage":
            return _read_number
        case "boolean":
            return _read_boolean
        case "single_select" | "multi_select" | "categorical":
            return lambda value: _read_names([value] if isinstance(value, str) else value, names)
        case "json":
            return _read_json_text
        case "text" | "comment":
            return lambda value: value


def _read_number(value: Any) -> Any:
    return float(value) if isinstance(value, str) and _NUMBER.fullmatch(value.strip()) else value


def _read_boolean(value: Any) -> Any:
    word = value.strip().lower() if isinstance(value, str) else None
    return word == "true" if word in ("true", "false") else value


def _read_json_text(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return parse_json(value)
    except (ValueError, RecursionError):
        raise WrongAnswer("wrong_type", f"The score must be JSON text, not {describe(value)}.") from None


def _read_names(value: Any, names: Sequence[str]) -> Any:
    """Return a list of names as the choices spell them, each once; what is no list of names stays as it is."""
    if not names or not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        return value
    return list(dict.fromkeys(_read_name(name, names) for name in value))


def _read_name(name: str, names: Sequence[str]) -> str:
    found = _find_names(name, names)
    if not found:
        raise unknown_choice(name, names)
    if len(found) > 1:
        raise WrongAnswer("ambiguous", f"{describe(name)} may be any of the choices {', '.join(found)}.")
    return found[0]


def _find_names(name: str, names: Sequence[str]) -> list[str]:
    """Return the choice of that name, else all whose names differ from it in case and outer white space alone."""
    if name in names:
        return [name]
    folded = name.strip().casefold()
    return [known for known in names if known.strip().casefold() == folded]
