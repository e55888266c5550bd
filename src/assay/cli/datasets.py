"""`assay datasets`: list, make, show, change and delete datasets; read, compare, tag and restore their versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli import dataset_logs, log_sampling
from assay.cli.options import (
    DatasetArgument,
    FilterOption,
    FiltersOption,
    JsonOption,
    PageOption,
    YesOption,
    read_filters,
)
from assay.cli.output import (
    confirm,
    counted,
    day,
    day_and_time,
    last_words,
    print_fields,
    print_json,
    print_line,
    print_table,
    shortened,
    table,
    text,
)
from assay.cli.session import dataset_id_of, find_dataset, session_of

if TYPE_CHECKING:
    from assay.sdk.types import Dataset, DatasetVersion, RowDifference

app = typer.Typer(no_args_is_help=True, help="Datasets, their rows and versions.")
app.add_typer(dataset_logs.app, name="logs")

VersionArgument = Annotated[str, typer.Argument(metavar="VERSION", help="Number or tag.")]


@app.command("list")
def list_datasets(
    context: typer.Context,
    filters: FilterOption = None,
    filters_json: FiltersOption = None,
    page: PageOption = 1,
    page_size: Annotated[int, typer.Option(min=1, max=100)] = 20,
    as_json: JsonOption = False,
) -> None:
    """List datasets, newest first."""
    session = session_of(context)
    wanted = read_filters(filters, filters_json)
    with session.client() as client:
        found = client.datasets.list(wanted, page=page, page_size=page_size, sort_by="-created_at")
    if as_json:
        return session.print_last_answer()
    made = table(
        [
            ("Id", {"no_wrap": True, "style": "dim"}),
            ("Name", {"ratio": 1}),
            ("Rows", {"justify": "right"}),
            ("Updated", {"no_wrap": True}),
        ],
        [(one.id, one.name, f"{one.log_count:,}", day(one.updated_at)) for one in found.results],
    )
    print_table(made, "No datasets. `assay datasets create NAME` makes one.", len(found.results), found.total_count)


app.command("create")(log_sampling.create_dataset)


@app.command()
def show(context: typer.Context, dataset: DatasetArgument, as_json: JsonOption = False) -> None:
    """Show one dataset."""
    session = session_of(context)
    with session.client() as client:
        found = client.datasets.get(dataset_id_of(client, dataset))
    session.print_last_answer() if as_json else _print_dataset(found)


@app.command()
def update(
    context: typer.Context,
    dataset: DatasetArgument,
    name: Annotated[str | None, typer.Option(help="New name.")] = None,
    description: Annotated[str | None, typer.Option("--description", "-d", help="New description.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Change a dataset's name or description."""
    if name is None and description is None:
        raise typer.BadParameter("give --name or --description", param_hint="--name")
    session = session_of(context)
    with session.client() as client:
        found = client.datasets.update(dataset_id_of(client, dataset), name=name, description=description)
    session.print_last_answer() if as_json else _print_dataset(found)


@app.command()
def rename(
    context: typer.Context,
    dataset: DatasetArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="New name.")],
    as_json: JsonOption = False,
) -> None:
    """Give a dataset another name."""
    session = session_of(context)
    with session.client() as client:
        found = client.datasets.update(dataset_id_of(client, dataset), name=name)
    session.print_last_answer() if as_json else _print_dataset(found)


@app.command()
def delete(
    context: typer.Context, dataset: DatasetArgument, is_confirmed: YesOption = False, as_json: JsonOption = False
) -> None:
    """Delete a dataset with its rows, versions and reports."""
    session = session_of(context)
    with session.client() as client:
        found = find_dataset(client, dataset)
        confirm(f'Delete dataset "{found.name}" and its {counted(found.log_count, "row")}?', is_confirmed)
        client.datasets.delete(found.id)
    if as_json:
        return print_json({"id": found.id, "deleted": True})
    print_line(f'Deleted dataset "{found.name}".')


@app.command()
def versions(
    context: typer.Context, dataset: DatasetArgument, page: PageOption = 1, as_json: JsonOption = False
) -> None:
    """List the versions of a dataset, newest first."""
    session = session_of(context)
    with session.client() as client:
        found = client.datasets.versions(dataset_id_of(client, dataset), page=page)
    if as_json:
        return session.print_last_answer()
    right = {"justify": "right", "no_wrap": True}
    made = table(
        [("Version", right), "Tag", "Change", ("Rows", right), ("+", right), ("-", right), ("~", right), "Updated"],
        [
            (
                str(one.number),
                one.tag or "",
                one.change,
                f"{one.log_count:,}",
                f"{one.added_count:,}",
                f"{one.removed_count:,}",
                f"{one.changed_count:,}",
                day_and_time(one.updated_at),
            )
            for one in found.results
        ],
    )
    print_table(made, "No versions: nothing was ever written to it.", len(found.results), found.total_count)


