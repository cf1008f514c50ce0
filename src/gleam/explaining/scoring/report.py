"""The report of a comparison: one HTML page that needs nothing but itself, and the same figures as JSON."""

from __future__ import annotations

import html
import importlib.resources
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gleam.explaining.benchmark.folder import Bench
from gleam.explaining.scoring.report_cases import cases
from gleam.explaining.scoring.report_pieces import both, figure, head, label, row, table
from gleam.explaining.scoring.report_words import COLUMNS, GROUPS, KINDS_OF_GROUP, PROOFS, SECTIONS
from gleam.explaining.scoring.worst import Case
from gleam.files import atomic_write

HEADLINE = (
    "balanced_accuracy",
    "fact_precision",
    "fact_recall",
    "text_says_verdict",
    "swapped_verdict_changes",
    "sound",
)
VERDICTS = ("accuracy", "recall_match", "recall_no_match", "f1", "auroc", "ece", "brier", "answered")
FACTS = ("stated_per_text", "invented_per_text", "texts_with_facts", "comparison_precision")
FORM = ("right_language", "valid_format")
CONTROLS = (
    "swapped_verdict_changes",
    "swapped_text_changes",
    "blank_match",
    "blank_text_changes",
    "text_only_accuracy",
)
OVERLAP = ("chrf", "bleu", "rouge_l")

Scores = Mapping[str, Any]


def write_report(path: Path, bench: Bench, scores: Scores, worst: Mapping[str, Sequence[Case]]) -> None:
    """Write the page.

    Pictures travel inside it, all text is escaped, there is no script, and the content policy forbids every
    request; so the file can be mailed, opened offline and trusted.

    Args:
        path: Of the page.
        bench: Whose pictures are shown.
        scores: What :func:`gleam.explaining.scoring.compare.compare` returns.
        worst: Cases to show, by explainer.
    """
    with atomic_write(path) as temporary:
        temporary.write_text(render(bench, scores, worst), encoding="utf-8")


def render(bench: Bench, scores: Scores, worst: Mapping[str, Sequence[Case]]) -> str:
    """Return the page as text."""
    cards: Scores = scores["explainers"]
    sections = [
        _section("headline", _figures(cards, _in("headline", HEADLINE)) + _key()),
        _section("verdicts", _figures(cards, _in("verdicts", VERDICTS) | {"seconds": ("cost", "seconds")})),
        _section("groups", _groups(cards)),
        _section("texts", _figures(cards, _in("facts", FACTS) | _in("texts", FORM))),
        _section("controls", _figures(cards, _in("controls", CONTROLS))),
        _section("overlap", _overlap(cards)),
        *([_section("proof", _proof(scores["proof"]))] if scores["proof"] else []),
        _section("worst", "".join(cases(bench, name, chosen) for name, chosen in worst.items())),
    ]
    template = (importlib.resources.files("gleam.explaining.scoring") / "report.html").read_text("utf-8")
    return string.Template(template).substitute(
        title=html.escape(f"GLEAM-X: {bench.info.name}"),
        header=_header(bench, scores),
        body="".join(sections),
        footer=_footer(scores),
    )


def _header(bench: Bench, scores: Scores) -> str:
    about = scores["about"]
    facts = (
        f"{html.escape(about['split'])} · {about['pairs']} {label('pairs')} "
        f"({about['matches']} {both(GROUPS['positive'])}) · "
        f"{html.escape(' + '.join(about['languages']))} · {html.escape(about['date'])}"
    )
    return f'<p class="brand">GLEAM-X</p><h1>{html.escape(bench.info.name)}</h1><p class="lead">{facts}</p>'


def _section(name: str, inner: str) -> str:
    title, hint = SECTIONS[name]
    return f'<section id="{name}"><h2>{both(title)}</h2><p class="hint">{both(hint)}</p>{inner}</section>'


def _figures(cards: Scores, columns: Mapping[str, tuple[str, str]]) -> str:
    """Return a table of figures; columns: what each shows -> where it lies in a scorecard."""
    shown = {
        name: where for name, where in columns.items() if any(_at(card, *where) for card in cards.values())
    }
    rows = [
        row(explainer, [figure(_at(card, *where), COLUMNS[name][2]) for name, where in shown.items()])
        for explainer, card in cards.items()
    ]
    return table(head(list(shown)), rows)


