"""Figures as people read them: numbers, intervals, money, times, verdicts and one-line histograms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from assay.cli.output import shortened, text

if TYPE_CHECKING:
    from rich.text import Text

    from assay.sdk.report_types import HistogramBin
    from assay.sdk.types import Interval

BARS = "▁▂▃▄▅▆▇█"
HISTOGRAM_WIDTH = 12
NOTHING = "–"
_CENT = 0.01
_MINUTE_SECONDS = 60
_HOUR_SECONDS = 3600


class HasVerdict(Protocol):
    """What became of a row: scored, skipped or failed."""

    @property
    def status(self) -> str:
        """What became of it."""

    @property
    def score(self) -> Any:
        """The score, None without one."""

    @property
    def is_passed(self) -> bool | None:
        """Whether it passed, None where nobody said what passing is."""


def arrow(direction: str | None) -> str:
    """Return which way is better: ↑ higher, ↓ lower, nothing where neither is."""
    return {"higher": "↑", "lower": "↓"}.get(direction or "", "")


def sparkline(bins: Sequence[HistogramBin], width: int = HISTOGRAM_WIDTH) -> str:
    """Return a histogram as one line of bars, neighbouring bins merged to at most `width`; empty bins stay blank."""
    if not bins:
        return ""
    count = min(width, len(bins))
    merged = [0] * count
    for position, one in enumerate(bins):
        merged[position * count // len(bins)] += one.count
    tallest = max(merged) or 1
    return "".join(" " if height == 0 else BARS[-(-height * len(BARS) // tallest) - 1] for height in merged)


def figure(value: float | None) -> str:
    """Return a number with about four significant digits."""
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def interval(found: Interval | None) -> str:
    """Return an interval as `lower–upper`, both with the same decimals, about four significant digits; else nothing."""
    if found is None or found.lower is None or found.upper is None:
        return ""
    largest = max(abs(found.lower), abs(found.upper))
    decimals = 3 if largest < 1 else max(0, 3 - len(str(int(largest))))
    # Plus zero: -0.0004 is 0.000 and not -0.000.
    lower, upper = (f"{round(end, decimals) + 0.0:,.{decimals}f}" for end in (found.lower, found.upper))
    # A dash before a minus sign reads like two.
    return f"{lower} to {upper}" if lower.startswith("-") else f"{lower}–{upper}"


def percent(share: float | None) -> str:
    """Return a share as a percentage with one decimal."""
    return NOTHING if share is None else f"{share * 100:.1f} %"


def percent_interval(found: Interval | None) -> str:
    """Return an interval of shares as `lower–upper %`, empty without one."""
    if found is None or found.lower is None or found.upper is None:
        return ""
    return f"{found.lower * 100:.1f}–{found.upper * 100:.1f} %"


def dollars(amount: float | None, unknown_count: int = 0) -> str:
    """Return US dollars: cents, below one cent two significant digits; a `?` behind it where some are not known."""
    if amount is None:
        return "unknown"
    words = f"${amount:,.2f}" if amount == 0 or abs(amount) >= _CENT else f"${float(f'{amount:.2g}'):.10f}".rstrip("0")
    return f"{words} + ?" if unknown_count else words


def duration(seconds: float | None) -> str:
    """Return a time in the unit that suits it."""
    if seconds is None:
        return NOTHING
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 0.9995:
        return f"{seconds * 1000:.3g} ms"
    if seconds < _MINUTE_SECONDS:
        return f"{seconds:.1f} s"
    if seconds < _HOUR_SECONDS:
        return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:.0f} min"


def brief(number: int) -> str:
    """Return a count in three digits at most: 950, 12.3k, 4.56M."""
    for limit, unit in ((1_000_000, "M"), (1_000, "k")):
        if number >= limit:
            return f"{number / limit:.3g}{unit}"
    return str(number)


def model_words(model: str | None) -> str | None:
    """Return the name of a model; that of a scripted one says that nobody is asked."""
    return f"{model} (no model is asked)" if (model or "").startswith("scripted") else model


def verdict(found: HasVerdict, style: str = "") -> Text:
    """Return a score with a mark for passed or not, or what became of it without one."""
    if found.status != "scored":
        return text(found.status, "red" if found.status == "failed" else "yellow")
    mark, colour = "", ""
    if found.is_passed is not None:
        mark, colour = (" ✓", "green") if found.is_passed else (" ✗", "red")
    score = figure(found.score) if isinstance(found.score, float) else shortened(found.score, 60)
    return text(score + mark, f"{style} {colour}".strip())
