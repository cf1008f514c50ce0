"""The parts of the report that show pictures: the map, the photos side by side, the explanations."""

from __future__ import annotations

import html

from gleam.demo.findings import Explained, Photo, Story
from gleam.demo.markup import STATUS_NAMES, both, chance, image, metres, position, sentences, view_name
from gleam.demo.overlay import map_overlay, region_overlay
from gleam.views import QUERY_VIEWS

SHOWN_PER_VIEW = 2
MAP_HEIGHT_PX = 980
"""Height at which the map is shown beside its table, at most."""


def map_section(story: Story) -> str:
    """Return the overview picture with true and answered positions, and the list beside it."""
    key = "".join(
        f'<span class="v-{view.value}"><i class="dot"></i>{view_name(view)}</span>' for view in QUERY_VIEWS
    )
    key += f'<span><i class="ring"></i>{both("where it was taken", "真实位置")}</span>'
    key += f'<span><i class="dot" style="--c:currentColor"></i>{both("answer", "回答")}</span>'
    rows = "".join(_photo_row(number, photo) for number, photo in enumerate(story.photos, start=1))
    height, width = story.overview.picture.shape[:2]
    map_px = min(680.0, MAP_HEIGHT_PX * width / height)
    hint = both(
        f"The atlas covers {story.area_km2:.2f} km² that neither the short training run nor the shipped "
        "weights ever saw. A ring is the truth, a dot the answer; a line joins them where they differ.",
        f"图集覆盖 {story.area_km2:.2f} km²，短训练和内置权重都从未见过这里。"
        "圆环是真实位置，圆点是回答；两者不同时以线相连。",
    )
    head = "".join(
        f"<th{css}>{both(en, zh)}</th>"
        for en, zh, css in (
            ("", "", ' class="n"'),
            ("view", "视角", ""),
            ("result", "结果", ""),
            ("error", "误差", ' class="n"'),
        )
    )
    picture = image(story.overview.picture, "The atlas area")
    return (
        f'<section id="map"><h2>{both("Where the photos were taken", "照片拍摄的位置")}</h2>'
        f'<p class="hint">{hint}</p><p class="key">{key}</p>'
        f'<div class="card mapbox" style="--map-width:{map_px:.0f}px"><div class="picture">{picture}'
        f"{map_overlay(story.overview, story.photos)}</div>"
        f'<div class="pad scroll"><table><tr>{head}</tr>{rows}</table></div></div></section>'
    )


def photo_section(story: Story) -> str:
    """Return the first photos of each view beside the found and the true tile."""
    cards = []
    for view in QUERY_VIEWS:
        numbered = [(n, photo) for n, photo in enumerate(story.photos, start=1) if photo.view is view]
        cards += [_photo_card(number, photo) for number, photo in numbered[:SHOWN_PER_VIEW]]
    hint = both(
        f"The first {SHOWN_PER_VIEW} photos of each view, in the order of the files and not picked by "
        "result. Each was read from its file; season, light, weather and cars differ from the satellite "
        "picture.",
        f"每种视角的前 {SHOWN_PER_VIEW} 张照片，按文件顺序，没有按结果挑选。"
        "每张都从文件读入；季节、光线、天气和车辆都与卫星影像不同。",
    )
    title = both("Side by side: photo, answer, truth", "并排比较：照片、回答、真实位置")
    return (
        f'<section id="photos"><h2>{title}</h2><p class="hint">{hint}</p>'
        f'<div class="photos">{"".join(cards)}</div></section>'
    )


def explained_section(story: Story) -> str:
    """Return the explained pairs with numbered regions and the text in both languages."""
    hint = both(
        "The same number marks the same ground in both pictures: solid blue speaks for one place, dashed "
        "orange against. The sentences are bound to these measured regions; no language model takes part.",
        "两张图中相同的编号标出同一块地面：蓝色实线支持同一地点，橙色虚线反对。"
        "句子只来自这些测得的区域，没有语言模型参与。",
    )
    cards = "".join(_explained_card(item) for item in story.explained)
    title = both("Why: the evidence in words and regions", "为什么：文字与区域证据")
    return f'<section id="why"><h2>{title}</h2><p class="hint">{hint}</p>{cards}</section>'


