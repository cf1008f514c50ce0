"""Telling imagery apart by its path, and what is recorded of it."""

import json
import warnings

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.transform import from_origin

from gleam.atlas.sources import SourceRecord, licence_report, open_sources
from gleam.errors import AtlasError, RasterError

PICTURE = np.random.default_rng(2).integers(30, 220, (40, 60, 3), dtype=np.uint8)


def tiff(path, east=600_000.0, crs="EPSG:32633", tags=None, **namespaces):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            height=40,
            width=60,
            count=3,
            dtype="uint8",
            crs=crs,
            transform=from_origin(east, 5_300_000, 1, 1),
        ) as file:
            file.write(np.moveaxis(PICTURE, -1, 0))
            file.update_tags(**(tags or {}))
            for namespace, values in namespaces.items():
                file.update_tags(ns=namespace, **values)
    return path


def with_world_file(path):
    Image.fromarray(PICTURE[::-1].copy()).save(path)
    path.with_suffix(".pgw").write_text("1\n0\n0\n-1\n600000.5\n5299999.5\n")
    return path


def test_a_folder_gives_all_georeferenced_imagery_in_it(tmp_path):
    tiff(tmp_path / "a.tif")
    tiff(tmp_path / "b.TIFF", 600_100)
    with_world_file(tmp_path / "c.png")
    Image.fromarray(PICTURE).save(tmp_path / "holiday.jpg")
    (tmp_path / "notes.txt").write_text("x")
    tiff(tmp_path / ".hidden.tif")
    sources = open_sources([tmp_path], crs="EPSG:32633")
    assert [(s.record.name, s.record.kind) for s in sources] == [
        ("a.tif", "geotiff"),
        ("b.TIFF", "geotiff"),
        ("c.png", "world_file"),
    ]
    assert all(s.warnings == () for s in sources)


