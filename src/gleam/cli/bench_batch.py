"""``gleam bench batch-write`` and ``batch-read``: teachers asked by files, at half the price."""

from __future__ import annotations

from pathlib import Path

import typer


def register(bench: typer.Typer) -> None:
    """Add the verbs to ``gleam bench``."""
    bench.command("batch-write")(batch_write)
    bench.command("batch-read")(batch_read)


def batch_write(
    bench: Path = typer.Argument(..., metavar="BENCH", help="A benchmark made by gleam bench make."),
    teacher: str = typer.Option(..., "--teacher", help="api:MODEL@URL."),
    out: Path = typer.Option(..., "--out", help="Folder to make, with files of requests."),
    languages: str = typer.Option("en,zh", "--languages", help="To write in, separated by commas."),
    calls: str = typer.Option("two", "--calls", help="two: one request per language; one: both in one."),
    max_usd: float | None = typer.Option(None, "--max-usd", help="Dollars to spend, over all runs."),
    max_calls: int | None = typer.Option(None, "--max-calls", help="Requests to make, over all runs."),
    price: str | None = typer.Option(None, "--price", metavar="IN,OUT", help="Dollars per million tokens."),
    tell_truth: bool = typer.Option(False, "--tell-truth", help="Tell whether a pair matches."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Write what is missing as files for OpenAI's /v1/batches; upload them there, read the replies back."""
    from gleam.cli.bench_make import prices_told
    from gleam.errors import GleamError
    from gleam.explaining.benchmark import Bench
    from gleam.explaining.benchmark.batching import write_batch
    from gleam.explaining.benchmark.budget import Limits
    from gleam.explaining.benchmark.tasks import Plan
    from gleam.explaining.benchmark.teachers import teacher_of
    from gleam.explaining.benchmark.teachers.api import ApiTeacher
    from gleam.explaining.sentences import parse_language
    from gleam.files import to_json

    opened = Bench.open(bench)
    made = teacher_of(teacher, opened, tell_truth=tell_truth)
    if not isinstance(made, ApiTeacher):
        raise GleamError(f"The teacher {teacher!r} takes no files; name api:MODEL@URL.")
    told = prices_told(price)
    if told is not None:
        made.set_price(*told)
    spoken = tuple(dict.fromkeys(parse_language(word) for word in languages.split(",") if word.strip()))
    done = write_batch(opened, made, Plan(spoken, calls), out, Limits(max_usd, max_calls))
    if as_json:
        typer.echo(to_json(vars(done)))
        return
    left = f"; the budget left out {done.left_out}" if done.left_out else ""
    typer.echo(f"{done.requests} requests, at most ${done.most_usd:.2f}{left}")
    typer.echo("\n".join(done.files))


def batch_read(
    bench: Path = typer.Argument(..., metavar="BENCH", help="The benchmark they were written for."),
    files: list[Path] = typer.Argument(..., metavar="FILE...", help="Output and error files of the server."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Take in files of replies; lines that fail, are damaged or speak of something else are counted."""
    from gleam.explaining.benchmark import Bench
    from gleam.explaining.benchmark.batching import read_batch
    from gleam.files import to_json

    done = read_batch(Bench.open(bench), files)
    if as_json:
        typer.echo(to_json({**vars(done), "written": done.written.to_json()}))
    else:
        typer.echo(
            f"{done.replies} replies, {done.failed} failed, {done.unknown} about other requests, "
            f"{done.damaged} damaged lines; {done.waiting} requests still wait"
        )
        for name, counts in done.written.texts.items():
            typer.echo(f"  {name}: {', '.join(f'{count} {status}' for status, count in counts.items())}")
    if done.failed or done.damaged:
        raise typer.Exit(3)
