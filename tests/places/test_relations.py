from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam.errors import GleamError, TableError
from gleam.places import PlaceImage, Places, entries
from gleam.places.relations import answers, related_places
from gleam.views import View

NAMES = "abcde"


def tile(place, **more):
    return PlaceImage(place, View.SATELLITE, f"s/{place}.jpg", **more)


def pano(place, **more):
    return PlaceImage(place, View.PANORAMA, f"p/{place}-{len(more)}.jpg", **more)


def test_answers_name_what_is_right_and_what_does_not_count():
    gallery = Places([tile(name) for name in NAMES])
    queries = Places([pano("b", semi_positives="a|c|gone"), pano("c", positives="d", semi_positives="d|e")])
    found = answers(queries, gallery)
    assert [rows.tolist() for rows in found.positives] == [[1], [2, 3]]
    assert [rows.tolist() for rows in found.semi_positives] == [[0, 2], [4]]
    back = answers(gallery, queries)
    assert [rows.tolist() for rows in back.positives] == [[], [0], [1], [1], []]
    assert [rows.tolist() for rows in back.semi_positives] == [[0], [], [0], [], [1]]


lists = st.lists(st.sampled_from(NAMES), unique=True, max_size=3)


@given(st.lists(st.tuples(st.sampled_from(NAMES), lists, lists), min_size=1, max_size=6))
def test_answers_are_those_of_the_definition_in_both_directions(rows):
    queries = Places(
        [
            PlaceImage(
                place, View.DRONE, f"{i}.jpg", positives=entries.joined(p), semi_positives=entries.joined(s)
            )
            for i, (place, p, s) in enumerate(rows)
        ]
    )
    gallery = Places([tile(name) for name in NAMES])
    found, back = answers(queries, gallery), answers(gallery, queries)
    for q, (place, p, s) in enumerate(rows):
        right = [g for g, name in enumerate(NAMES) if name == place or name in p]
        half = [g for g, name in enumerate(NAMES) if name in s and g not in right]
        assert found.positives[q].tolist() == right
        assert found.semi_positives[q].tolist() == half
        assert [g for g in range(len(NAMES)) if q in back.positives[g]] == right
        assert [g for g in range(len(NAMES)) if q in back.semi_positives[g]] == half
        assert found.positives[q].dtype == np.int64


def test_related_places_are_mutual_and_exclude_the_place_itself():
    rows = Places([tile(name) for name in NAMES] + [pano("b", positives="b|c", semi_positives="a")])
    assert related_places(rows) == {
        "a": frozenset("b"),
        "b": frozenset("ac"),
        "c": frozenset("b"),
    }
    assert related_places(Places([tile("a")])) == {}


def test_a_row_may_serve_in_several_splits_and_roles(tmp_path):
    rows = [
        tile("a", split="train|test:gallery"),
        tile("b", split="test"),
        tile("c", split="test:query"),
        tile("d", split="train"),
        tile("e"),
    ]
    places = Places.read(Places(rows, tmp_path).write(tmp_path / "t.csv"))

    def names(**how):
        return "".join(places.select(**how).column("place"))

    assert places.splits == ["test", "train"]
    assert places.lists("split")[0] == ("train", "test:gallery")
    assert names() == "abcde"
    assert names(split="train") == "ad"
    assert names(split="test") == "abc"
    assert names(split="test", role="query") == "bc"
    assert names(split="test", role="gallery") == "ab"
    assert names(role="query") == "abcde"
    assert names(role="gallery") == "abde"
    with pytest.raises(GleamError, match="Unknown role 'galery'"):
        places.select(role="galery")
    with pytest.raises(GleamError, match="Unknown split 'test:gallery'"):
        places.select(split="test:gallery")
    with pytest.raises(GleamError, match="Unknown column of lists 'place'"):
        places.lists("place")


@pytest.mark.parametrize(("cell", "says"), [("a||b", "is empty"), ("a|a", "twice"), ("|", "is empty")])
def test_wrong_lists_are_refused_with_their_line(tmp_path, cell, says):
    file = tmp_path / "t.csv"
    file.write_text(f"place,view,path,semi_positives\na,map,1.jpg,\nb,map,2.jpg,{cell}\n", encoding="utf-8")
    with pytest.raises(TableError, match=rf"row 2 \(line 3\), column 'semi_positives'.*{says}"):
        Places.read(file)


def test_joined_names_each_once_and_refuses_the_separator():
    assert entries.joined(["a", "b", "a"]) == "a|b"
    assert entries.joined([]) is None
    with pytest.raises(TableError, match="cannot stand in a list"):
        entries.joined(["a|b"])
