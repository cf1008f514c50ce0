"""What English texts may say, as regular expressions; wider than the words we write ourselves.

Lines are as long as their expressions: a broken one is harder to read than a long one.
"""
# ruff: noqa: E501

from __future__ import annotations

_STREET = r"(?:streets?|roads?|lanes?|alleys?|roadways?)"
_BUILDING = r"(?:buildings?|houses?|structures?|blocks?|homes?|construction|development|housing)"
_ROOF = r"(?:roofs?|rooftops?|roofing|roofed)"
_TREE = r"(?:trees|tree cover|canopy|greenery|vegetation|tree crowns)"
_NE, _SW = r"(?:north-?\s?east(?:ern)?|ne)", r"(?:south-?\s?west(?:ern)?|sw)"
_NW, _SE = r"(?:north-?\s?west(?:ern)?|nw)", r"(?:south-?\s?east(?:ern)?|se)"
_TO = r"\s*(?:to|-|–|—|towards?|through to)\s*(?:the\s+)?"


def _both_ways(a: str, b: str) -> str:
    return rf"(?<![\w-])(?:{a}{_TO}{b}|{b}{_TO}{a})(?![\w-]*(?:east|west))(?!\w)"


MENTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "junction": {
        "none": (),
        "t_junction": (
            r"\bt[-\s]?(?:junctions?|intersections?|crossings?)\b",
            r"\bt[-\s]shaped (?:road )?(?:junctions?|intersections?|crossings?)\b",
            r"\b(?:three|3)[-\s](?:way|arm(?:ed)?|leg(?:ged)?)(?: road| street)? (?:junctions?|intersections?|crossings?)\b",
        ),
        "crossroads": (
            r"\bcross-?\s?roads?\b",
            r"\b(?:four|4)[-\s](?:way|arm(?:ed)?|leg(?:ged)?)(?: road| street)? (?:junctions?|intersections?|crossings?)\b",
            r"\b(?:cross-shaped|x-shaped) (?:junctions?|intersections?|crossings?)\b",
        ),
        "roundabout": (
            r"\broundabouts?\b",
            r"\b(?:traffic|road) (?:circles?|rotary)\b",
            r"\b(?:rings?|circles?) a round island\b",
            r"\bcircular (?:junctions?|intersections?)\b",
        ),
    },
    "street_axis": {
        "north_south": (_both_ways("north(?:ern)?", "south(?:ern)?"), r"\bn[-–]s\b"),
        "east_west": (_both_ways("east(?:ern)?", "west(?:ern)?"), r"\be[-–]w\b"),
        "northeast_southwest": (_both_ways(_NE, _SW),),
        "northwest_southeast": (_both_ways(_NW, _SE),),
    },
    "road": {
        "local": (
            rf"\bnarrow (?:[\w-]+ ){{0,2}}?{_STREET}\b",
            rf"\b(?:local|side|minor|small|residential|back) {_STREET}\b",
            rf"\b{_STREET} (?:is|are|being|look|looks|appears?) (?:all |both |rather |quite |very )?narrow\b",
        ),
        "collector": (
            rf"\b(?:medium|mid|middle)(?:-|\s)?(?:wide|width|sized?)(?: \w+)? {_STREET}\b",
            rf"\b{_STREET} of (?:medium|middle|moderate|average) (?:width|size)\b",
            rf"\bcollector (?:{_STREET})?\b",
            rf"\b{_STREET} neither narrow nor wide\b",
            rf"\b(?:moderately wide|two-lane) {_STREET}\b",
        ),
        "main": (
            r"(?<!moderately )(?<!medium-)(?<!medium )"
            rf"\b(?:wide|broad|large|major|main|multi-lane|four-lane|arterial|through)(?:,? (?:main|arterial|multi-lane))? {_STREET}\b",
            r"\b(?:avenues?|boulevards?|dual carriageways?|highways?|thoroughfares?|arterials?)\b",
            rf"\b{_STREET} (?:is|are|being|look|looks|appears?) (?:rather |quite |very )?(?:wide|broad)\b",
        ),
    },
    "water": {
        "none": (),
        "river": (
            r"\b(?:rivers?|riverbanks?|riverside|streams?|creeks?|canals?|waterways?|watercourses?|brooks?)\b",
        ),
        "pond": (r"\b(?:ponds?|lakes?)\b",),
    },
    "railway": {
        "none": (),
        "railway": (
            r"\b(?:railways?|railroads?|rail lines?|rail tracks?|rails|train tracks?|train lines?|(?<!running )(?<!athletics )tracks)\b",
            r"\brailway (?:tracks?|lines?|corridors?)\b",
        ),
    },
    "bridge": {"none": (), "bridge": (r"\b(?:bridges?|overpass(?:es)?|viaducts?)\b",)},
    "buildings": {
        "few": (
            rf"(?<!quite )(?<!\w)(?:only |just |very )?(?:a )?few (?:[\w-]+ ){{0,2}}?{_BUILDING}\b",
            rf"\ba handful of (?:[\w-]+ )?{_BUILDING}\b",
            rf"\b(?:sparse(?:ly)?|isolated)(?: set| built| scattered)? {_BUILDING}\b",
            rf"\b{_BUILDING} (?:is|are) (?:sparse|few)\b",
        ),
        "several": (
            rf"\bseveral (?:[\w-]+ ){{0,2}}?{_BUILDING}\b",
            rf"\b(?:about |around |roughly )?a dozen (?:[\w-]+ )?{_BUILDING}\b",
            rf"\ba (?:moderate|medium|fair) number of (?:[\w-]+ )?{_BUILDING}\b",
        ),
        "many": (
            rf"\b(?:many|numerous|dozens of|lots of|quite a few|plenty of) (?:[\w-]+ ){{0,2}}?{_BUILDING}\b",
            rf"\ba (?:large|great|high) number of (?:[\w-]+ )?{_BUILDING}\b",
            rf"\b(?:dense(?:ly)?|closely|tightly)(?: set| packed| built| clustered| spaced)?(?: \w+)? {_BUILDING}\b",
            r"\bdense(?:ly)? built(?:-up)?\b",
            rf"\b{_BUILDING} (?:is|are) (?:very |quite )?(?:dense|numerous|densely packed|many)\b",
        ),
    },
    "height": {
        "low": (
            rf"\blow(?:-|\s)?(?:rise|lying)?(?:,? [\w-]+){{0,2}}? {_BUILDING}\b",
            r"\blow-?rise\b",
            r"\b(?:nothing|none|no building) (?:is )?(?:higher|taller) than (?:two|three|2|3) (?:floors|stor(?:e?ys|ies))\b",
            rf"\b{_BUILDING} (?:is|are) (?:all |mostly |rather |quite )?low\b",
        ),
        "middle": (
            r"\b(?:mid|medium)(?:-|\s)?rise\b",
            rf"\b{_BUILDING} of (?:middle|medium|moderate|average) height\b",
            rf"\b(?:medium|mid)(?:-|\s)height {_BUILDING}\b",
        ),
        "high": (
            rf"\b(?:tall|taller|high)(?:,? [\w-]+){{0,2}}? {_BUILDING}\b",
            r"\b(?:high-?rises?|skyscrapers?|tower blocks?|office towers?|residential towers?|towers)\b",
            rf"\b{_BUILDING} (?:is|are) (?:all |mostly |rather |quite |very )?tall\b",
        ),
    },
    "roof_colour": {
        "red": (r"\b(?:red|reddish|terracotta|terra-cotta)\b",),
        "brown": (r"\b(?:brown|brownish)\b",),
        "grey": (r"\b(?<!light )(?<!light-)(?<!pale )(?:dark[-\s])?(?:gr[ea]y|gr[ea]yish)\b",),
        "light": (r"\b(?:white|whitish|pale|light[-\s]gr[ea]y|light[-\s]coloured|light[-\s]colored|light in colou?r)\b",),
        "blue": (r"\b(?:blue|bluish)\b",),
        "green": (r"\b(?:green|greenish)\b",),
    },
    "trees": {
        "few": (
            rf"(?<!quite )(?<!\w)(?:only |just |very )?(?:a )?few (?:[\w-]+ ){{0,1}}?{_TREE}\b",
            rf"\b(?:hardly any|almost no|barely any|sparse|little|scant) (?:[\w-]+ )?{_TREE}\b",
            rf"\b{_TREE} (?:is|are) (?:sparse|scarce|few)\b",
        ),
        "some": (
            rf"\b(?:some|several|scattered) (?:[\w-]+ ){{0,1}}?{_TREE}\b",
            rf"\ba (?:moderate|fair|medium) (?:number|amount) of (?:[\w-]+ )?{_TREE}\b",
            rf"\bmoderate {_TREE}\b",
        ),
        "many": (
            rf"\b(?:many|numerous|plenty of|lots of|dense|lush|abundant|thick|rich|quite a few) (?:[\w-]+ ){{0,1}}?{_TREE}\b",
            rf"\ba (?:large|great|high) (?:number|amount) of (?:[\w-]+ )?{_TREE}\b",
            rf"\b{_TREE} (?:is|are) (?:dense|abundant|numerous|plentiful)\b",
            r"\btree-lined\b|\bwell[-\s]wooded\b",
        ),
    },
    "land_use": {
        "downtown": (
            r"\bdown-?town\b",
            r"\b(?:city|town)[-\s](?:centre|center)\b",
            r"\b(?:business|commercial|office) (?:district|centre|center|quarter|area)s?\b",
            r"\boffice (?:towers?|buildings?|blocks?)\b",
        ),
        "old_town": (
            r"\bold[-\s]town\b",
            r"\bhistoric(?:al)? (?:quarter|centre|center|district|core|town)\b",
            r"\b(?:perimeter|courtyard) blocks?\b",
        ),
        "apartments": (
            r"\bapartments?(?: (?:blocks?|buildings?|slabs?|houses?|complex(?:es)?|estates?))?\b",
            r"\b(?:housing|residential) (?:estates?|blocks?|slabs?|towers?)\b",
            r"\b(?:slabs|blocks) of flats\b",
        ),
        "houses": (
            r"\b(?:detached|single-family|single family|family|suburban|individual) (?:houses?|homes?|housing)\b",
            r"\b(?:suburb|suburban (?:area|neighbou?rhood|setting))\b",
            r"\bvillas?\b",
        ),
        "industry": (
            r"\bindustrial\b|\bindustry\b",
            r"\b(?:warehouses?|factory|factories)\b",
        ),
        "park": (r"(?<!car )(?<!business )(?<!industrial )(?<!office )\b(?:parkland|parks?)\b(?! of cars)",),
    },
    "facility": {
        "none": (r"\b(?:nothing|no facilities) laid out on the ground\b",),
        "car_park": (
            r"\bcar[-\s]?parks?\b",
            r"\bparking (?:lots?|areas?|spaces?|bays?|grounds?)\b",
        ),
        "pool": (r"\b(?:swimming )?pools?\b",),
        "sports": (
            r"\b(?:sports?|football|soccer|tennis|basketball|ball|running|athletics?|playing)"
            r" (?:pitch(?:es)?|grounds?|fields?|courts?|tracks?|facilit(?:y|ies))\b",
            r"\b(?:pitch(?:es)?|stadiums?)\b",
        ),
        "playground": (r"\bplaygrounds?\b",),
    },
}  # fmt: skip

