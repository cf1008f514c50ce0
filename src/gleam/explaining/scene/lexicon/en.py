"""English words for a place, as data."""

from __future__ import annotations

PHRASES: dict[str, dict[str, tuple[str, ...]]] = {
    "junction": {
        "none": ("no junction near the middle", "no intersection close by", "no junction nearby"),
        "t_junction": ("a T-junction", "a three-way junction", "a T-shaped intersection"),
        "crossroads": ("a crossroads", "a four-way junction", "a four-way intersection"),
        "roundabout": ("a roundabout", "a traffic circle", "a road that rings a round island"),
    },
    "street_axis": {
        "north_south": ("a street running north to south", "a north-south street"),
        "east_west": ("a street running east to west", "an east-west street"),
        "northeast_southwest": (
            "a street running north-east to south-west",
            "a street on a north-east to south-west line",
        ),
        "northwest_southeast": (
            "a street running north-west to south-east",
            "a street on a north-west to south-east line",
        ),
    },
    "road": {
        "local": ("only narrow local streets", "narrow side streets", "narrow streets alone"),
        "collector": ("a road of medium width", "a medium-wide collector road",
                      "a road neither narrow nor wide"),
        "main": ("a wide main road", "a broad main road", "a wide arterial road"),
    },
    "water": {
        "none": ("no river or pond", "no water", "no body of water"),
        "river": ("a river", "a stretch of river", "a watercourse"),
        "pond": ("a pond", "a small lake"),
    },
    "railway": {
        "none": ("no railway", "no railway tracks", "no rail line"),
        "railway": ("a railway", "railway tracks", "a rail line"),
    },
    "bridge": {
        "none": ("no bridge", "no bridges"),
        "bridge": ("a bridge", "a bridge over the water", "a road bridge"),
    },
    "buildings": {
        "few": ("few buildings", "only a few buildings", "a handful of buildings"),
        "several": ("several buildings", "about a dozen buildings", "a moderate number of buildings"),
        "many": ("many buildings", "a large number of buildings", "densely set buildings"),
    },
    "height": {
        "low": ("low buildings only", "low-rise construction", "nothing higher than three floors"),
        "middle": ("mid-rise construction", "buildings of middle height", "buildings of about six floors"),
        "high": ("tall buildings", "high-rise construction", "at least one tall building"),
    },
    "roof_colour": {
        "red": ("mostly red roofs", "red roofs", "roofs that are mainly red"),
        "brown": ("mostly brown roofs", "brown roofs", "roofs that are mainly brown"),
        "grey": ("mostly grey roofs", "grey roofs", "roofs that are mainly grey"),
        "light": ("mostly pale roofs", "white or pale roofs", "roofs that are mainly light in colour"),
        "blue": ("mostly blue roofs", "blue roofs", "roofs that are mainly blue"),
        "green": ("mostly green roofs", "green roofs", "roofs that are mainly green"),
    },
    "trees": {
        "few": ("few trees", "hardly any trees", "sparse trees"),
        "some": ("some trees", "a moderate number of trees", "scattered trees"),
        "many": ("many trees", "plenty of trees", "dense trees"),
    },
    "land_use": {
        "downtown": ("a downtown district", "a city-centre setting", "a business district"),
        "old_town": ("an old-town quarter", "closed old-town blocks", "a historic quarter"),
        "apartments": ("apartment blocks", "an estate of apartment blocks", "slabs of flats"),
        "houses": ("detached houses", "a neighbourhood of detached houses", "family houses with gardens"),
        "industry": ("industrial halls", "an industrial area", "warehouses with factory halls"),
        "park": ("open parkland", "a public park"),
    },
    "facility": {
        "none": ("no car park, pool or pitch", "no sports ground, pool or car park"),
        "car_park": ("a car park", "a parking lot", "an area of parking bays"),
        "pool": ("a swimming pool", "a garden pool", "a small blue pool"),
        "sports": ("a sports pitch", "a sports ground", "a marked playing field"),
        "playground": ("a playground", "a children's playground"),
    },
}  # fmt: skip

