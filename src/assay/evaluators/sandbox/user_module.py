"""The user's module inside the sandbox: loading it, finding its entry point, and its errors in its own line numbers."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from json import dumps
from traceback import walk_tb
from types import FrameType, ModuleType
from typing import Any

from assay.evaluators.sandbox.limits import Limits

SOURCE_NAME = "<evaluator>"
_MODULE_NAME = "evaluator"

Call = Callable[[dict[str, Any]], Any]


class Complaint(Exception):
    """Something is wrong that no line of the user's code raised; `kind` is the error kind."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def load(source: bytearray) -> Call:
    """Run the module and return the function from eval_inputs to the result: `main`, or else `evaluate`.

    Raises what the module raises, and Complaint where it defines neither.
    """
    code = compile(source.decode(), SOURCE_NAME, "exec", dont_inherit=True)
    module = ModuleType(_MODULE_NAME)
    # Dataclasses and type hints look their module up there.
    sys.modules[_MODULE_NAME] = module
    exec(code, module.__dict__)  # noqa: S102
    main, evaluate = module.__dict__.get("main"), module.__dict__.get("evaluate")
    if callable(main):
        return main  # type: ignore[no-any-return]
    if callable(evaluate):
        return _with_older_inputs(evaluate)
    raise Complaint("no_entry_point", "The code defines neither main(eval_inputs) nor evaluate(llm_input, llm_output).")


def _with_older_inputs(evaluate: Callable[..., Any]) -> Call:
    """Call `evaluate(llm_input, llm_output, **kwargs)` with as many of the other inputs by name as it takes."""
    parameters: Mapping[str, Parameter] = signature(evaluate).parameters
    by_place = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    first_two = [name for name, parameter in parameters.items() if parameter.kind in by_place][:2]
    takes_any = any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters.values())
    takes_all_places = any(parameter.kind is Parameter.VAR_POSITIONAL for parameter in parameters.values())
    places = 2 if takes_all_places else len(first_two)

    def call(inputs: dict[str, Any]) -> Any:
        expected = inputs.get("expected_output")
        named = inputs | {"ideal_output": expected if isinstance(expected, str | None) else dumps(expected)}
        others = {
            name: value for name, value in named.items() if (takes_any or name in parameters) and name not in first_two
        }
        return evaluate(*(inputs["llm_input"], inputs["llm_output"])[:places], **others)

    return call


def describe_error(error: BaseException, limits: Limits) -> tuple[str, str]:
    """Return the kind of an error in snake case and its message, which starts with the user's line."""
    if isinstance(error, Complaint):
        return error.kind, str(error)
    name = type(error).__name__
    line = _line_of_error(error)
    where = "" if line is None else f"line {line}: "
    if isinstance(error, MemoryError):
        return "memory_limit", f"{where}{name}: an evaluator has {limits.memory_bytes >> 20:,} MB of memory."
    text = (error.msg if isinstance(error, SyntaxError) else str(error)) or ""
    message = f"{where}{name}: {text}" if text else f"{where}{name}"
    if isinstance(error, PermissionError) or name == "gaierror" or "start new thread" in text:
        return "forbidden", f"{message}: evaluators have no network, no files, no processes and no threads."
    if isinstance(error, ModuleNotFoundError):
        message += " (evaluators have most of Python's standard library, and nothing else)"
    return _snake_case(name), message


def line_of_frame(frame: FrameType | None) -> int | None:
    """Return the line of the user's source that is running, innermost, or None outside it."""
    while frame is not None:
        if frame.f_code.co_filename == SOURCE_NAME:
            return frame.f_lineno
        frame = frame.f_back
    return None


def _line_of_error(error: BaseException) -> int | None:
    lines = [line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == SOURCE_NAME]
    if isinstance(error, SyntaxError) and error.filename == SOURCE_NAME:
        return error.lineno
    return lines[-1] if lines else None


def _snake_case(name: str) -> str:
    kind = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_")
    return kind[:64] if kind[:1].isalpha() else "error"
