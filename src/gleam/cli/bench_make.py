"""``gleam bench make``, ``check`` and ``teachers``: pairs, texts, and how they came about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from gleam.explaining.benchmark.folder import BenchInfo
    from gleam.explaining.benchmark.writing import Written

EXIT_SOME_FAILED = 3


def register(bench: typer.Typer) -> None:
    """Add the verbs to ``gleam bench``."""
    bench.command("make")(make)
    bench.command("check")(check)
    bench.command("teachers")(teachers)


def make(
    places: list[Path] = typer.Argument(..., metavar="PLACES...", help="Places tables or their folders."),
    out: Path = typer.Option(..., "--out", help="Benchmark to make; a stopped run is gone on with."),
    name: str | None = typer.Option(None, "--name", help="What to call it [the folder's name]."),
    seed: int = typer.Option(0, "--seed", help="Decides every draw."),
    pairs: int | None = typer.Option(None, "--pairs", help="At most so many pairs [all]."),
    split_by: str = typer.Option(
        "auto", "--split-by", help="auto, table (the table's own splits) or blocks (squares of ground)."
    ),
    block_m: float | None = typer.Option(None, "--block-m", help="Width of a block in metres."),
    val_share: float = typer.Option(0.1, "--val-share", help="Share of the places for validation."),
    test_share: float = typer.Option(0.2, "--test-share", help="Share of the places for testing."),
    encoder: str = typer.Option("city", "--encoder", help="Whose mistakes become negatives; none for none."),
    teacher: list[str] = typer.Option(
        ["none"], "--teacher", help="none, city or api:MODEL@URL; repeatable: the pairs are shared out."
    ),
    languages: str = typer.Option("en,zh", "--languages", help="To write in, separated by commas."),
    calls: str = typer.Option("two", "--calls", help="two: one request per language; one: both in one."),
    overlap: float = typer.Option(0.1, "--overlap", help="Share of pairs that every teacher writes on."),
    controls: float = typer.Option(0.2, "--controls", help="Share of pairs with a wrong text (city only)."),
    tell_truth: bool = typer.Option(False, "--tell-truth", help="Tell servers whether a pair matches."),
    max_usd: float | None = typer.Option(None, "--max-usd", help="Dollars to spend, over all runs."),
    max_usd_per_day: float | None = typer.Option(None, "--max-usd-per-day", help="Dollars in a day (UTC)."),
    max_calls: int | None = typer.Option(None, "--max-calls", help="Requests to make, over all runs."),
    max_tokens: int = typer.Option(1200, "--max-tokens", min=64, help="Of a reply, for each language."),
    price: str | None = typer.Option(
        None, "--price", metavar="IN,OUT", help="Dollars per million tokens, for a model that is not listed."
    ),
    concurrency: int = typer.Option(4, "--concurrency", help="Requests under way at once."),
    again: bool = typer.Option(False, "--again", help="Ask anew where a reply was refused or malformed."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Say what would be asked and cost; ask nobody."),
    as_json: bool = typer.Option(False, "--json", help="Print the summary as one JSON document."),
) -> None:
    """Make a benchmark: balanced pairs in three tiers of negatives, and texts in English and Chinese.

    Keys of servers come from the environment: OPENAI_API_KEY, ARK_API_KEY, else GLEAM_API_KEY. Every
    reply is recorded before it is used, so the same command goes on after a kill without paying twice.
    """
    from gleam.encoder import Encoder
    from gleam.explaining.benchmark import Bench
    from gleam.explaining.benchmark.budget import Limits
    from gleam.explaining.benchmark.make import make_pairs
    from gleam.explaining.benchmark.recipe import PairRecipe
    from gleam.explaining.benchmark.tasks import Plan
    from gleam.explaining.benchmark.writing import estimate, write_texts
    from gleam.explaining.sentences import parse_language
    from gleam.files import to_json

    recipe = PairRecipe(
        seed=seed,
        pairs=pairs,
        split_by=split_by,  # type: ignore[arg-type]
        block_m=block_m,
        val_share=val_share,
        test_share=test_share,
    )
    spoken = tuple(dict.fromkeys(parse_language(word) for word in languages.split(",") if word.strip()))
    plan = Plan(spoken, calls, overlap, controls)
    limits = Limits(max_usd, max_calls, max_usd_per_day)
    told = prices_told(price)
    loaded = None if encoder == "none" else Encoder.from_pretrained(encoder)
    info = make_pairs(places, out, recipe, loaded, name)
    opened = Bench.open(out)
    asked = _teachers(teacher, opened, told, tell_truth=tell_truth, max_tokens=max_tokens)
    summary: dict[str, Any] = {"bench": info.model_dump()}
    if dry_run:
        guess = estimate(opened, asked, plan, again=again)
        summary["estimate"] = guess.to_json()
        typer.echo(to_json(summary) if as_json else "\n".join([_in_words(info, out), *_guessed(summary)]))
        return
    written = write_texts(opened, asked, plan, limits, at_once=concurrency, again=again) if asked else None
    summary |= {"bench": opened.info.model_dump(), "texts": written.to_json() if written else None}
    lines = [_in_words(info, out), *(_told(written) if written else ())]
    typer.echo(to_json(summary) if as_json else "\n".join(lines))
    if written is not None and written.is_short:
        raise typer.Exit(EXIT_SOME_FAILED)


def check(
    bench: Path = typer.Argument(..., metavar="BENCH", help="A benchmark folder."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Look for pictures that vanished, changed or lie there twice, and for texts on pairs that are not there.

    Leaves with 3 when something is wrong.
    """
    from gleam.explaining.benchmark import Bench
    from gleam.explaining.benchmark.check import check_bench
    from gleam.files import to_json

    found = check_bench(Bench.open(bench))
    if as_json:
        typer.echo(to_json(vars(found)))
    else:
        looked = f"{bench}: {found.pairs} pairs, {found.pictures} pictures, {found.texts} texts"
        typer.echo("\n".join([f"{looked}; {len(found.problems) or 'no'} problems", *found.problems]))
    if found.problems:
        raise typer.Exit(EXIT_SOME_FAILED)


