"""Request logs and traces as a terminal shows them: rows of a table, one log in full, the tree of a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from assay.cli.output import clean, console, cut_to_fit, fitted_table, last_words, print_fields, shortened, text

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from assay.sdk.log_types import RequestLog, Span, Trace

# From this width on a table has room for ids beside figures.
WIDE_COLUMNS = 120
_RIGHT: dict[str, Any] = {"justify": "right"}
_Column = tuple[tuple[str, dict[str, Any]], Callable[["RequestLog"], Any]]


def logs_table(logs: Sequence[RequestLog], *, has_ids: bool) -> Table:
    """Return logs as a table that fits the terminal.

    Previews take what is left of the line; ids stand in the place of the figures where there is no room for both.
    """
    width = console().width
    moment = _moments([log.timestamp for log in logs])
    figures: list[_Column] = [
        (("Tokens", _RIGHT), lambda log: tokens(log.total_request_tokens)),
        (("Cost", _RIGHT), _cost),
        (("Latency", _RIGHT), lambda log: seconds(log.latency)),
    ]
    chosen: list[_Column] = [
        *([(("Id", {"style": "dim"}), _id)] if has_ids or width >= WIDE_COLUMNS else []),
        (("Time", {}), lambda log: moment(log.timestamp)),
        (("Model", {"max_width": 18}), lambda log: log.model or log.span_name or log.log_type),
        (("Status", {}), status_mark),
        *([] if has_ids and width < WIDE_COLUMNS else figures),
        (("Input", {"ratio": 3}), _said),
        *([(("Output", {"ratio": 2}), _answer)] if width >= WIDE_COLUMNS + 20 else []),
    ]
    return fitted_table([column for column, _ in chosen], [[cell(log) for _, cell in chosen] for log in logs])


def _id(log: RequestLog) -> str:
    return log.id


def traces_table(traces: Sequence[Trace]) -> Table:
    """Return traces as a table that fits the terminal; narrow ones have no room for tokens and costs."""
    moment = _moments([trace.end_time for trace in traces])
    figures: list[tuple[tuple[str, dict[str, Any]], Callable[[Trace], Any]]] = [
        (("Tokens", _RIGHT), lambda trace: tokens(trace.total_tokens)),
        (("Cost", _RIGHT), lambda trace: money(trace.total_cost)),
    ]
    chosen: list[tuple[tuple[str, dict[str, Any]], Callable[[Trace], Any]]] = [
        (("Id", {"style": "dim"}), lambda trace: trace.id),
        (("Time", {}), lambda trace: moment(trace.end_time)),
        (("Name", {"ratio": 1}), lambda trace: shortened(trace.name or trace.input, 160)),
        (("Spans", _RIGHT), lambda trace: f"{trace.span_count:,}"),
        (("Failed", _RIGHT), lambda trace: text(f"{trace.error_count:,}", "red") if trace.error_count else ""),
        (("Duration", _RIGHT), lambda trace: seconds(trace.duration)),
        *(figures if console().width >= WIDE_COLUMNS else []),
    ]
    return fitted_table([column for column, _ in chosen], [[cell(trace) for _, cell in chosen] for trace in traces])


def log_line(log: RequestLog, width: int) -> Text:
    """Return a log as one line for those who watch them come in."""
    from rich.text import Text

    moment = "" if log.timestamp is None else log.timestamp.astimezone().strftime("%H:%M:%S")
    line = Text(moment, style="dim")
    line.append(f" {clean(log.model or log.span_name or log.log_type or ''):18.18} ", style="")
    mark = status_mark(log)
    line.append_text(mark)
    line.append(" " * max(0, 4 - len(mark)))
    line.append(f"{tokens(log.total_request_tokens):>7} {_cost(log):>9} {seconds(log.latency):>7}  ")
    line.append(clean(_said(log)))
    line.truncate(width, overflow="ellipsis")
    return line


def print_log(log: RequestLog) -> None:
    """Print one log in full."""
    counts = [(log.prompt_tokens, "in"), (log.completion_tokens, "out"), (log.total_request_tokens, "in all")]
    told = ", ".join(f"{number:,} {word}" for number, word in counts if number is not None)
    failure = " ".join(str(part) for part in (log.error_code, log.error_message) if part)
    print_fields(
        {
            "Id": log.id,
            "Time": _exactly(log.timestamp),
            "Model": log.model,
            "Type": log.log_type,
            "Status": text(f"{log.status} {log.status_code}", "" if log.status == "success" else "red"),
            "Error": text(failure, "red") if failure else None,
            "Tokens": told,
            "Cost": _cost(log),
            "Latency": seconds(log.latency),
            "First token": seconds(log.time_to_first_token),
            "Environment": log.environment,
            "Customer": log.customer_identifier,
            "Thread": log.thread_identifier,
            "Session": log.session_identifier,
            "Trace": log.trace_unique_id,
            "Span": " in ".join(part for part in (log.span_name, log.span_workflow_name) if part),
            "Custom id": log.custom_identifier,
            "Note": log.note,
            "Feedback": {True: "positive", False: "negative"}.get(log.positive_feedback)
            if log.positive_feedback is not None
            else None,
            "Metadata": "\n".join(f"{name}: {shortened(value)}" for name, value in (log.metadata or {}).items()),
        }
    )
    messages = log.prompt_messages if isinstance(log.prompt_messages, list) else None
    _print_payload("Input", messages, log.input)
    answer = log.completion_message
    _print_payload("Output", [answer] if isinstance(answer, dict) and answer.get("content") else None, log.output)


def print_trace(trace: Trace) -> None:
    """Print a trace: its sums, and the tree of its spans with durations and costs."""
    print_fields(
        {
            "Trace": trace.id,
            "Name": trace.name,
            "Time": _exactly(trace.start_time),
            "Duration": seconds(trace.duration),
            "Spans": f"{trace.span_count:,}, {trace.llm_call_count:,} of them model calls",
            "Errors": text(f"{trace.error_count:,}", "red") if trace.error_count else None,
            "Tokens": f"{trace.total_prompt_tokens:,} in, {trace.total_completion_tokens:,} out",
            "Cost": money(trace.total_cost),
            "Customer": trace.customer_identifier,
            "Session": trace.session_identifier,
        }
    )
    out = console()
    out.print()
    for span in trace.span_tree:
        out.print(_span_table([*_branches(span, "", "")], trace))
    if not trace.span_tree_is_complete:
        out.print(text("There are more spans than are shown.", "dim"))


def _branches(span: Span, lead: str, below: str) -> Iterator[tuple[str, Span]]:
    """Yield a span and those below it, each with the lines of the tree that lead to it."""
    yield lead, span
    last = len(span.children) - 1
    for number, child in enumerate(span.children):
        fork, rail = ("└─ ", "   ") if number == last else ("├─ ", "│  ")
        yield from _branches(child, below + fork, below + rail)


def _span_table(spans: Sequence[tuple[str, Span]], trace: Trace) -> Table:
    from rich.table import Table
    from rich.text import Text

    bar_width = 16 if console().width >= WIDE_COLUMNS else 10
    rows = []
    for lead, span in spans:
        name = Text(lead, style="dim")
        name.append(clean(span.span_name or span.log_type or span.id), style="red" if _has_failed(span) else "bold")
        figures = [
            seconds(span.latency),
            tokens(span.total_request_tokens),
            "" if span.cost is None else money(span.cost),
        ]
        rows.append([name, text(span.model or span.log_type or "", "dim"), *figures, _timeline(span, trace, bar_width)])
    made = Table.grid(padding=(0, 2, 0, 0))
    for justify in ("left", "left", "right", "right", "right", "left"):
        made.add_column(justify=justify, no_wrap=True)
    limits: list[dict[str, Any]] = [{"ratio": 1}, {"max_width": 18}, {}, {}, {}, {}]
    for cells in cut_to_fit([(0, limit) for limit in limits], rows):
        made.add_row(*cells)
    return made


def _timeline(span: Span, trace: Trace, width: int) -> Text:
    """Return when a span ran within its trace, as a bar."""
    from rich.text import Text

    if not (span.start_time and trace.start_time and trace.duration):
        return Text("")
    begin = (span.start_time - trace.start_time).total_seconds() / trace.duration
    first = min(width - 1, max(0, int(begin * width)))
    length = max(1, min(width - first, round((span.latency or 0.0) / trace.duration * width)))
    return Text(" " * first + "━" * length, style="red" if _has_failed(span) else "cyan")


def status_mark(log: RequestLog) -> Text:
    """Return `ok`, or in red what went wrong in one word: the status code where it says so, else the status."""
    if not _has_failed(log):
        return text("ok" if log.status in ("success", None) else log.status, "green")
    code = log.status_code
    return text(str(code) if code is not None and code >= 400 else log.status, "red")


def money(dollars: float | None) -> str:
    """Return US dollars; to the millionth below one dollar, where single calls are. A dash where it is not known."""
    if dollars is None:
        return "–"
    return f"${dollars:,.2f}" if dollars >= 1 else "$0" if dollars == 0 else f"${dollars:.6f}"


def seconds(duration: float | None) -> str:
    """Return seconds as people say them: 840 ms, 1.2 s, 3 min 20 s."""
    if duration is None:
        return ""
    if duration < 0.9995:
        return f"{duration * 1000:.0f} ms"
    if duration < 99.95:
        return f"{duration:.1f} s"
    minutes, rest = divmod(round(duration), 60)
    return f"{minutes:,} min {rest} s"


def tokens(number: int | None) -> str:
    """Return a number of tokens; nothing where it is not known."""
    return "" if number is None else f"{number:,}"


def _has_failed(log: RequestLog) -> bool:
    return log.status in ("failed", "error") or (log.status_code or 0) >= 400


def _cost(log: RequestLog) -> str:
    return money(None if log.is_cost_known is False else log.cost)


def _said(log: RequestLog) -> str:
    if log.input_preview is not None:
        return shortened(log.input_preview, 160)
    return shortened(last_words(log.prompt_messages) or log.input, 160)


def _answer(log: RequestLog) -> Text:
    if _has_failed(log) and log.error_message:
        return text(shortened(log.error_message, 120), "red")
    return text(shortened(log.output if log.output_preview is None else log.output_preview, 120))


def _moments(times: Sequence[datetime | None]) -> Any:
    """Return how times are written: by the clock where all are of today, else with their day."""
    today = datetime.now().astimezone().date()
    is_today = all(time is None or time.astimezone().date() == today for time in times)
    form = "%H:%M:%S" if is_today else "%m-%d %H:%M"
    return lambda time: "" if time is None else time.astimezone().strftime(form)


def _exactly(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone().isoformat(" ", "milliseconds")


def _print_payload(title: str, messages: list[Any] | None, payload: str | None) -> None:
    from rich.table import Table

    if payload is None:
        return
    out = console()
    out.print()
    out.print(text(title, "bold"))
    if not messages or not all(isinstance(message, dict) and "role" in message for message in messages):
        out.print(text(payload), soft_wrap=True)
        return
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for message in messages:
        content = message.get("content") or message.get("tool_calls")
        words = content if isinstance(content, str) else shortened(content, 4000)
        grid.add_row(text(message["role"]), text(words))
    out.print(grid)
