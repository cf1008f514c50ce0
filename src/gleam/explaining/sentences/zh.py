"""Chinese sentences, as data."""

from __future__ import annotations

TEMPLATES: dict[str, str] = {
    "match_probability": "两张图像显示同一地点的概率为 {percent}%。",
    "match_threshold": "判定两张图像显示同一地点。",
    "no_match_probability": "两张图像显示的不是同一地点，匹配的概率为 {percent}%。",
    "no_match_threshold": "判定两张图像显示的不是同一地点。",
    "calibrated": "该概率在 {name} 上校准。",
    "similarity_calibrated": "两者的相似度为 {similarity}。",
    "similarity_threshold": (
        "两者的相似度为 {similarity}；此视角尚未校准概率，按规则，匹配须达到 {threshold} 且高于对照。"
    ),
    "similarity_rule": ("两者的相似度为 {similarity}；此视角尚未校准概率，按规则，匹配须达到 {threshold}。"),
    "no_regions": "该编码器比较整幅图像，因此没有测量区域，也不列出区域。",
    "control": "作为对照，将照片旋转和镜像后的相似度最高为 {control}。",
    "for": "支持匹配的证据：",
    "against": "反对匹配的证据：",
    "nothing_for": "没有可见区域支持匹配。",
    "nothing_against": "没有可见区域反对匹配。",
    "region": (
        "区域 {number} 位于卫星图中心{direction}方向 {distance} 米处，"
        "相似度为 {similarity}，占全部测量的 {share}%"
    ),
    "same_colour": "在两张图像中都以{colour}为主",
    "other_colour": "在照片中以{query_colour}为主，在卫星图中以{tile_colour}为主",
    "same_lines": "其线条走向分别为北偏东 {query_deg} 度和 {tile_deg} 度，相差 {apart} 度",
    "partly_visible": "照片显示了其中的 {percent}%",
    "unread": "未读取图像中的文字。",
    "join": "，",
    "end": "。",
    "space": "",
}

COLOURS: dict[str, str] = {
    "black": "黑色",
    "dark grey": "深灰色",
    "grey": "灰色",
    "light grey": "浅灰色",
    "white": "白色",
    "red": "红色",
    "brown": "棕色",
    "yellow": "黄色",
    "green": "绿色",
    "blue": "蓝色",
    "purple": "紫色",
}

DIRECTIONS: dict[str, str] = {
    "north": "正北",
    "north-east": "东北",
    "east": "正东",
    "south-east": "东南",
    "south": "正南",
    "south-west": "西南",
    "west": "正西",
    "north-west": "西北",
}
