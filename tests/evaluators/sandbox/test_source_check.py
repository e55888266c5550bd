"""Checking code when it is saved: without running it, with the line of what is wrong."""

import warnings
from pathlib import Path

import pytest

from assay.evaluators.sandbox import check_source
from assay.model.errors import Invalid


@pytest.mark.parametrize(
    "source",
    [
        "def main(eval_inputs): return 1",
        "def evaluate(llm_input, llm_output, **kwargs): return 1",
        "main = lambda inputs: 1",
        "main: object = len",
        "from json import dumps as main",
        "if True:\n    def main(e): return 1\nelse:\n    def main(e): return 2",
        "try:\n    import x\nexcept ImportError:\n    def main(e): return 1",
        "with x as main: pass",
        "class main:\n    def __new__(cls, e): return 1",
        "async def evaluate(a, b): return 1\ndef main(e): return 1",
        "import re\nMARK = re.compile('\\d')\ndef main(e): return 1",
    ],
)
def test_what_may_define_an_entry_point_is_taken(source: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_source(source)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def main(e):\n    return (\n", "line 2: SyntaxError: '(' was never closed."),
        ("def main(e):\nreturn 1", "line 2: IndentationError: expected an indented block"),
        ("def main(e): return 1\nreturn 2", "line 2: SyntaxError: 'return' outside function."),
        ("", "Must define main(eval_inputs), or the older evaluate("),
        ("def other(e):\n    def main(e): return 1\n", "Must define main(eval_inputs)"),
        ("class A:\n    def main(self): return 1\n", "Must define main(eval_inputs)"),
        ("main == 1", "Must define main(eval_inputs)"),
        ("\nasync def main(e): return 1", "line 2: main must be a plain function, not an async one."),
        ("def main(e): return 1 # \0", "null bytes"),
        ("def main(e): return '\ud800'", "Is no Python source: "),
        ("main = " + "-" * 50_000 + "1", "Is nested too deeply to be compiled."),
        ("main = a" + ".a" * 40_000, "Is nested too deeply to be compiled."),
        ("main = " + "(" * 5_000 + ")" * 5_000, "too many nested parentheses"),
        ("#" * 100_001, "Has 100,001 characters; at most 100,000 are taken."),
    ],
    ids=lambda text: repr(text[:40]),
)
def test_what_is_wrong_is_named_with_its_field_and_line(source: str, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_source(source)
    ((field, messages),) = caught.value.fields.items()
    assert field == "code_config.eval_code_snippet"
    assert message in messages[0]


def test_nothing_of_the_code_is_run(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    check_source(f"open({str(marker)!r}, 'w').close()\n@print\ndef main(e=1 / 0): return 1")
    assert not marker.exists()
