"""The demo's real input: 1,998 job titles and the occupations the US Bureau of Labor Statistics files them under.

`sample.jsonl` holds the rows of `soc_codes/samples.jsonl` of the PyPI package evals (MIT licence), the system message,
alike in all of them, taken out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BUNDLED = Path(__file__).with_name("sample.jsonl")
SYSTEM_MESSAGE = (
    "You are an expert in Standard Occupation Code (SOC) labor classifications issued by the USA Bureau of Labor "
    "Statistics. When give a job title to classify, respond with the correct BLS Title classification"
)


@dataclass(frozen=True, slots=True)
class DemoData:
    """Rows as `{"input": chat messages, "ideal": text}`, where they come from, and why not from the network."""

    rows: tuple[dict[str, Any], ...]
    source: str
    reason: str = ""


def bundled(reason: str) -> DemoData:
    """Return the rows that come with Assay, and why they are used."""
    rows = []
    with BUNDLED.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            messages = [{"role": "system", "content": SYSTEM_MESSAGE}, {"role": "user", "content": row["input"]}]
            rows.append({"input": messages, "ideal": row["ideal"]})
    return DemoData(tuple(rows), "the copy that comes with Assay", reason)
