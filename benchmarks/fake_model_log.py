"""What a fake model server saw: every call with its times and its answer, and what they come to."""

from __future__ import annotations

import json
from collections import Counter, deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

# A client that has one of these need not ask again.
_ANSWERS = ("verdict", "nonsense", "refusal")


@dataclass(slots=True)
class Call:
    """One call; times are Unix seconds, `answered_at` None until its last byte was handed to the socket.

    `kind` says what was answered: verdict, nonsense, rate_limited (drawn), over_limit, failed, refused_call,
    hanging, or abandoned: the client hung up before its answer.
    """

    received_at: float
    answered_at: float | None = None
    prompt: str = ""
    model: str = ""
    attempt: int = 0
    kind: str = "open"
    status: int | None = None
    text: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


class _Window:
    """The highest number of calls within any `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._times: deque[float] = deque()
        self.highest = 0

    def add(self, at: float) -> None:
        self.drop(at)
        self._times.append(at)
        self.highest = max(self.highest, len(self._times))

    def drop(self, now: float) -> None:
        while self._times and self._times[0] <= now - self._seconds:
            self._times.popleft()

    def seconds_until_below(self, limit: int, now: float) -> float:
        """Return how long to wait until fewer than `limit` calls are within the window."""
        self.drop(now)
        if len(self._times) < limit:
            return 0.0
        return self._times[len(self._times) - limit] + self._seconds - now


class CallLog:
    """All calls in memory and, where a path is given, in a file of JSON lines."""

    def __init__(self, path: str = "") -> None:
        self.calls: list[Call] = []
        self._file: TextIO | None = Path(path).open("a", encoding="utf-8") if path else None  # noqa: SIM115
        self._open = 0
        self._highest_open = 0
        self._minute, self._second, self._admitted = _Window(60.0), _Window(1.0), _Window(60.0)
        self._prompts_answered: set[str] = set()
        self._repeated = 0

    def received(self, at: float) -> Call:
        """Note that a call came, at a time in Unix seconds."""
        call = Call(at)
        self.calls.append(call)
        self._open += 1
        self._highest_open = max(self._highest_open, self._open)
        self._minute.add(call.received_at)
        self._second.add(call.received_at)
        return call

    def admit(self, call: Call, requests_per_minute: int) -> float:
        """Return 0 for a call within the limit (0: none), else the seconds until there is room.

        Refused calls do not count against the limit.
        """
        self._repeated += call.prompt in self._prompts_answered
        if not requests_per_minute:
            return 0.0
        seconds = self._admitted.seconds_until_below(requests_per_minute, call.received_at)
        if seconds <= 0:
            self._admitted.add(call.received_at)
        return max(seconds, 0.0)

    def answered(self, call: Call, kind: str, status: int, text: str, at: float) -> None:
        """Note what was answered."""
        call.answered_at, call.status, call.text = at, status, text
        if kind in _ANSWERS:
            self._prompts_answered.add(call.prompt)
        self.closed(call, kind)

    def closed(self, call: Call, kind: str) -> None:
        """Note the end of a call, answered or not, and write its line."""
        call.kind = kind
        self._open -= 1
        if self._file is not None:
            self._file.write(json.dumps(call.as_json()) + "\n")

    def summary(self) -> dict[str, Any]:
        """Return the figures; `repeated_after_answer` counts calls for a prompt that had its answer of 200 already."""
        if self._file is not None:
            self._file.flush()
        return {
            "calls": len(self.calls),
            "kinds": dict(Counter(call.kind for call in self.calls)),
            "prompts": len({call.prompt for call in self.calls if call.prompt}),
            "prompts_answered": len(self._prompts_answered),
            "repeated_after_answer": self._repeated,
            "highest_concurrency": self._highest_open,
            "highest_in_60_seconds": self._minute.highest,
            "highest_in_1_second": self._second.highest,
        }

    def close(self) -> None:
        """Write what is still open and close the file."""
        if self._file is not None:
            for call in self.calls:
                if call.kind == "open":
                    self._file.write(json.dumps(call.as_json()) + "\n")
            self._file.close()
            self._file = None
