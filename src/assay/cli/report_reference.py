"""How commands name a report: the dataset, then the report's id or `latest`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from assay.model.errors import NotFound

if TYPE_CHECKING:
    from assay.sdk import Client

ReportArgument = Annotated[str, typer.Argument(metavar="[REPORT]", help="Id of a report; default: the newest.")]
ReportOption = Annotated[str, typer.Option("--report", "-r", help="Id of a report; default: the newest.")]
EvaluatorOption = Annotated[
    str | None, typer.Option("--evaluator", "-e", help="A slug; not needed where there is only one.")
]
LATEST = "latest"


def report_id_of(client: Client, dataset_id: str, words: str) -> str:
    """Return the id that `words` names: itself, or the newest report's for `latest`. Raises NotFound."""
    if words != LATEST:
        return words
    newest = client.eval_reports.list(dataset_id, page_size=1).results
    if not newest:
        raise NotFound("The dataset has no reports. `assay reports run` makes one.")
    return newest[0].id
