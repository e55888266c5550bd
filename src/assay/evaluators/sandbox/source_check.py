"""Checking the source of a code evaluator when it is saved, without running any of it."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Sequence

from assay.model.errors import Invalid

SOURCE_FIELD = "code_config.eval_code_snippet"
MAXIMUM_SOURCE_CHARACTERS = 100_000
_ENTRY_POINTS = ("main", "evaluate")


def check_source(source: str) -> None:
    """Check that the code compiles and defines `main` or `evaluate`, without running it.

    Raises Invalid naming `code_config.eval_code_snippet`, with the line of a syntax error.
    """
    if len(source) > MAXIMUM_SOURCE_CHARACTERS:
        raise _invalid(f"Has {len(source):,} characters; at most {MAXIMUM_SOURCE_CHARACTERS:,} are taken.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(source)
            compile(module, "<evaluator>", "exec", dont_inherit=True)
    except SyntaxError as error:
        line = "" if error.lineno is None else f"line {error.lineno}: "
        raise _invalid(f"{line}{type(error).__name__}: {error.msg}.") from None
    except (RecursionError, MemoryError):
        raise _invalid("Is nested too deeply to be compiled.") from None
    except ValueError as error:  # NUL, lone surrogates
        raise _invalid(f"Is no Python source: {error}.") from None
    bound = dict(_bound_names(module.body))
    found = [name for name in _ENTRY_POINTS if name in bound]
    if not found:
        raise _invalid("Must define main(eval_inputs), or the older evaluate(llm_input, llm_output, **kwargs).")
    function = bound[found[0]]
    if isinstance(function, ast.AsyncFunctionDef):
        raise _invalid(f"line {function.lineno}: {function.name} must be a plain function, not an async one.")


def _invalid(message: str) -> Invalid:
    return Invalid.field(SOURCE_FIELD, message)


def _bound_names(statements: Sequence[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    """Yield each name that statements at module level may bind, and the statement that does, in order."""
    for statement in statements:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, statement
                continue
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                yield from ((alias.asname or alias.name, statement) for alias in aliases)
                continue
        for child in ast.iter_child_nodes(statement):
            for node in ast.walk(child) if isinstance(child, ast.expr | ast.withitem) else ():
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    yield node.id, statement
        for body in ("body", "orelse", "finalbody"):
            yield from _bound_names(getattr(statement, body, ()))
        for handler in getattr(statement, "handlers", ()):
            yield from _bound_names(handler.body)
