"""Making the demo's evaluators through the client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assay.demo.evaluators import BUILT_IN, CODE, JUDGE, NAMES
from assay.model.errors import NotFound

if TYPE_CHECKING:
    from assay.sdk import Client


def demo_evaluators(client: Client) -> Sequence[str]:
    """Make what is not there yet and return the slugs of the three; one that was changed since stays as it is."""
    for definition in (JUDGE, CODE):
        slug = definition["evaluator_slug"]
        try:
            client.evaluators.get(slug)
        except NotFound:
            client.evaluators.create(NAMES[slug], **definition)
    return [JUDGE["evaluator_slug"], CODE["evaluator_slug"], BUILT_IN]