def status_chip(photo: Photo) -> str:
    """Return the status of an answer as a coloured chip: right, wrong, or without an answer."""
    if photo.answer is None:
        return f'<span class="chip warn">{both(*STATUS_NAMES.get(photo.status, (photo.status,) * 2))}</span>'
    words = ("found", "正确") if photo.found else ("wrong place", "错误")
    if photo.status == "ambiguous":
        words = (f"{words[0]}, unsure", f"{words[1]}，不确定")
    return f'<span class="chip {"good" if photo.found else "bad"}">{both(*words)}</span>'


def _photo_row(number: int, photo: Photo) -> str:
    return (
        f'<tr class="v-{photo.view.value}"><td class="n">{number}</td>'
        f'<td><i class="dot"></i>{view_name(photo.view)}</td><td>{status_chip(photo)}</td>'
        f'<td class="n">{metres(photo.error_m)}</td></tr>'
    )


def _photo_card(number: int, photo: Photo) -> str:
    wide = photo.aspect > 1.4
    columns = f"{photo.aspect:.2f}fr 1fr 1fr"
    if photo.found_tile is None:
        found = f'<figure><div class="none">{both("no position given", "未给出位置")}</div>'
    else:
        found = f"<figure>{image(photo.found_tile, 'Satellite picture at the answer')}"
    figures = (
        f'<figure style="--a:{photo.aspect:.3f}">{image(photo.picture, photo.view.value)}'
        f"<figcaption>{view_name(photo.view)}</figcaption></figure>"
        f"{found}<figcaption>{both('answer', '回答')}</figcaption></figure>"
        f"<figure>{image(photo.true_tile, 'Satellite picture at the truth')}"
        f"<figcaption>{both('truth', '真实位置')}</figcaption></figure>"
    )
    probability = "–" if photo.probability is None else html.escape(chance(photo.probability))
    facts = [
        (both("error", "误差"), metres(photo.error_m)),
        (both("answer", "回答"), position(photo.answer)),
        (both("probability", "概率"), probability),
        (both("95 % radius", "95 % 半径"), metres(photo.radius95_m)),
        (both("time", "用时"), f"{1000 * photo.seconds:.0f} ms"),
    ]
    listed = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)
    return (
        f'<article class="card photo v-{photo.view.value}{" wide" if wide else ""}"><div class="top">'
        f'<span class="tag"><i class="dot"></i>{number}&nbsp;&nbsp;{view_name(photo.view)}</span>'
        f'<span class="file">{html.escape(photo.file)}</span>{status_chip(photo)}</div>'
        f'<div class="three" style="--cols:{columns}">{figures}</div><dl>{listed}</dl></article>'
    )


def _explained_card(item: Explained) -> str:
    verdict = ("same place", "同一地点") if item.match else ("different places", "不同地点")
    right = item.match == item.truth
    if item.probability is None:
        how_sure = both(f"similarity {item.similarity:.2f}", f"相似度 {item.similarity:.2f}")
    else:
        said = chance(item.probability)
        how_sure = both(f"probability of a match {said}", f"匹配概率 {said}")
    truth = both("right", "判断正确") if right else both("mistaken", "判断错误")
    pair = (
        f'<div class="pair" style="--cols:{item.aspect:.2f}fr 1fr"><figure style="--a:{item.aspect:.3f}">'
        f'<div class="shot">{image(item.query, "query")}{region_overlay(item.regions, on_tile=False)}</div>'
        f"<figcaption>{view_name(item.view)}</figcaption></figure>"
        f'<figure><div class="shot">{image(item.tile, "tile")}'
        f"{region_overlay(item.regions, on_tile=True)}</div>"
        f"<figcaption>{both('satellite tile', '卫星瓦片')}</figcaption></figure></div>"
    )
    wide = " wide" if item.aspect > 1.4 else ""
    return (
        f'<article class="card why v-{item.view.value}{wide}"><div class="top">'
        f'<span class="tag"><i class="dot"></i>{view_name(item.view)}</span>'
        f'<span class="file">{html.escape(item.file)}</span>'
        f'<span class="chip {"good" if right else "bad"}">{both(*verdict)} · {truth}</span></div>'
        f'{pair}<div class="pad"><p class="sure">{how_sure}</p>'
        f"{sentences(item.text_en, item.text_zh)}</div></article>"
    )
