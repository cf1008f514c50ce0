"""``gleam doctor``: what is installed, found and missing."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("doctor")(doctor)


def doctor(
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
    as_markdown: bool = typer.Option(False, "--markdown", help="Print Markdown, to paste into a bug report."),
) -> None:
    """Say what is installed, found and missing. Leaves with 3 when something needed is missing."""
    from gleam.doctor import examine
    from gleam.doctor_text import to_markdown, to_text
    from gleam.errors import GleamError
    from gleam.files import to_json

    if as_json and as_markdown:
        raise GleamError("Choose one of --json and --markdown.")
    findings = examine()
    if as_json:
        typer.echo(to_json(findings.as_dict()))
    else:
        typer.echo(to_markdown(findings) if as_markdown else to_text(findings))
    if not findings.healthy:
        raise typer.Exit(3)