GENERIC: dict[str, tuple[str, ...]] = {
    "junction": (r"\b(?:junctions?|intersections?|crossings?)\b",),
    "water": (r"\b(?:water(?: bod(?:y|ies))?|bod(?:y|ies) of water)\b",),
    "facility": (r"\bfacilit(?:y|ies)\b",),
    "trees": (r"\b(?:trees?|tree cover|greenery|vegetation)\b",),
    "buildings": (r"\bbuildings?\b",),
}
"""Words that state a value only when denied: 'no junction', 'no water'."""

COLOUR_OF_ROOF = (
    rf"\b{_ROOF}\b",
    r"\A(?:[-\s](?:[\w-]+\s){0,1}(?:roof\w*|buildings?|houses?|ones)|-roofed|\s*(?:[,.;)]|\Z)|\s(?:and|or|in|on|while|whereas|but|rather|instead|here|there|versus|vs|with)\b)",
)
"""A colour counts in a sentence that speaks of roofs, and where this follows it."""

LINE_NOUNS = (
    r"\b(?:streets?|roads?|avenues?|lanes?|boulevards?|thoroughfares?|roadway)\b",
    r"\b(?:rivers?|streams?|canals?|railways?|tracks?|rail lines?|railroads?|bridges?|slabs?|buildings?|blocks?|shadows?)\b",
)
"""Nouns that a direction may belong to: those of a street, and others."""

