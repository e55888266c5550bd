"""Options that say which request logs are meant, and how many of them go into a dataset."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from assay.sdk.log_types import LogSample

SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="From when on: 7d, 24h, 30m ago, or 2026-11-23T08:00.")
]
UntilOption = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Up to when; as --since.")]
SearchOption = Annotated[
    str | None,
    typer.Option("--search", "-s", metavar="TEXT", help="Words in input or output: '\"gift card\" model:gpt-4o'."),
]
EnvironmentOption = Annotated[
    str | None, typer.Option("--environment", metavar="ENV", help="prod, test or all; default: the key's own.")
]
SampleOption = Annotated[
    str | None, typer.Option("--sample", metavar="PERCENT", help="Take this share of them: 10%; default: all.")
]
CountOption = Annotated[int | None, typer.Option("--count", min=1, help="Take this many of them.")]
StratifyOption = Annotated[
    str | None, typer.Option("--stratify", metavar="FIELD", help="By strata: model, status, metadata.plan, …")
]
EqualOption = Annotated[bool, typer.Option("--equal", help="As many of each stratum, not in proportion.")]
NewestOption = Annotated[bool, typer.Option("--newest", help="The newest, not any.")]
FailuresOption = Annotated[bool, typer.Option("--failures-first", help="Failed ones before the others.")]
SeedOption = Annotated[int | None, typer.Option(min=0, help="The same seed takes the same logs.")]
SimilarityOption = Annotated[
    float | None,
    typer.Option("--deduplicate", metavar="SHARE", help="Pass over inputs this similar to one taken: 0.9."),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only say what would be taken.")]

_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d|w)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def read_moment(words: str | None, option: str) -> datetime | None:
    """Return a time with its zone: `7d`, `24h`, `30m` ago, or ISO 8601, without zone in the reader's own.

    None for None; raises BadParameter.
    """
    if words is None:
        return None
    text = words.strip().lower().removesuffix(" ago")
    ago = _AGO.fullmatch(text)
    try:
        if ago is not None:
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: float(ago[1])})
        return datetime.fromisoformat(words.strip()).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise typer.BadParameter(
            f'"{words}" is not a time; write 30m, 24h, 7d or 2026-11-23T08:00', param_hint=option
        ) from None


def read_window(since: str | None, until: str | None, default_since: str | None = None) -> dict[str, Any]:
    """Return `start_time` and `end_time` of both options; raises BadParameter, also for a window that holds nothing."""
    start, end = read_moment(since, "--since"), read_moment(until, "--until")
    if start is None and end is None:
        start = read_moment(default_since, "--since")
    if start is not None and end is not None and end <= start:
        raise typer.BadParameter("is not after --since", param_hint="--until")
    return {"start_time": start, "end_time": end}


def read_environment(name: str | None) -> dict[str, Any]:
    """Return the environment as keywords of the client; raises BadParameter."""
    if name == "all":
        return {"all_environments": True}
    if name not in (None, "prod", "test"):
        raise typer.BadParameter(f'"{name}" is not prod, test or all', param_hint="--environment")
    return {"environment": name}


def read_sample(
    *,
    since: str | None,
    until: str | None,
    filters: dict[str, Any] | None,
    search: str | None,
    environment: str | None,
    share: str | None,
    count: int | None,
    stratify_by: str | None,
    is_equal: bool,
    is_newest: bool,
    is_failures_first: bool,
    seed: int | None,
    similarity: float | None,
    granularity: str | None = None,
) -> LogSample:
    """Return the sample that the options ask for; raises BadParameter for those that contradict each other."""
    from assay.sdk.log_types import LogSample

    if share is not None and count is not None:
        raise typer.BadParameter("give a share or a count, not both", param_hint="--count")
    if sum((stratify_by is not None, is_newest, is_failures_first)) > 1:
        raise typer.BadParameter("give one of --stratify, --newest, --failures-first", param_hint="--stratify")
    if is_equal and stratify_by is None:
        raise typer.BadParameter("needs --stratify", param_hint="--equal")
    if since is None and "id" not in (filters or {}):
        raise typer.BadParameter("say from when on, such as 7d", param_hint="--since")
    wanted = read_environment(environment)
    return LogSample(
        **read_window(since, until),
        filters=filters,
        search=search,
        percent=read_share(share),
        count=count,
        method="newest" if is_newest else "failures_first" if is_failures_first else None,
        seed=seed,
        stratify_by=stratify_by,
        allocation="equal" if is_equal else None,
        similarity=similarity,
        granularity=granularity,
        environments=("prod", "test") if wanted.get("all_environments") else (environment and (environment,)) or None,
    )


def read_share(words: str | None) -> float | None:
    """Return a percentage, over 0 to 100, of `10%` or `10`; raises BadParameter."""
    if words is None:
        return None
    try:
        percent = float(words.strip().removesuffix("%"))
    except ValueError:
        percent = 0.0
    if not 0 < percent <= 100:
        raise typer.BadParameter(f'"{words}" is not a percentage over 0 to 100, such as 10%', param_hint="--sample")
    return percent
