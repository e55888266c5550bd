"""Modules joined into one answer: what is left of them, and in which order they run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assay.web.assets import load_assets
from assay.web.joining import join_at, join_page, join_part, vendored
from assay.web.shell import PAGES
from tests.server import Server
from tests.web.served import ask, plain

__all__ = ["plain"]


def write(directory: Path, **sources: str) -> None:
    for name, source in sources.items():
        path = directory / f"{name.replace('__', '/')}.js"
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)


@pytest.mark.parametrize("page", sorted(set(PAGES.values())))
def test_nothing_of_a_page_is_left_to_be_imported_one_by_one(page: str) -> None:
    text = join_page(load_assets(), page).body.decode()
    left = re.findall(r"^(?:import(?! \* as \$vendor)|export)\b.*", text, re.MULTILINE)
    assert left == []
    assert f'$known.set("{page}"' in text
    # The application runs last: it shows the page at once.
    assert text.rindex("$known.set(") == text.index('$known.set("app.js"')


def test_no_module_of_the_ui_imports_itself_by_way_of_others() -> None:
    imports = load_assets().imports
    done: set[str] = set()

    def follow(path: str, way: tuple[str, ...]) -> None:
        assert path not in way, " → ".join((*way[way.index(path) :], path))
        if path not in done:
            for imported in imports.get(path, ()):
                follow(imported, (*way, path))
            done.add(path)

    for path in imports:
        follow(path, ())


def test_imports_exports_and_later_imports_go_through_the_registry(tmp_path: Path) -> None:
    write(
        tmp_path,
        app='import { a as b } from "./lib/a.js";\nexport const later = () => import("./lib/late.js");\nb();\n',
        lib__a='/** Gone. */\nimport { html } from "../vendor/x.js";\nexport { c } from "./c.js";\n'
        "export async function a() {\n  return html; // stays\n}\nexport default function Main() {}\n",
        lib__c="export class c {}\n",
        lib__late='import { a } from "./a.js";\nexport const at = new URL("./w.js", import.meta.url);\n',
        vendor__x="export const html = 1;\n",
    )
    assets = load_assets(tmp_path)
    text = join_page(assets, None).body.decode()
    assert 'import * as $vendor0 from "../vendor/x.js";' in text
    assert "const { html } = $vendor0;" in text
    assert 'const { a: b } = $known.get("lib/a.js");' in text
    assert 'return { c: $known.get("lib/c.js").c, a, default: Main };' in text
    assert '$later("lib/late.js")' in text
    assert "Gone." not in text
    assert "// stays" in text
    part = join_part(assets, None, "lib/late.js").body.decode()
    assert '$known.set("lib/a.js"' not in part, "the application has it already"
    assert 'new URL("./w.js", new URL("../../../lib/late.js", import.meta.url))' in part
    assert vendored(assets, None) == ["vendor/x.js"]


def test_a_part_holds_what_the_page_that_was_there_first_lacks(tmp_path: Path) -> None:
    write(
        tmp_path,
        app='export const pages = [() => import("./pages/one.js"), () => import("./pages/two.js")];\n',
        pages__one='import { a } from "../lib/a.js";\nexport const later = () => import("../lib/late.js");\n',
        pages__two='import { b } from "../lib/b.js";\n',
        lib__a="export const a = 1;\n",
        lib__b="export const b = 2;\n",
        lib__late='import { a } from "./a.js";\nimport { b } from "./b.js";\n',
    )
    assets = load_assets(tmp_path)

    def held(address: str) -> list[str]:
        joined = join_at(assets, address)
        assert joined is not None, address
        return re.findall(r'\$known\.set\("([^"]+)"', joined.body.decode())

    assert held("page/pages/one.js") == ["lib/a.js", "pages/one.js", "app.js"]
    assert held("part/one/lib/late.js") == ["lib/b.js", "lib/late.js"]
    assert held("part/two/lib/late.js") == ["lib/a.js", "lib/late.js"]
    assert held("part/app/lib/late.js") == ["lib/a.js", "lib/b.js", "lib/late.js"]
    # From page one to page two, and what page two fetches then.
    assert held("part/one/pages/two.js") == ["lib/b.js", "pages/two.js"]
    assert "import(`../../part/one/${path}`)" in join_page(assets, "pages/one.js").body.decode()
    for address in ("part/three/lib/late.js", "part/one/lib/b.js", "part/one/lib/none.js", "part/one", "page/three.js"):
        assert join_at(assets, address) is None, address


def test_a_part_is_served_beside_the_files_and_an_unknown_one_is_not_there(plain: Server) -> None:
    (root,) = set(re.findall(r'"(/ui/static/\w+)/', ask(plain, "/ui/start").body.decode()))
    answer = ask(plain, f"{root}/part/logs/components/palette.js")
    assert answer.status == 200
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")
    assert ask(plain, f"{root}/part/logs/components/nothing.js").status == 404
    assert ask(plain, f"{root}/part/nothing/components/palette.js").status == 404
    assert ask(plain, f"{root}/part/vendor/../app.js").status == 404
    assert ask(plain, f"{root}/page/styles.css").status == 404
