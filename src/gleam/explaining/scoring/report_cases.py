"""The worst cases in the report: both pictures, what was written, what is wrong with it."""

from __future__ import annotations

import html
from collections.abc import Sequence

from gleam.errors import BenchError
from gleam.explaining.benchmark.folder import Bench
from gleam.explaining.scene.lexicon import words_of
from gleam.explaining.scoring.report_pieces import both, label, picture
from gleam.explaining.scoring.report_words import (
    FAULTS,
    GROUPS,
    KINDS,
    LABELS,
    PICTURES,
    SURE,
    VIEWS,
    Both,
)
from gleam.explaining.scoring.worst import Case, Fault
from gleam.explaining.verdict import LANGUAGES

_LONGEST_TEXT = 3000


def cases(bench: Bench, name: str, chosen: Sequence[Case]) -> str:
    """Return the cases of one explainer."""
    cards = "".join(_card(bench, case) for case in chosen)
    inner = cards or f'<p class="hint">{label("none_wrong")}</p>'
    return f'<h3>{html.escape(name)}</h3><div class="cases">{inner}</div>'


def _card(bench: Bench, case: Case) -> str:
    item = case.item
    pair, verdict = item.pair, item.verdict
    wide = " pano" if pair.view.value == "panorama" else ""
    pictures = "".join(
        f"<figure>{_shown(bench, image, kind)}<figcaption>{both(caption)}</figcaption></figure>"
        for kind, image, caption in (
            ("query", pair.query_image, VIEWS[pair.view.value]),
            ("tile", pair.tile_image, LABELS["tile"]),
        )
    )
    chips = [
        f'<span class="chip kind">{both(KINDS[case.kind])}</span>',
        _verdict_chip("truth", pair.match, ""),
        "" if verdict is None else _verdict_chip("said", verdict.match, "right" if item.is_right else "kind"),
        "" if pair.match else f'<span class="chip">{both(GROUPS[pair.tier])}</span>',
    ]
    language = item.prediction.language
    text = html.escape(item.text[:_LONGEST_TEXT]) if item.text.strip() else label("no_text")
    reference = ""
    if item.references:
        reference = (
            f"<details><summary>{label('reference')}</summary>"
            f'<p lang="{language}">{html.escape(item.references[0])}</p></details>'
        )
    faults = "".join(f"<li>{both(in_words(fault))}</li>" for fault in case.faults)
    return (
        f'<article class="card{wide}"><div class="chips">{"".join(chips)}</div>'
        f'<div class="pictures">{pictures}</div>'
        f'<h4>{label("text")}</h4><p lang="{language}" class="text">{text}</p>{reference}'
        f'<h4>{label("wrong")}</h4><ul class="faults">{faults}</ul>'
        f"<code>{html.escape(pair.pair_id)} · {language}</code></article>"
    )


def _shown(bench: Bench, image: str, kind: str) -> str:
    """Return a picture, or a sentence where it has vanished."""
    try:
        return picture(bench.image_path(image), LABELS[kind])
    except BenchError as error:
        return f'<div class="gone">{html.escape(str(error))}</div>'


def _verdict_chip(which: str, match: bool, style: str) -> str:
    kind = "same" if match else "different"
    return f'<span class="chip {style}">{label(which)}: {label(kind)}</span>'


def in_words(fault: Fault) -> Both:
    """Return what is wrong in both languages."""
    said: list[str] = []
    for number, language in enumerate(LANGUAGES):
        words = words_of(language)
        filled = {
            "problem": fault.problem or "",
            "sure": "",
            "picture": "",
            "said": "",
            "actual": "",
            "name": "",
        }
        if fault.probability is not None:
            filled["sure"] = SURE[number].format(probability=f"{fault.probability:.2f}")
        if fault.statement is not None:
            phrases = words.PHRASES[fault.statement.attribute]
            filled["picture"] = PICTURES[fault.statement.picture][number]
            filled["said"] = phrases[fault.statement.value][0]
            filled["actual"] = phrases[fault.actual][0] if fault.actual in phrases else ""
        if fault.attribute is not None:
            filled["name"] = words.NAMES[fault.attribute][0]
        said.append(FAULTS[fault.kind][number].format(**filled))
    return said[0], said[1]