COUNTED = r"\b(\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty)(?: or so)? (?:[\w-]+ ){0,2}?(?:buildings|houses|homes)\b"
FLOORS = r"\b(\d{1,2}|one|single|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty)[-\s](?:floors?|stor(?:e?ys?|ies|eyed))\b"
NUMBERS: dict[str, int] = {
    "one": 1, "single": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30,
    "forty": 40, "fifty": 50,
}  # fmt: skip

NAMED_STREET = (
    r"\b(?!(?:Main|Wide|Narrow|Local|Side|Broad|Major|Both|The|A|An|One|This|No|Collector|Medium|Minor|Ground)\b)"
    r"[A-Z][a-z]+(?: [A-Z][a-z]+)? (?:Street|Road|Lane|Way|Avenue|Boulevard|Drive)\b"
)
"""A proper name: 'River Street' is no river."""

NEGATORS = (
    r"\b(?:no|without|lacks?|lacking|neither|nor|cannot|can't|never|devoid of|free of|free from|absence of)\b",
    r"\b(?:not|n't)\b(?! only)",
    r"n't\b",
)
NOT_NEGATORS = r"\bno (?:doubt|difference|contradiction|reason|longer)\b|\bneither narrow nor wide\b"
SCOPE_END = r"[,;:()]|\b(?:and|but|while|whereas|however|although|though|yet|with|than|instead)\b"
LIST_SCOPE = r"\A[^,;:.]{1,40}(?:,(?!\s*(?:a|an|the|some|many|several|few|mostly|only|it|and|but|no)\b)[^,;:.]{1,40})*,?\s+(?:or|nor)\s+[^,;:.]{1,40}?(?=[,;:.]|\Z|\s(?:and|but|while|whereas|in|on|is|are)\b)"
ABSENT = (
    r"\A[^,;:.]{0,45}?(?:,? (?:but|and|which|yet)(?: it| they| this| that| these)?)?\b\s*(?:is|are|was|were|being)?\s*(?:missing|absent|lacking|nowhere|not (?:visible|seen|present|there|found|shown|to be seen)"
    r"|cannot be (?:seen|found)|does not (?:appear|exist)|do not (?:appear|exist)|doesn't appear|can't be seen|(?:is|are)n't (?:visible|seen|present|there|found|shown))\b"
)
"""Said after a thing that is not there."""

