"""The files of the UI as they lie in the repository: contrast of colours, sums of what is vendored, weight, form."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import re
from pathlib import Path

import pytest

from assay.web.assets import load_assets
from assay.web.joining import join_page, vendored
from assay.web.shell import PAGES

STATIC = Path(__file__).parents[2] / "src" / "assay" / "web" / "static"
VENDOR = STATIC / "vendor"
EDITOR = VENDOR / "codemirror.js"
MODULES = sorted(path for path in STATIC.rglob("*.js") if VENDOR not in path.parents)
STYLES = sorted((STATIC / "styles").glob("*.css"))
KILOBYTE = 1_000
# What is left out where modules are joined.
DESCRIPTION = re.compile(rb"^[ \t]*/\*\*(?:(?!\*/).)*\*/[ \t]*\n", re.MULTILINE | re.DOTALL)

SCHEMES = ("light", "dark")
SURFACES = ("surface", "chrome", "raised", "hover", "sunken")
TINTED = ("accent", "good", "bad", "warn")


def name_of(path: Path) -> str:
    return str(path.relative_to(STATIC))


def gzipped(*paths: Path) -> float:
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths) / KILOBYTE


# -------------------------------------------------------------------------------------------------------- colours


def colours(scheme: str) -> dict[str, str]:
    """Return the colour tokens of a scheme as #rrggbb."""
    text = (STATIC / "styles" / "tokens.css").read_text()
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", text)
    return {name: pair[SCHEMES.index(scheme)] for name, *pair in found}


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG 2.2 defines it."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21, as WCAG 2.2 defines it."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def too_faint(scheme: str, pairs: list[tuple[str, str]], least: float) -> list[str]:
    token = colours(scheme)
    found = [(front, back, contrast(token[front], token[back])) for front, back in pairs]
    return [f"--{front} on --{back}: {ratio:.2f} < {least}" for front, back, ratio in found if ratio < least]


def test_the_contrast_of_black_on_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    # The example of WCAG's understanding document: the lightest grey that passes on white.
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_text_can_be_read_on_every_surface(scheme: str) -> None:
    pairs = list(itertools.product(("text", "muted", "accent", "good", "bad", "warn"), SURFACES))
    pairs += [(name, f"{name}-tint") for name in TINTED] + [("text", f"{name}-tint") for name in TINTED]
    pairs += [("accent-text", "accent"), ("accent-text", "accent-strong")]
    assert too_faint(scheme, pairs, 4.5) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_borders_of_inputs_and_colours_of_runs_stand_out(scheme: str) -> None:
    runs = [f"run-{letter}" for letter in "abcdefgh"]
    pairs = list(itertools.product(["border", "faint", *runs], ("surface", "raised")))
    assert too_faint(scheme, pairs, 3.0) == []


@pytest.mark.parametrize("path", STYLES, ids=name_of)
def test_style_sheets_take_their_colours_from_the_tokens(path: Path) -> None:
    if path.name == "tokens.css":
        return
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    values = re.findall(r":([^;{}]+)[;}]", text)
    raw = re.compile(r"#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch|lab)a?\(", re.IGNORECASE)
    assert [value.strip() for value in values if raw.search(value)] == []


@pytest.mark.parametrize("path", STYLES, ids=name_of)
def test_every_style_token_that_is_used_exists(path: Path) -> None:
    source = "".join(each.read_text() for each in [*STYLES, *MODULES])
    defined = set(re.findall(r"(--[\w-]+)[\"'`]?\]?\s*[:=]", source)) | set(
        re.findall(r"setProperty\([\"'](--[\w-]+)", source)
    )
    used = {name for name, fallback in re.findall(r"var\((--[\w-]+)\s*(,?)", path.read_text()) if not fallback}
    assert sorted(used - defined) == []


# ------------------------------------------------------------------------------------------------------- vendored


def sums_of(readme: Path) -> dict[str, str]:
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in readme.read_text().splitlines()]
    return {row[0]: row[-1] for row in rows if row and re.fullmatch(r"[0-9a-f]{64}", row[-1])}


