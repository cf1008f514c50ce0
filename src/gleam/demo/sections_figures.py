"""The parts of the report that show figures: headline, recall, training, time, honest notes."""

from __future__ import annotations

import html
import statistics

from gleam.demo.findings import Story, ViewScores
from gleam.demo.markup import both, metres, percent, view_name
from gleam.progress import duration
from gleam.views import QUERY_VIEWS


def headline(story: Story) -> str:
    """Return the title, the sentence on what this is, and four figures."""
    found = [photo for photo in story.photos if photo.found]
    errors = [photo.error_m for photo in story.photos if photo.error_m is not None]
    each = statistics.median(photo.seconds for photo in story.photos)
    facts = (
        (f"{len(found)} / {len(story.photos)}", "photos found", "张照片找到"),
        (
            metres(statistics.median(errors) if errors else None),
            "median error of the answers",
            "回答误差中位数",
        ),
        (
            f"{1000 * each:.0f} ms",
            f"per photo, {story.tiles} tiles searched",
            f"每张照片，搜索 {story.tiles} 块瓦片",
        ),
        (duration(story.seconds), "for everything on this page", "完成本页全部内容"),
    )
    items = "".join(
        f"<li><b>{html.escape(value)}</b><span>{both(en, zh)}</span></li>" for value, en, zh in facts
    )
    lead = both(
        "GLEAM made a city, learned on one part of it, indexed another part from its georeferenced satellite "
        "picture, and then looked for drone photos, street maps, panoramas and ground photos in it. "
        "Nothing was downloaded.",
        "GLEAM 生成了一座城市，在其中一部分上学习，用带地理坐标的卫星影像为另一部分建立索引，"
        "然后在其中查找无人机照片、街道地图、全景和地面照片。没有下载任何东西。",
    )
    return (
        '<header><div class="brand"><b>GLEAM</b>'
        '<span class="lang" role="radiogroup" aria-label="Language / 语言">'
        '<input type="radio" name="language" id="en" checked><label for="en">English</label>'
        '<input type="radio" name="language" id="zh"><label for="zh">中文</label></span></div>'
        f"<h1>{both('From a photo to a place, and why', '从照片到地点，以及原因')}</h1>"
        f'<p class="lead">{lead}</p><ul class="figures">{items}</ul></header>'
    )


def score_section(story: Story) -> str:
    """Return recall of the shipped weights per view, against the colour histogram and chance."""
    chance = 1 / story.gallery
    hint = both(
        f"Recall@1 of the weights “{story.encoder}” on the unseen part, {story.gallery} tiles to choose "
        "from. More tiles are harder: the README has the table for 1,000.",
        f"权重“{story.encoder}”在未见过部分的 Recall@1，候选瓦片 {story.gallery} 块。"
        "瓦片越多越难：README 中有 1000 块瓦片的结果。",
    )
    marks = (
        f"<span><em></em>{both('95 % interval', '95 % 区间')}</span>"
        f"<span><u></u>{both('comparing colours only', '只比较颜色')}</span>"
        f'<span><u class="chance"></u>{both(f"chance, {percent(chance)}", f"随机，{percent(chance)}")}</span>'
    )
    rows = "".join(_score_row(scores, chance) for scores in story.scores)
    title = both("How often the first answer is right", "第一个回答的正确率")
    return (
        f'<section id="recall"><h2>{title}</h2><p class="hint">{hint}</p><p class="key marks">{marks}</p>'
        f'<div class="card pad bars">{rows}</div></section>'
    )


def training_section(story: Story) -> str:
    """Return the recall table of the short training run."""
    training = story.training
    hint = both(
        f"A net of {training.parameters / 1e6:.2f} M weights, started from nothing, learned for "
        f"{duration(training.seconds)} on {training.places} places: first on one view, then on all. "
        f"Recall@1 on {training.gallery} places of the other part. It only shows that learning works; the "
        "shipped weights trained far longer.",
        f"一个 {training.parameters / 1e6:.2f} M 参数的网络从零开始，在 {training.places} 个地点上学习了 "
        f"{duration(training.seconds)}：先学一种视角，再学全部。表中是另一部分 {training.gallery} 个地点上"
        "的 Recall@1。"
        "这里只说明学习有效；内置权重训练的时间长得多。",
    )
    views = [view for view in QUERY_VIEWS if any(view in recall for _, _, recall in training.recall)]
    head = "".join(f"<th>{view_name(view)}</th>" for view in views)
    rows = ""
    for en, zh, recall in training.recall:
        cells = "".join(_mini_bar(view.value, recall.get(view)) for view in views)
        rows += f"<tr><td>{both(en, zh)}</td>{cells}</tr>"
    cells = "".join(_mini_bar("chance", 1 / training.gallery) for _ in views)
    rows += f"<tr><td>{both('chance', '随机')}</td>{cells}</tr>"
    return (
        f'<section id="training"><h2>{both("Training works", "训练有效")}</h2><p class="hint">{hint}</p>'
        f'<div class="card pad scroll"><table><tr><th></th>{head}</tr>{rows}</table></div></section>'
    )