NAMES: dict[str, tuple[str, ...]] = {
    "junction": ("the kind of junction", "the junction layout"),
    "street_axis": ("the direction of the street", "the street direction"),
    "road": ("the width of the road", "the road width"),
    "water": ("the water", "the presence of water"),
    "railway": ("the railway", "the presence of a railway"),
    "bridge": ("the bridge", "the presence of a bridge"),
    "buildings": ("the number of buildings", "the building count"),
    "height": ("the height of the buildings", "the building height"),
    "roof_colour": ("the colour of the roofs", "the roof colour"),
    "trees": ("the number of trees", "the tree cover"),
    "land_use": ("the kind of neighbourhood", "the land use"),
    "facility": ("the facilities on the ground", "the ground facilities"),
}

QUERY: dict[str, tuple[str, ...]] = {
    "drone": ("the drone photo", "the drone image", "the view from the drone"),
    "map": ("the map", "the street map"),
    "panorama": ("the panorama", "the street panorama", "the panoramic photo"),
    "ground": ("the ground photo", "the street-level photo", "the photo taken from the street"),
}
TILE: tuple[str, ...] = ("the satellite tile", "the satellite image", "the tile from above")
BOTH: tuple[str, ...] = ("both pictures", "both images", "the two images")

FRAMES: dict[str, tuple[str, ...]] = {
    "shows": (
        "{Subject} shows {list}{lacks}.",
        "In {subject} there is to be seen {list}{lacks}.",
        "What {subject} shows is {list}{lacks}.",
    ),
    "lacks": (", but {none}", ", with {none}", ", and {none}"),
    "shows_nothing": (
        "{Subject} shows little that can be named with certainty.",
        "Little in {subject} can be named with certainty.",
    ),
    "only_lacks": ("{Subject} shows {none}.", "In {subject} there is {none}."),
    "both": (
        "{Both} show {list}{lacks}.",
        "{Both} have in common {list}{lacks}.",
        "In {both} there is {list}{lacks}.",
    ),
    "besides": ("Besides, {subject} shows {list}{lacks}.", "In addition, {subject} shows {list}{lacks}."),
    "contrast": (
        "{Query} shows {query}, whereas {tile} shows {other}.",
        "While {query_name} shows {query}, {tile} shows {other}.",
        "{Tile} shows {other}, but {query_name} shows {query}.",
    ),
    "agree": (
        "{names_cap} agree, and nothing speaks against it.",
        "They agree in {names}.",
        "Compared feature by feature, {names} agree.",
    ),
    "agree_one": (
        "{names_cap} is the same in both, and nothing speaks against it.",
        "They agree in {names}.",
    ),
    "differ": (
        "They differ in {names}.",
        "The pictures differ in {names}.",
        "What differs is {names}.",
    ),
    "partly": (
        "{names_cap} may agree, but that is common in a town.",
        "They do agree in {names}, which is common.",
    ),
    "fits": (
        "The layout of streets and buildings fits as a whole when one is laid over the other.",
        "Laid over each other, the streets and the outlines of the blocks coincide.",
    ),
    "misfits": (
        "The layout of streets and buildings does not fit when one is laid over the other.",
        "Laid over each other, the streets and the outlines of the blocks do not coincide.",
    ),
    "more_same": (
        "Nothing else in either of them speaks against this.",
        "No feature was found in one that the other should show and does not.",
    ),
    "more_different": (
        "If it were one place, what one of them shows would have to be in the other too.",
        "Such features do not change between two visits to one place.",
    ),
    "same": (
        "Therefore the two pictures show the same place.",
        "So this is a match: both were taken at the same place.",
        "The conclusion is that they depict the same location.",
        "Taken together, the evidence says that it is the same place.",
    ),
    "different": (
        "Therefore the two pictures show different places.",
        "So this is not a match: they were taken at different places.",
        "The conclusion is that they do not depict the same location.",
        "Taken together, the evidence says that it is not the same place.",
    ),
}  # fmt: skip
AND, COMMA, SPACE = " and ", ", ", " "