@pytest.mark.parametrize("directory", [VENDOR, Path(__file__).with_name("vendor")], ids=["ui", "tests"])
def test_vendored_files_are_those_that_were_vendored(directory: Path) -> None:
    known = {"README.md", "NOTICE"}
    # Types are ours, and say what the file offers.
    files = [path for path in directory.iterdir() if path.name not in known and not path.name.endswith(".d.ts")]
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files} == sums_of(
        directory / "README.md"
    )


def test_every_vendored_package_has_its_version_and_its_licence() -> None:
    rows = [line.split("|")[1:-1] for line in (VENDOR / "README.md").read_text().splitlines() if "`" in line]
    rows = [row for row in rows if len(row) == 4]
    notice = (VENDOR / "NOTICE").read_text()
    names = [name for row in rows for name in re.findall(r"(@?[\w/.-]+)(?: \(\w+\))? \d+\.\d+\.\d+", row[1])]
    assert len(rows) >= 2
    assert all(row[2].strip() for row in rows)
    # The parts of one project stand in one line there: "@lezer/common, highlight, json".
    assert [name for name in names if name.rpartition("/")[2].lower() not in notice.lower()] == []


# ---------------------------------------------------------------------------------------------------------- weight


def test_the_style_sheets_weigh_at_most_15_kb() -> None:
    joined = b"\n".join(path.read_bytes() for path in STYLES)
    assert len(gzip.compress(joined, 9)) / KILOBYTE <= 15


@pytest.mark.parametrize("page", sorted(set(PAGES.values())))
def test_the_scripts_of_a_page_are_a_few_and_weigh_at_most_62_kb(page: str) -> None:
    assets = load_assets()
    needed = [join_page(assets, page), *(assets.files[path] for path in vendored(assets, page))]
    assert len(needed) <= 3
    assert sum(len(file.compressed or file.body) for file in needed) / KILOBYTE <= 62


def test_all_scripts_but_the_editor_weigh_at_most_200_kb() -> None:
    libraries = [path for path in VENDOR.glob("*.js") if path != EDITOR]
    sources = [assets.files[path] for assets in [load_assets()] for path in assets.imports if "vendor/" not in path]
    together = gzip.compress(b"".join(DESCRIPTION.sub(b"", source.body) for source in sources), 9)
    assert len(together) / KILOBYTE + gzipped(*libraries) <= 200


def test_the_editor_weighs_at_most_185_kb() -> None:
    assert gzipped(EDITOR) <= 185


# ------------------------------------------------------------------------------------------------------------ form


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_begins_with_what_it_is(path: Path) -> None:
    first = path.read_text().lstrip().split("*/")[0]
    said = " ".join(line.strip(" *") for line in first.removeprefix("/**").splitlines()).strip()
    assert first.startswith("/** "), f"{name_of(path)} begins with {first[:60]!r}"
    assert re.match(r"[A-Z\"“].{15,}[.:]$|[A-Z].{15,}\. @", said), f"{name_of(path)} says {said!r}: a sentence"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_has_no_way_for_text_to_become_code(path: Path) -> None:
    ways = (
        r"innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|\beval\(|new Function|srcdoc"
    )
    assert re.findall(ways, path.read_text()) == []


# Names, which no page fetches: XML's vocabularies, hosts that stand for any other, providers in the hints of a form.
NAMES = re.compile(
    r"https?://(?:www\.w3\.org/|api\.(?:openai|anthropic)\.com|127\.0\.0\.1|localhost|(?:[\w-]+\.)*example\.(?:com|org)|…|\$\{)"
)


@pytest.mark.parametrize("path", [*MODULES, *STYLES, *sorted(VENDOR.glob("*.js"))], ids=name_of)
def test_nothing_is_fetched_from_an_outside_host(path: Path) -> None:
    text = path.read_text()
    hosts = [text[found.start() : found.start() + 80] for found in re.finditer(r"https?://\S", text)]
    # A pattern that recognises addresses is none.
    assert [one for one in hosts if not NAMES.match(one) and not re.match(r"https\?|https?://[\[(\\?]", one)] == []
    assert re.findall(r"@import|url\(\s*[\"']?//", text) == []
