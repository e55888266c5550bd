"""Running the blocks of one page in order: Python in one namespace, shell in one environment, both in one directory."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.guides.pages import ROOT, Block, differences, missing_lines

_SHELL_SECONDS = 120


class Runner:
    """One reader who follows one page; `showed` is what the last block answered."""

    def __init__(self, page: Path, directory: Path, environment: dict[str, str]) -> None:
        self.page = page.relative_to(ROOT)
        self.directory = directory
        outside = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = {**outside, "PATH": path, "NO_COLOR": "1", "COLUMNS": "100", **environment}
        self.namespace: dict[str, Any] = {"__name__": "__main__"}
        self.showed: Any = None
        self._shell_state = directory / ".shell-state"

    def run(self, block: Block) -> None:
        """Run a block or compare it; raises AssertionError that names page and line."""
        where = f"{self.page}:{block.line}"
        match block.language:
            case "python":
                self.showed = self._python(block, where)
            case "sh":
                self.showed = self._shell(block, where)
            case "json":
                real = json.loads(self.showed) if isinstance(self.showed, str) else self.showed
                found = list(differences(json.loads(block.text), real))
                assert not found, f"{where}: {'; '.join(found)}"
            case "text":
                missing = missing_lines(block.text, str(self.showed))
                assert not missing, f"{where}: {missing} not in:\n{self.showed}"
            case _:
                raise AssertionError(f"{where}: a block of '{block.language}' is neither run nor marked as not run")

    def _python(self, block: Block, where: str) -> Any:
        """Run a block as a prompt would: a last expression is its answer, else what it printed."""
        tree = ast.parse("\n" * block.line + block.text, where)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        printed = io.StringIO()
        answer = None
        with contextlib.chdir(self.directory), contextlib.redirect_stdout(printed):
            exec(compile(tree, where, "exec"), self.namespace)  # noqa: S102
            if isinstance(last, ast.Expr):
                answer = eval(compile(ast.Expression(last.value), where, "eval"), self.namespace)  # noqa: S307
        return printed.getvalue() if answer is None else answer

    def _shell(self, block: Block, where: str) -> str:
        """Run a block in bash, with the variables that the blocks before it left; any failing command fails it."""
        state = self._shell_state
        script = f"set -eu\n[ ! -f {state} ] || . {state}\nset -a\n{block.text}\nexport -p > {state}\n"
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", script],
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=_SHELL_SECONDS,
        )
        assert done.returncode == 0, f"{where}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr
