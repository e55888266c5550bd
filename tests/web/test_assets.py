"""The files of the UI over HTTP, and in the package."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.web.assets import load_assets
from tests.server import Server, running
from tests.web.served import ask, plain

__all__ = ["plain"]
ROOT = Path(__file__).parents[2]
STATIC = ROOT / "src" / "assay" / "web" / "static"
APP = re.compile(rb'src="(/ui/static/[0-9a-f]{16})/page/')


@pytest.fixture
def static(plain: Server) -> str:
    """The path below which the files are, as the document names it."""
    found = APP.search(ask(plain, "/ui/").body)
    assert found
    return found[1].decode()


def test_a_file_may_be_kept_for_ever_and_is_never_taken_for_another_type(plain: Server, static: str) -> None:
    answer = ask(plain, f"{static}/app.js")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.body == (STATIC / "app.js").read_bytes()
    assert ask(plain, f"{static}/favicon.svg").headers["content-type"] == "image/svg+xml"


def test_text_is_compressed_for_those_who_take_it(plain: Server, static: str) -> None:
    compressed = ask(plain, f"{static}/vendor/preact.js", Accept_Encoding="br, gzip;q=0.8")
    assert compressed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(compressed.body) == (STATIC / "vendor" / "preact.js").read_bytes()
    for encoding in ("", "br", "gzip;q=0"):
        answer = ask(plain, f"{static}/vendor/preact.js", Accept_Encoding=encoding)
        assert "content-encoding" not in answer.headers
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["etag"] != compressed.headers["etag"]


def test_a_browser_that_has_a_file_is_told_so(plain: Server, static: str) -> None:
    tag = ask(plain, f"{static}/app.js").headers["etag"]
    same = ask(plain, f"{static}/app.js", If_None_Match=f'"other", W/{tag}')
    assert (same.status, same.body) == (304, b"")
    assert ask(plain, f"{static}/app.js", If_None_Match='"other"').status == 200


def test_head_answers_like_get_without_a_body(plain: Server, static: str) -> None:
    answer = ask(plain, f"{static}/app.js", "HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["content-length"]) == (STATIC / "app.js").stat().st_size


@pytest.mark.parametrize(
    "path",
    [
        "../../assets.py",
        "../../../../../../../../etc/passwd",
        "%2e%2e/%2e%2e/assets.py",
        "..%2f..%2fassets.py",
        "..%5c..%5cassets.py",
        "lib/../../../assets.py",
        "lib/../app.js",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "app.js%00.css",
        "vendor/NOTICE",
        "vendor/README.md",
        "vendor/preact.d.ts",
        "lib/",
        "",
    ],
)
def test_nothing_but_the_files_is_served(plain: Server, static: str, path: str) -> None:
    answer = ask(plain, f"{static}/{path}")
    assert answer.status == 404
    assert b"import" not in answer.body
    assert b"root:" not in answer.body


def test_the_files_of_another_release_are_gone(plain: Server, static: str) -> None:
    assert ask(plain, "/ui/static/0123456789abcdef/app.js").status == 404


def test_all_styles_are_one_file_that_begins_with_the_tokens_and_the_base(plain: Server, static: str) -> None:
    styles = ask(plain, f"{static}/styles.css")
    assert styles.headers["content-type"] == "text/css; charset=utf-8"
    parts = sorted(path for path in STATIC.joinpath("styles").iterdir() if path.name not in ("tokens.css", "base.css"))
    first = [STATIC / "styles" / "tokens.css", STATIC / "styles" / "base.css"]
    assert styles.body == b"\n".join(path.read_bytes() for path in (*first, *parts))
    assert ask(plain, f"{static}/styles/base.css").status == 404


def test_the_hash_changes_with_any_byte_and_any_name(tmp_path: Path) -> None:
    (tmp_path / "app.js").write_text("a")
    hashes = [load_assets(tmp_path).content_hash]
    (tmp_path / "app.js").write_text("b")
    hashes.append(load_assets(tmp_path).content_hash)
    (tmp_path / "app.js").rename(tmp_path / "main.js")
    hashes.append(load_assets(tmp_path).content_hash)
    (tmp_path / "app.js").write_text("")
    hashes.append(load_assets(tmp_path).content_hash)
    assert len(set(hashes)) == 4


def test_the_modules_of_a_page_are_those_it_imports_at_once(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "app.js").write_text(
        'import { a } from "./lib/a.js";\nimport {\n  b,\n  c,\n} from "./lib/b.js";\nimport "./lib/side-effect.js";\n'
        'const later = () => import("./lib/later.js");\n/** @typedef {import("./lib/type.js").Type} Type */\n'
        '// import { d } from "./lib/comment.js";\nimport gone from "./lib/gone.js";\n'
    )
    (tmp_path / "lib" / "a.js").write_text('export { a } from "./deep.js";\nexport * from "../app.js";\n')
    (tmp_path / "lib" / "b.js").write_text('import{x}from"./a.js";export const from = "./type.js";\n')
    for name in ("side-effect", "later", "type", "comment", "deep", "unused"):
        (tmp_path / "lib" / f"{name}.js").write_text("export const x = 1;\n")
    found = load_assets(tmp_path).modules_of("app.js", "pages/not-written.js")
    assert found == ["app.js", "lib/a.js", "lib/b.js", "lib/side-effect.js", "lib/deep.js"]


@pytest.fixture
def reloading() -> Iterator[Server]:
    with running(environment={"ASSAY_WEB_RELOAD": "1"}) as started:
        yield started


def test_a_developer_gets_files_that_are_asked_for_each_time(reloading: Server) -> None:
    assert b'src="/ui/static/reloaded/app.js"' in ask(reloading, "/ui/").body
    answer = ask(reloading, "/ui/static/reloaded/app.js")
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-cache")


def test_the_wheel_holds_every_file_of_the_ui(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    written = {f"assay/web/static/{path.relative_to(STATIC)}" for path in STATIC.rglob("*") if path.is_file()}
    assert "assay/web/static/app.js" in written
    assert written <= packed