@app.command()
def diff(
    context: typer.Context,
    dataset: DatasetArgument,
    from_version: Annotated[str, typer.Argument(metavar="FROM", help="Number or tag.")],
    to_version: Annotated[str, typer.Argument(metavar="TO", help="Number or tag.")],
    page: PageOption = 1,
    as_json: JsonOption = False,
) -> None:
    """Show which rows differ between two versions, and how."""
    session = session_of(context)
    with session.client() as client:
        found = client.datasets.diff(dataset_id_of(client, dataset), from_version, to_version, page=page)
    if as_json:
        return session.print_last_answer()
    marks = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}
    rows = []
    for one in found.results:
        mark, style = marks.get(one.kind, ("?", ""))
        rows.append((text(mark, style), one.id, _difference(one)))
    counts = {"added": found.added_count, "removed": found.removed_count, "changed": found.changed_count}
    told = [f"{count:,} {kind}" for kind, count in counts.items() if count is not None]
    if told:
        print_line(f"From {from_version} to {to_version}: {', '.join(told)}.")
    made = table(["", ("Row", {"no_wrap": True, "style": "dim"}), ("Content", {"ratio": 1})], rows)
    print_table(made, "The versions hold the same rows.", len(rows), found.total_count)


@app.command()
def tag(
    context: typer.Context,
    dataset: DatasetArgument,
    version: VersionArgument,
    name: Annotated[str | None, typer.Argument(metavar="TAG", help="The tag to give.")] = None,
    is_removing: Annotated[bool, typer.Option("--remove", help="Take the tag away.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Tag a version, which keeps it from ever changing."""
    if (name is None) != is_removing:
        raise typer.BadParameter("give a TAG, or --remove", param_hint="TAG")
    session = session_of(context)
    with session.client() as client:
        found = client.datasets.tag_version(dataset_id_of(client, dataset), version, name)
    session.print_last_answer() if as_json else _print_version(found)


@app.command()
def restore(
    context: typer.Context, dataset: DatasetArgument, version: VersionArgument, as_json: JsonOption = False
) -> None:
    """Make a new version with the rows of an old one."""
    session = session_of(context)
    with session.client() as client:
        found = client.datasets.restore(dataset_id_of(client, dataset), version)
    session.print_last_answer() if as_json else _print_version(found)


def _difference(row: RowDifference) -> str:
    """Return what differs in words: the changed fields before and after, or the input of a whole row."""
    before, after = row.before or {}, row.after or {}
    if row.kind != "changed":
        return shortened(last_words((after or before).get("input")), 120)
    changes = ((name, before.get(name), after.get(name)) for name in row.fields)
    return "\n".join(
        f"{name}: {shortened(last_words(old), 60) or '–'} → {shortened(last_words(new), 60) or '–'}"
        for name, old, new in changes
    )


def _print_dataset(dataset: Dataset) -> None:
    print_fields(
        {
            "Name": dataset.name,
            "Id": dataset.id,
            "Description": dataset.description,
            "Rows": f"{dataset.log_count:,}",
            "Version": dataset.version,
            "Status": dataset.status,
            "Sampled": _recipe(dataset),
            "Last run": dataset.running_status if dataset.running_at is not None else None,
            "Created": day_and_time(dataset.created_at),
            "Updated": day_and_time(dataset.updated_at),
        }
    )


def _recipe(dataset: Dataset) -> str | None:
    """Return how the first rows were chosen, as name=value."""
    recipe = {name: value for name, value in (dataset.sampling_recipe or {}).items() if value not in (None, {}, [])}
    return ", ".join(f"{name}={shortened(value, 80)}" for name, value in recipe.items()) or None


def _print_version(version: DatasetVersion) -> None:
    print_fields(
        {
            "Version": version.number,
            "Tag": version.tag,
            "Change": version.change,
            "Rows": f"{version.log_count:,}",
            "Changes": f"{version.added_count:,} added, {version.removed_count:,} removed, "
            f"{version.changed_count:,} changed",
            "Hash": version.content_hash,
            "Created": day_and_time(version.created_at),
        }
    )