def test_what_is_noteworthy_is_said_once(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("GLEAM_QUIET", raising=False)
    with warnings.catch_warnings(), rasterio.open(tiff(tmp_path / "a.tif")) as file:
        warnings.simplefilter("ignore")
        profile = file.profile | {"count": 4}
    with rasterio.open(tmp_path / "four.tif", "w", **profile) as file:
        file.write(np.moveaxis(np.concatenate([PICTURE, PICTURE[..., :1] // 2], 2), -1, 0))
    (source,) = open_sources([tmp_path / "four.tif"])
    told = capsys.readouterr().err
    assert told.count("band 4 is marked as opacity") == 1 and told.strip() == source.warnings[0]
    open_sources([tmp_path / "four.tif"], records=[source.record])
    assert capsys.readouterr().err == ""


def test_the_given_coordinate_system_is_for_rasters_that_tell_none(tmp_path):
    tiff(tmp_path / "has.tif")
    tiff(tmp_path / "lacks.tif", 600_050, crs=None)
    with pytest.raises(RasterError, match=r"lacks\.tif: has no coordinate system"):
        open_sources([tmp_path])
    has, lacks = open_sources([tmp_path], crs="EPSG:32632")
    assert has.record.bounds[0] == pytest.approx(16.3, abs=0.1)
    assert lacks.record.bounds[0] == pytest.approx(10.3, abs=0.1)


def test_known_records_are_taken_as_they_are(tmp_path):
    paths = [tiff(tmp_path / "a.tif"), tiff(tmp_path / "b.tif", 600_100)]
    records = [s.record for s in open_sources(paths)]
    marked = [
        SourceRecord(**{**_fields(r), "sha256": digit * 64}) for r, digit in zip(records, "12", strict=True)
    ]
    assert [s.record for s in open_sources(paths, records=marked)] == marked


def _fields(record):
    return {name: getattr(record, name) for name in record.__slots__}


def test_tags_of_many_makers_are_read(tmp_path):
    tags = {
        "TIFFTAG_COPYRIGHT": "(c) City,\n  CC BY 4.0",
        "TIFFTAG_ARTIST": "Survey",
        "TIFFTAG_DATETIME": "2025:01:01",
    }
    path = tiff(tmp_path / "a.tif", tags=tags, IMAGERY={"ACQUISITIONDATETIME": "2021-08-14 10:22:00"})
    record = open_sources([path], date="1999")[0].record
    assert (record.licence, record.origin, record.date) == (
        "(c) City, CC BY 4.0",
        "Survey",
        "2021-08-14 10:22:00",
    )
    # When a file was written is not when the ground was seen.
    plain = tiff(tmp_path / "b.tif", 600_100, tags={"TIFFTAG_DATETIME": "2025:01:01 00:00:00"})
    assert open_sources([plain])[0].record.date is None
    ours = tiff(tmp_path / "c.tif", 600_200, tags={**tags, "GLEAM_DATE": "2020", "GLEAM_LICENCE": "CC0"})
    record = open_sources([ours])[0].record
    assert (record.date, record.licence) == ("2020", "CC0")


def test_the_licence_report_groups_and_says_what_is_not_said():
    def record(name, **said):
        return SourceRecord("geotiff", name, name * 64, 10, 2, (0, 0, 1, 1), 0.5, **said)

    rows = licence_report(
        [
            record("b", licence="CC-BY-4.0", origin="City", date="2024"),
            record("a", licence="CC-BY-4.0", origin="City", date="2024"),
            record("c", licence="CC-BY-4.0", origin="City", date="2019"),
            record("d", origin="Someone"),
            record("e", licence="  "),
        ]
    )
    assert [(r["licence"], r["origin"], r["date"], r["sources"]) for r in rows] == [
        ("unknown", "Someone", "unknown", ["d"]),
        ("unknown", "unknown", "unknown", ["e"]),
        ("CC-BY-4.0", "City", "2019", ["c"]),
        ("CC-BY-4.0", "City", "2024", ["a", "b"]),
    ]
    assert rows[0]["missing"] == ["licence", "date"] and rows[3]["missing"] == []
    assert (rows[3]["images"], rows[3]["size_bytes"], rows[3]["kinds"]) == (4, 20, ["geotiff"])
    assert licence_report([]) == []
    json.dumps(rows)


def test_transparent_images_of_a_table_are_no_data(tmp_path, table_writer):
    clear = np.dstack([PICTURE, np.where(np.arange(60) < 30, 0, 255)[None].repeat(40, 0)]).astype(np.uint8)
    Image.fromarray(clear).save(tmp_path / "a.png")
    table_writer(tmp_path / "a.csv", "a.png", 60.0, 40.0)
    (source,) = open_sources([tmp_path / "a.csv"])
    (centre,) = source.centres(60.0, 60.0)
    for pixels in (30, 12):
        square, valid = source.read(centre, 40.0, pixels)
        assert valid == pytest.approx(0.5, abs=0.08)
        assert np.ptp(square[:, : pixels // 2 - 2].reshape(-1, 3), 0).max() == 0


def test_a_folder_without_imagery_and_an_unknown_kind(tmp_path):
    Image.fromarray(PICTURE).save(tmp_path / "plain.jpg")
    with pytest.raises(AtlasError, match=r"no picture with a world file and no web-map tiles"):
        open_sources([tmp_path])
    (tmp_path / "a.vrt").write_text("<VRTDataset/>")
    with pytest.raises(AtlasError, match=r"no known kind \(\.vrt\).*\.mbtiles, \.pmtiles"):
        open_sources([tmp_path / "a.vrt"])


def test_millions_of_squares_take_no_memory(tmp_path):
    import tracemalloc

    path = tmp_path / "vast.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=40_000,
        width=40_000,
        count=3,
        dtype="uint8",
        crs="EPSG:32633",
        transform=from_origin(600_000, 5_400_000, 0.5, 0.5),
        tiled=True,
        sparse_ok=True,
    ):
        pass
    (source,) = open_sources([path])
    tracemalloc.start()
    centres = source.centres(112.0, 28.0)
    assert len(centres) > 500_000
    part = centres[400_000:400_256]
    assert len(part) == 256 and centres[400_100] == part[100]
    assert tracemalloc.get_traced_memory()[1] < 30e6
    tracemalloc.stop()
    source.close()
