"""Modules that are needed together, joined into one answer: each as it is, in a function of its own.

A browser fetches sixty small modules in sixty requests, over six connections. Nothing is translated here: imports
become reads of a registry, exports what the function returns, and comments that only describe are left out. A module
that two answers hold is run once, because the first to come puts it into the registry.

What a page fetches later has an address for each page that can be there first, without what that page brought.
"""

from __future__ import annotations

import re
from posixpath import dirname, join, normpath, relpath

from assay.web.assets import APP, LATER, Asset, Assets, make_asset

PAGE = "page"
PART = "part"
_PAGES = "pages/"
_VENDOR = "vendor/"
_IMPORT = re.compile(r'^import\s+\{([^}]*)\}\s+from\s+"([^"]+)";', re.MULTILINE)
_REEXPORT = re.compile(r'^export\s+\{([^}]*)\}\s+from\s+"([^"]+)";', re.MULTILINE)
_EXPORT = re.compile(r"^export\s+(default\s+)?((?:async\s+)?(?:function|const|class)\s+)(\w+)", re.MULTILINE)
_DESCRIPTION = re.compile(r"^[ \t]*/\*\*(?:(?!\*/).)*\*/[ \t]*\n", re.MULTILINE | re.DOTALL)


def page_address(page: str | None) -> str:
    """Return the address of a page's modules, below that of the files; None is the application without a page."""
    return f"{PAGE}/{page or APP}"


def join_at(assets: Assets, address: str) -> Asset | None:
    """Return what has this address, None where nothing has: a page's modules, or a part that a page fetches later."""
    kind, _, rest = address.partition("/")
    if kind == PAGE:
        is_page = rest == APP or rest in assets.imports
        return join_page(assets, None if rest == APP else rest) if is_page else None
    name, _, entry = rest.partition("/")
    page = None if f"{name}.js" == APP else f"{_PAGES}{name}.js"
    is_part = (page is None or page in assets.imports) and entry in assets.later
    return join_part(assets, page, entry) if is_part else None


def join_page(assets: Assets, page: str | None) -> Asset:
    """Return the application and the modules of a page; the application runs last, and finds its page there."""
    return _joined(assets, _modules_of(assets, page), page_address(page), page)


def join_part(assets: Assets, page: str | None, entry: str) -> Asset:
    """Return a module that is fetched later, with what it needs beyond the page that was there first."""
    there = {path for path in _modules_of(assets, page) if not path.startswith(_VENDOR)}
    needed = [path for path in assets.modules_of(entry) if path not in there]
    return _joined(assets, needed, f"{_parts_of(page)}/{entry}", page)


def _parts_of(page: str | None) -> str:
    return f"{PART}/{(page or APP).removeprefix(_PAGES).removesuffix('.js')}"


def _modules_of(assets: Assets, page: str | None) -> list[str]:
    return assets.modules_of(APP) if page is None else assets.modules_of(page, APP)


def vendored(assets: Assets, page: str | None) -> list[str]:
    """Return the vendored modules that a page needs: they stay files of their own."""
    return [path for path in _modules_of(assets, page) if path.startswith(_VENDOR)]


def _joined(assets: Assets, needed: list[str], address: str, page: str | None) -> Asset:
    root = relpath(".", dirname(address))
    outside = [path for path in needed if path.startswith(_VENDOR)]
    names = {path: f"$vendor{place}" for place, path in enumerate(outside)}
    head = [f'import * as {name} from "{root}/{path}";' for path, name in names.items()]
    head += [
        "const $known = (globalThis.assayModules ??= new Map());",
        f"const $later = (path) => $known.has(path) ? Promise.resolve($known.get(path))"
        f" : import(`{root}/{_parts_of(page)}/${{path}}`).then(() => $known.get(path));",
    ]
    bodies = [_wrapped(assets, path, root, names) for path in _in_order(assets, needed) if path not in names]
    return make_asset(address, "\n".join([*head, *bodies]).encode())


def _in_order(assets: Assets, needed: list[str]) -> list[str]:
    """Return modules so that each comes after those it imports; they import each other in no circle."""
    ordered: dict[str, None] = {}

    def take(path: str) -> None:
        if path not in ordered and path in inside:
            for imported in assets.imports.get(path, ()):
                take(imported)
            ordered[path] = None

    inside = set(needed)
    for path in needed:
        take(path)
    # The application shows the page as soon as it runs.
    if APP in ordered:
        del ordered[APP]
        ordered[APP] = None
    return list(ordered)


def _wrapped(assets: Assets, path: str, root: str, names: dict[str, str]) -> str:
    source = _DESCRIPTION.sub("", assets.files[path].body.decode())
    exported: list[str] = []

    def known(name: str) -> str:
        place = normpath(join(dirname(path), name))
        return names.get(place, f'$known.get("{place}")')

    def read(match: re.Match[str]) -> str:
        wanted = [re.sub(r"\s+as\s+", ": ", one) for one in _words(match[1])]
        return f"const {{ {', '.join(wanted)} }} = {known(match[2])};"

    def hand_on(match: re.Match[str]) -> str:
        exported.extend(f"{name}: {known(match[2])}.{name}" for name in _words(match[1]))
        return ""

    def export(match: re.Match[str]) -> str:
        exported.append(f"default: {match[3]}" if match[1] else match[3])
        return match[2] + match[3]

    source = _IMPORT.sub(read, source)
    source = _REEXPORT.sub(hand_on, source)
    source = _EXPORT.sub(export, source)
    source = LATER.sub(lambda match: f'$later("{normpath(join(dirname(path), match[1]))}")', source)
    source = source.replace("import.meta.url", f'new URL("{root}/{path}", import.meta.url)')
    return (
        f'// {path}\n$known.has("{path}") || $known.set("{path}", (() => {{\n'
        f"{source}return {{ {', '.join(exported)} }};\n}})());"
    )


def _words(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]