SUBJECTS: dict[str, tuple[str, ...]] = {
    "both": (
        r"\bboth\b(?! (?:sides|ends|directions|ways|banks|languages))",
        r"\b(?:the )?two (?:images|pictures|photos|views|scenes)(?: alike)?\b",
        r"\b(?:each|either|neither) (?:image|picture|photo|view|of (?:them|the (?:two )?(?:images|pictures)))\b",
        r"\b(?:in common|shared features?|common features?|they share|they both|share)\b",
    ),
    "query": (
        r"\b(?:drone|uav|aerial drone)(?:'s)?(?:[- ](?:photo(?:graph)?|image|picture|view|shot|query))?\b",
        r"\b(?:street[- ]level|ground(?:[- ]level)?|street[- ]view|panoramic|street|oblique|query) (?:photo(?:graph)?|image|picture|view|shot|panorama|query)\b",
        r"\b(?:street|road)(?:[- ])maps?\b|(?<!satellite )\bmaps?\b",
        r"\b(?:panorama|query|photo(?:graph)? taken from the street)\b",
        r"\b(?:first|1st|left) (?:image|picture|photo|view)\b|\b(?:image|picture|photo) (?:1|a|one)\b(?! \w+ing)",
        r"\bthe (?:former|photo(?:graph)?)\b(?! tile)",
    ),
    "tile": (
        r"\bsatellite(?:[- ](?:tile|image(?:ry)?|picture|photo(?:graph)?|view|map))?\b",
        r"\b(?:tile|orthophoto|tile from above)\b",
        r"\b(?:second|2nd|right) (?:image|picture|photo|view)\b|\b(?:image|picture|photo) (?:2|b|two)\b",
        r"\bthe latter\b",
    ),
    "unknown": (r"\b(?:the other|one of (?:them|the (?:images|pictures)))\b(?! hand| side)",),
}
JOINED = r"\A\s*(?:,)?\s*(?:and|&|as well as|and also|nor|or)\s+(?:the\s+|in\s+the\s+)?\Z"
"""Between two subjects that are spoken of together."""
LEADING = r"\b(?:in|on|from|by|of) (?:the )?\Z"
"""Before the picture that the list before it is said to be in."""
TRAILING = r"\A[^,;:.]{0,30}?\b(?:in|on|of|within|from) (?:the )?\Z"
"""Between a thing and the picture it is said to be in."""