def teachers(
    bench: Path = typer.Argument(..., metavar="BENCH", help="A benchmark folder."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Compare the teachers of a benchmark: with the truth, with each other, in length and in cost."""
    from gleam.explaining.benchmark import Bench
    from gleam.explaining.benchmark.agreement import compare_teachers
    from gleam.files import to_json

    opened = Bench.open(bench)
    result = compare_teachers(opened.records(), opened.pairs())
    typer.echo(to_json(result) if as_json else "\n".join(_compared(result)))


def prices_told(text: str | None) -> tuple[float, float] | None:
    """Read ``IN,OUT`` in dollars per million tokens; raise a ``GleamError`` when it is something else."""
    from gleam.errors import GleamError

    if text is None:
        return None
    try:
        usd_in, usd_out = (float(part) for part in text.split(","))
    except ValueError:
        raise GleamError(f"--price {text!r} is not IN,OUT, such as 2.5,10.") from None
    if not (0 <= usd_in < 1e6 and 0 <= usd_out < 1e6):
        raise GleamError(f"--price {text!r} is out of range; give dollars per million tokens.")
    return usd_in, usd_out


def _teachers(
    names: list[str], bench: Any, price: tuple[float, float] | None, *, tell_truth: bool, max_tokens: int
) -> list[Any]:
    from gleam.explaining.benchmark.teachers import teacher_of
    from gleam.explaining.benchmark.teachers.api import ApiTeacher

    wanted = dict.fromkeys(name for name in names if name.strip() != "none")
    made = [teacher_of(name, bench, tell_truth=tell_truth, max_tokens=max_tokens) for name in wanted]
    for teacher in made:
        if price is not None and isinstance(teacher, ApiTeacher):
            teacher.set_price(*price)
    return made


def _in_words(info: BenchInfo, out: Path) -> str:
    lines = [f"{out}: {sum(info.splits.values())} pairs, split by {info.notes.get('split_by')}"]
    for split, views in info.counts.items():
        for view, tiers in views.items():
            told = ", ".join(f"{tier} {count}" for tier, count in tiers.items() if count)
            lines.append(f"  {split:5} {view:8}  {told or 'none'}")
    for note, said in (
        ("dropped_at_borders", "places left out, because two splits would show their ground"),
        ("unreadable_pictures", "pictures left out, because they cannot be read"),
        ("without_position", "places without a position: told apart by name alone"),
    ):
        if info.notes.get(note):
            lines.append(f"  {info.notes[note]} {said}")
    return "\n".join(lines)


def _told(written: Written) -> list[str]:
    lines = [f"  warning: {warning}" for warning in written.warnings]
    for name, counts in written.texts.items():
        lines.append(f"  {name}: {', '.join(f'{count} {status}' for status, count in counts.items())}")
    lines.append(f"  spent ${written.usd:.4f} in {written.calls} calls")
    if written.lost:
        lines.append(f"  {written.lost} requests of a killed run got no answer; they count as paid")
    if written.stopped is not None:
        lines.append(f"  stopped: {written.stopped} Everything so far is kept; the same command goes on.")
    return lines


def _guessed(summary: dict[str, Any]) -> list[str]:
    guess = summary["estimate"]
    lines = [
        f"  {name}: {row['calls']} calls, likely ${row['likely_usd']:.2f}, at most ${row['most_usd']:.2f} "
        f"(price: {row['price_source']})"
        for name, row in guess["teachers"].items()
    ]
    lines.append(f"  prices were looked up on {guess['prices_checked']}; nobody was asked")
    return lines


def _compared(result: dict[str, Any]) -> list[str]:
    lines = []
    for row in result["teachers"]:
        counts = ", ".join(f"{count} {status}" for status, count in row["texts"].items())
        line = f"{row['teacher']} ({row['language']}): {counts}; ${row['usd']:.4f}"
        if row["accuracy"] is not None:
            line += (
                f"; verdicts right {row['accuracy']:.1%}, says match {row['says_match']:.1%}, "
                f"{row['length']:.0f} characters"
            )
        lines.append(line)
    for row in result["agreements"]:
        kappa = "not defined" if row["kappa"] is None else f"{row['kappa']:.2f}"
        lines.append(
            f"{row['one']} and {row['other']} ({row['language']}): "
            f"agree on {row['share']:.1%} of {row['n']}, kappa {kappa}"
        )
    return lines or ["No texts yet; see gleam bench make --teacher."]
