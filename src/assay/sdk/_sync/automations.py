# Written by scripts/generate_sync_sdk.py from assay/sdk/_async/automations.py: change it there.
"""Online evaluation: conditions on request logs, and automations that judge the logs which meet them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assay.sdk._sync.paging import get_page, walk
from assay.sdk._sync.transport import Transport
from assay.sdk.addressing import given, path_to
from assay.sdk.automation_types import Automation, AutomationEventPage, Condition
from assay.sdk.types import Page


class Conditions:
    """`client.conditions`: a condition is named by its id or slug."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        name: str,
        condition_slug: str,
        condition_policy: Mapping[str, Any],
        *,
        condition_type: str = "single_log",
        description: str = "",
    ) -> Condition:
        """Make a condition.

        Its policy is written like `{"rules": [{"field": "cost", "operator": "greater_than", "value": 0.1}],
        "connector": "AND"}`.
        """
        body = {
            "name": name,
            "condition_slug": condition_slug,
            "condition_type": condition_type,
            "condition_policy": condition_policy,
            "description": description,
        }
        return self._transport.ask(Condition, "POST", path_to("conditions"), body=body)

    def list(self, *, search: str | None = None, page: int = 1, page_size: int = 100) -> Page[Condition]:
        """Return one page of conditions, newest first; `search` looks into names and slugs."""
        parameters = {"search": search, "page": page, "page_size": page_size}
        return get_page(self._transport, Page[Condition], path_to("conditions"), None, parameters)

    def iterate(self, *, search: str | None = None) -> Iterator[Condition]:
        """Yield every condition that matches."""
        parameters = {"search": search, "page_size": 100}
        return walk(self._transport, Page[Condition], path_to("conditions"), None, parameters)

    def get(self, condition: str) -> Condition:
        """Return a condition."""
        return self._transport.ask(Condition, "GET", path_to("conditions", condition))

    def update(self, condition: str, **fields: Any) -> Condition:
        """Change the given fields, those of `create`."""
        return self._transport.ask(Condition, "PATCH", path_to("conditions", condition), body=fields)

    def delete(self, condition: str) -> None:
        """Delete a condition; Conflict while an automation uses it."""
        self._transport.send("DELETE", path_to("conditions", condition))


class Automations:
    """`client.automations`: an automation is named by its id or slug."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        name: str,
        automation_slug: str,
        condition: str,
        evaluators: Sequence[str],
        *,
        sampling_rate: float = 1.0,
        is_enabled: bool = False,
        automation_type: str = "online_eval",
    ) -> Automation:
        """Let evaluators (ids or slugs) judge new logs that meet a condition (id or slug), once it is enabled.

        `sampling_rate`, 0 to 1, is the share of those logs; which they are depends on their ids alone.
        """
        body = {
            "name": name,
            "automation_slug": automation_slug,
            "automation_type": automation_type,
            "condition": condition,
            "evaluator_ids": evaluators,
            "configuration": {"sampling_rate": sampling_rate},
            "is_enabled": is_enabled,
        }
        return self._transport.ask(Automation, "POST", path_to("automations"), body=body)

    def list(self, *, search: str | None = None, page: int = 1, page_size: int = 100) -> Page[Automation]:
        """Return one page of the automations of the key's environment, newest first."""
        parameters = {"search": search, "page": page, "page_size": page_size}
        return get_page(self._transport, Page[Automation], path_to("automations"), None, parameters)

    def iterate(self, *, search: str | None = None) -> Iterator[Automation]:
        """Yield every automation that matches."""
        parameters = {"search": search, "page_size": 100}
        return walk(self._transport, Page[Automation], path_to("automations"), None, parameters)

    def get(self, automation: str) -> Automation:
        """Return an automation."""
        return self._transport.ask(Automation, "GET", path_to("automations", automation))

    def update(
        self,
        automation: str,
        *,
        name: str | None = None,
        condition: str | None = None,
        evaluators: Sequence[str] | None = None,
        sampling_rate: float | None = None,
        is_enabled: bool | None = None,
    ) -> Automation:
        """Change what is given; one that becomes enabled begins with the logs recorded from then on."""
        fields = {"name": name, "condition": condition, "evaluator_ids": evaluators, "is_enabled": is_enabled}
        configuration = None if sampling_rate is None else {"sampling_rate": sampling_rate}
        body = given({**fields, "configuration": configuration})
        return self._transport.ask(Automation, "PATCH", path_to("automations", automation), body=body)

    def delete(self, automation: str) -> None:
        """Delete an automation; the scores that it gave stay."""
        self._transport.send("DELETE", path_to("automations", automation))

    def events(
        self, automation: str, *, decision: str | None = None, page: int = 1, page_size: int = 100
    ) -> AutomationEventPage:
        """Return one page of what an automation decided about logs, newest first.

        `decision` keeps one kind: evaluated, failed, not_matched or not_sampled.
        """
        parameters = {"decision": decision, "page": page, "page_size": page_size}
        path = path_to("automations", automation, "events")
        return get_page(self._transport, AutomationEventPage, path, None, parameters)
