"""A command group that imports a command's module when the command is called, not to list it."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from assay.cli.output import print_error
from assay.model.errors import AssayError, NotAuthenticated


class Mounted(NamedTuple):
    """Where a command lives: a module, what it is called there, its line of help, and the panel it is listed in.

    `attribute` names a Typer application, which becomes a group, or a function, which becomes a command.
    """

    module: str
    attribute: str
    help: str
    panel: str


class LazyGroup(TyperGroup):
    """The root of the command line; set `mounted` on a subclass. Expected errors end here, in one or two lines."""

    mounted: dict[str, Mounted]

    def __init__(self, **attributes: Any) -> None:
        """Register a stand-in with name and help for each command: what listings and suggestions need."""
        super().__init__(**attributes)
        for name, found in self.mounted.items():
            self.add_command(TyperCommand(name, help=found.help, rich_help_panel=found.panel))

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order they are declared."""
        return list(self.mounted)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that is called, its module imported now."""
        name, command, rest = super().resolve_command(ctx, args)
        if name is None or name not in self.mounted:
            return name, command, rest
        return name, _load(name, self.mounted[name]), rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command; say what went wrong and exit with 1 on an error that is expected."""
        try:
            return super().invoke(ctx)
        except AssayError as error:
            lines = [str(error), *getattr(error, "__notes__", [])]
            if isinstance(error, NotAuthenticated) and "ASSAY_API_KEY" not in lines[0]:
                lines.append("Set ASSAY_API_KEY or give --api-key.")
            print_error("\n".join(lines))
            raise typer.Exit(1) from error


def _load(name: str, found: Mounted) -> Any:
    try:
        module = importlib.import_module(found.module)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("assay."):
            raise
        print_error(f"`assay {name}` needs the server, and {error.name} is not installed: pip install 'assay[server]'")
        raise typer.Exit(1) from error
    target = getattr(module, found.attribute)
    if isinstance(target, typer.Typer):
        group = get_group(target)
        group.name = name
        return group
    alone = typer.Typer()
    alone.command(name)(target)
    return get_group(alone).commands[name]