def time_section(story: Story) -> str:
    """Return how long each stage took and the command that does the same."""
    hint = both(
        f"Measured on {story.machine}. Each line can be run by itself.",
        f"测量环境：{story.machine}。每一行都可以单独运行。",
    )
    total = story.seconds or 1.0
    pieces, rows = "", ""
    for index, stage in enumerate(story.stages):
        mix = 100 - 80 * index / max(len(story.stages) - 1, 1)
        share = stage.seconds / total
        pieces += f'<i style="width:{100 * share:.2f}%;--mix:{mix:.0f}%"></i>'
        command = f"<code>{html.escape(stage.command)}</code>" if stage.command else ""
        rows += (
            f'<tr><td>{both(stage.en, stage.zh)}</td><td class="n">{duration(stage.seconds)}</td>'
            f'<td class="n">{percent(share)}</td><td>{command}</td></tr>'
        )
    return (
        f'<section id="time"><h2>{both("Where the time went", "时间用在哪里")}</h2><p class="hint">{hint}</p>'
        f'<div class="card pad"><div class="split">{pieces}</div>'
        f'<div class="scroll"><table>{rows}</table></div></div></section>'
    )


def notes_section(story: Story) -> str:
    """Return what a reader must not conclude from this page."""
    notes = (
        (
            "The city is drawn. These weights never saw a real photo, and nothing here says how well they "
            "would do on one.",
            "城市是生成的。这些权重从未见过真实照片，本页不能说明它们在真实照片上的表现。",
        ),
        (
            "Headings and camera poses are known here (they stand in the photo files). Without them recall "
            "is lower.",
            "这里的朝向和相机姿态是已知的（写在照片文件中）。没有它们时召回率更低。",
        ),
        (
            "Probabilities are calibrated on other drawn cities and hold for those.",
            "概率是在其他生成的城市上校准的，只对它们有效。",
        ),
        *story.notes,
    )
    items = "".join(f"<li>{both(en, zh)}</li>" for en, zh in notes)
    return (
        f'<section id="notes"><h2>{both("What this does not show", "本页不能说明什么")}</h2>'
        f'<ul class="notes">{items}</ul></section>'
    )


def footer(story: Story) -> str:
    """Return the closing line: versions and seed, so that the page can be made again."""
    made = both(
        f"Made by gleam {story.version}, city seed {story.seed}. The same seed makes the same city.",
        f"由 gleam {story.version} 生成，城市种子 {story.seed}。相同的种子生成相同的城市。",
    )
    return f"<footer><p>{made}</p></footer>"


def _score_row(scores: ViewScores, chance: float) -> str:
    low, high = 100 * scores.recall_1.low, 100 * scores.recall_1.high
    histogram = min(100 * scores.histogram_1, 99.6)
    track = (
        f'<div class="track"><i style="width:{100 * scores.recall_1.value:.2f}%"></i>'
        f'<em style="left:{low:.2f}%;width:{max(high - low, 0.3):.2f}%"></em>'
        f'<u class="chance" style="left:{100 * chance:.2f}%"></u><u style="left:{histogram:.2f}%"></u></div>'
    )
    interval = f"({low:.0f}–{high:.0f})"
    colours, top_5 = percent(scores.histogram_1), percent(scores.recall_5.value)
    lines = (
        both(f"colours {colours} · top 5 {top_5}", f"颜色 {colours} · 前 5 {top_5}"),
        both(
            f"median {metres(scores.median_m)} · {scores.queries} photos",
            f"中位误差 {metres(scores.median_m)} · {scores.queries} 张",
        ),
    )
    said = f"<b>{percent(scores.recall_1.value)}</b> {interval}<br>{'<br>'.join(lines)}"
    return (
        f'<div class="row v-{scores.view.value}">'
        f'<span class="tag"><i class="dot"></i>{view_name(scores.view)}</span>'
        f'{track}<div class="said">{said}</div></div>'
    )


def _mini_bar(kind: str, share: float | None) -> str:
    if share is None:
        return "<td>–</td>"
    colour = ' style="--c:var(--soft)"' if kind == "chance" else ""
    css = "" if kind == "chance" else f' class="v-{kind}"'
    bar = f'<span class="mini"{colour}><i style="width:{100 * share:.1f}%"></i></span>'
    return f"<td{css}>{bar}{percent(share)}</td>"