ATTRIBUTE_NAMES: dict[str, tuple[str, ...]] = {
    "junction": (r"\b(?:junctions?|intersections?|crossings?)(?: (?:layouts?|types?|kinds?|forms?))?\b",),
    "street_axis": (
        r"\b(?:street|road)s?'? (?:directions?|orientations?|axis|axes|alignments?|layouts?)\b",
        r"\b(?:directions?|orientations?|axis|alignments?) of the (?:main )?(?:streets?|roads?)\b",
    ),
    "road": (
        r"\b(?:road|street)s?'? (?:widths?|class(?:es)?|hierarchy|sizes?|types?)\b",
        r"\bwidths? of the (?:streets?|roads?)\b",
    ),
    "water": (r"\b(?:water(?: bod(?:y|ies)| features?)?|rivers?)\b",),
    "railway": (r"\b(?:railways?|rail lines?|railroads?)\b",),
    "bridge": (r"\bbridges?\b",),
    "buildings": (
        r"\b(?:building|house)s? (?:counts?|density|numbers?|layouts?)\b",
        r"\b(?:number|density|count) of (?:the )?(?:buildings?|houses?)\b",
    ),
    "height": (r"\bbuilding heights?\b", r"\bheights? of the (?:buildings?|houses?)\b"),
    "roof_colour": (r"\broof(?:top)? colou?rs?\b", r"\bcolou?rs? of the (?:roofs?|rooftops?)\b"),
    "trees": (
        r"\b(?:tree (?:cover|density|counts?)|vegetation|greenery)\b",
        r"\b(?:number|density|amount) of (?:the )?trees\b",
    ),
    "land_use": (
        r"\bland[- ]use\b",
        r"\b(?:kinds?|types?|characters?) of (?:the )?(?:neighbou?rhood|area|district|development)\b",
        r"\b(?:neighbou?rhood|building) (?:types?|characters?|styles?)\b",
    ),
    "facility": (
        r"\b(?:ground )?facilit(?:y|ies)(?: on the ground)?\b",
        r"\b(?:car parks?|pools?|sports grounds?|parking lots?)\b",
    ),
}
DIFFER = (
    r"\b(?:differ|differs|differing|different|difference|differences|disagree|disagrees|contradict|mismatch(?:es)?"
    r"|not (?:the same|match|agree|correspond|consistent|identical)|inconsistent|unlike)\b|n't (?:match|agree|correspond)\b"
)
AGREE = (
    r"\b(?:agree|agrees|agreeing|same|identical|consistent|coincide|coincides|alike|match|matches|matching|correspond"
    r"|corresponds|corresponding|in common)\b"
)
NOT_ATTRIBUTE_CLAUSE = r"\b(?:same|different|single|one) (?:place|location|site|spot|scene|area|position)s?\b"

SAME = (
    r"\b(?:the same|one and the same|an identical|a common) (?:place|location|site|spot|scene|area|ground|geographic\w* \w+)\b",
    r"\b(?:show|shows|depict|depicts|portray|portrays|of) (?:one|a single) (?:place|location|site|spot|scene|area)\b",
    r"\b(?:is|are|it's|be|as|constitutes?|form|forms|verdict:?|answer:?) (?:a |an )?(?:\w+ )?(?:match|matching pair)\b",
    r"\b(?:images|pictures|photos|pair|two|they|these|those|views|tile|photo|panorama|map)(?: \w+)? (?:(?:do|does|did|can|could)(?:n't)? |not |clearly |indeed |therefore )*(?:match|matches|correspond|corresponds)\b(?! in\b)",
    r"\b(?:match|answer|verdict|conclusion)\s*[:=]\s*(?:yes|true|same|match)\b|^\s*yes\b",
    r"\bco-?located\b",
)
DIFFERENT = (
    r"\b(?:different|distinct|separate|dissimilar|unrelated) (?:places|locations|sites|spots|scenes|areas|positions|place|location)\b",
    r"\bno match\b|\bnon-?match(?:ing)?\b|\bmismatch(?:ed)?\b(?! in\b)",
    r"\b(?:match|answer|verdict|conclusion)\s*[:=]\s*(?:no|false|different|non-match)\b|^\s*no\b[,.]",
)
VERDICT_NEGATORS = r"\b(?:not|cannot|can't|never|hardly|unlikely|neither|nor|fails? to|rather than|instead of|rule[sd]? out|excludes?|exclude that)\b|n't\b|\bno (?:evidence|way|indication|sign)\b"
CONDITIONAL = r"\b(?:if|were they|whether|suppose|had they|would|to decide)\b"
SENTENCE_END = r"(?<=[.!?])\s+|\n+|(?<=[a-z]);\s+"
QUESTION = r"\?\s*\Z"
CONTRAST = r"[;:]|\b(?:but|while|whereas|however|although|though|yet)\b|,\s*(?:and )?(?=(?:they|the two|the pictures|the images)\b)"
"""Where a sentence turns from what agrees to what differs."""
RESTART = r",\s*(?:and )?(?=(?:the|they|their)\b)"
"""Where a part of a sentence begins that the verb of seeing before it no longer governs."""
SHOWS = r"\b(?:shows?|showing|shown|displays?|contain(?:s|ing)?|includ(?:es?|ing)|has|have|there (?:is|are)|features|reveals?|common to|seen?|visible|depicts?|with)\b"
"""Said of a picture before what it shows; without it, 'the railway differs' states no railway."""