def _in(section: str, names: Sequence[str]) -> dict[str, tuple[str, str]]:
    return {name: (section, name) for name in names}


def _at(card: Scores, section: str, name: str) -> Any:
    return card.get(section, {}).get(name)


def _groups(cards: Scores) -> str:
    """Return the verdicts by every kind of group, and the truth of the facts by view and language."""
    parts = [
        _group_table(cards, kind, "verdicts", "accuracy" if kind == "tier" else "balanced_accuracy")
        for kind in KINDS_OF_GROUP
    ]
    facts = [_group_table(cards, kind, "facts", "fact_precision") for kind in ("view", "language")]
    if any(facts):
        parts += [f"<h3>{both(COLUMNS['fact_precision'][0])}</h3>", *facts]
    return "".join(parts)


def _group_table(cards: Scores, kind: str, section: str, measure: str) -> str:
    """Return one figure by the groups of one kind, of the explainers that have it."""
    cards = {
        name: card
        for name, card in cards.items()
        if any(_at(group, section, measure) for group in card["groups"].get(kind, {}).values())
    }
    names = [n for n in GROUPS if any(n in card["groups"].get(kind, {}) for card in cards.values())]
    if len(names) < 2:
        return ""
    cells = "".join(f'<th scope="col">{both(GROUPS[name])}</th>' for name in names)
    header = f'<thead><tr><th scope="col">{both(KINDS_OF_GROUP[kind])}</th>{cells}</tr></thead>'
    rows = [
        row(
            explainer,
            [figure(_at(card["groups"].get(kind, {}).get(n, {}), section, measure), "share") for n in names],
        )
        for explainer, card in cards.items()
    ]
    return table(header, rows)


def _overlap(cards: Scores) -> str:
    """Return the overlap of words by language, and what other models say of the texts."""
    parts = []
    for language in ("en", "zh"):
        written = {n: c for n, c in cards.items() if any(c["overlap"][language].values())}
        if written:
            inner = _figures(
                {n: c["overlap"] for n, c in written.items()}, {name: (language, name) for name in OVERLAP}
            )
            parts.append(f"<h3>{both(GROUPS[language])}</h3>{inner}")
    judged = {
        "embedding_similarity": ("all", "embedding_similarity"),
        "judge_score": ("judge", "judge_score"),
        "judge_steady": ("judge", "judge_steady"),
    }
    flat = {n: {"all": c["overlap"]["all"], "judge": c["judge"]} for n, c in cards.items()}
    if any(_at(card, *where) for card in flat.values() for where in judged.values()):
        parts.append(_figures(flat, judged))
    return "".join(parts)


def _proof(proof: Scores) -> str:
    """Return what the scores make of texts that are wrong in a known way."""
    columns = ("sound", *OVERLAP)
    first = f'<tr><th scope="col">{label("text_kind")}</th>'
    titles = "".join(f'<th scope="col">{both(COLUMNS[name][0])}</th>' for name in columns)
    rows = [
        f'<tr><th scope="row">{both(PROOFS[kind])}</th>'
        + "".join(
            figure(card[name], "plain_share" if name == "sound" else COLUMNS[name][2]) for name in columns
        )
        + "</tr>"
        for kind, card in proof.items()
    ]
    return table(f"<thead>{first}{titles}</tr></thead>", rows)


def _key() -> str:
    return f'<p class="key">{label("interval")}</p>'


def _footer(scores: Scores) -> str:
    about = scores["about"]
    lines = [f"<code>{html.escape(about['command'])}</code>", f"seed {about['seed']}"]
    if about.get("judge"):
        lines.append(html.escape(f"judge: {about['judge']}"))
    for name, card in scores["explainers"].items():
        for problem, count in card["problems"].items():
            lines.append(html.escape(f"{name}: {count} × {problem}"))
    return "".join(f"<p>{line}</p>" for line in lines)
