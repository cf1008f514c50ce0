"""Every way in which an image file can be unusual or broken."""

import io
import os
import struct
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gleam.errors import ImageError
from gleam.imagery.decode import find_images, image_size, load_image

RNG = np.random.default_rng(7)
PICTURE = RNG.integers(0, 256, (30, 40, 3), dtype=np.uint8)
SMOOTH = np.stack(np.broadcast_arrays(*np.ogrid[0:240:30j, 0:200:40j], 90.0), -1).astype(np.uint8)


def encoded(image, image_format="PNG", **options) -> bytes:
    stream = io.BytesIO()
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    picture.save(stream, image_format, **options)
    return stream.getvalue()


def png(header: bytes, rows: bytes) -> bytes:
    """A PNG made by hand."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def png_claiming(width: int, height: int) -> bytes:
    """A tiny PNG whose header claims a huge picture."""
    return png(struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), b"\0" * 99)


def test_sixteen_bit_colour_with_and_without_opacity():
    for channels, kind in ((3, 2), (4, 6)):
        values = np.full((30, 40, channels), 65535, np.uint16)
        values[..., :3] = PICTURE.astype(np.uint16) * 257
        rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
        out = load_image(png(struct.pack(">IIBBBBB", 40, 30, 16, kind, 0, 0, 0), rows))
        assert np.array_equal(out, PICTURE)


@pytest.mark.parametrize(
    ("image_format", "options"),
    [
        ("PNG", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("BMP", {}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_lossless_formats_come_back_exactly(tmp_path, image_format, options):
    path = tmp_path / "picture"  # the name does not matter, the content does
    path.write_bytes(encoded(PICTURE, image_format, **options))
    out = load_image(path)
    assert out.dtype == np.uint8
    assert np.array_equal(out, PICTURE)
    assert image_size(path) == (30, 40)


def test_jpeg_comes_back_nearly():
    out = load_image(encoded(SMOOTH, "JPEG", quality=95))
    assert out.shape == SMOOTH.shape
    assert np.abs(out.astype(int) - SMOOTH).mean() < 2


@pytest.mark.parametrize("source_type", [bytes, bytearray, memoryview])
def test_bytes_of_any_kind(source_type):
    assert np.array_equal(load_image(source_type(encoded(PICTURE))), PICTURE)


@pytest.mark.parametrize("image_format", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(image_format, orientation):
    picture = Image.fromarray(PICTURE)
    exif = picture.getexif()
    exif[0x0112] = orientation
    options = {"lossless": True} if image_format == "WEBP" else {}
    data = encoded(picture, image_format, exif=exif, **options)
    expected = {
        1: PICTURE,
        2: PICTURE[:, ::-1],
        3: PICTURE[::-1, ::-1],
        4: PICTURE[::-1],
        5: PICTURE.transpose(1, 0, 2),
        6: np.rot90(PICTURE, -1),
        7: PICTURE[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(PICTURE, 1),
    }[orientation]
    assert np.array_equal(load_image(data), expected)
    assert image_size(data) == expected.shape[:2]


def test_orientation_of_a_pil_image_is_applied_once():
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(PICTURE, "PNG", exif=exif)
    with Image.open(io.BytesIO(data)) as image:
        upright = load_image(image)
    assert np.array_equal(upright, np.rot90(PICTURE, -1))
    assert np.array_equal(load_image(Image.fromarray(upright)), upright)


def test_damaged_exif_costs_the_orientation_not_the_image():
    data = encoded(PICTURE, "PNG", exif=b"Exif\0\0garbage that is no TIFF header")
    assert np.array_equal(load_image(data), PICTURE)


def test_palette_grey_bilevel_and_cmyk():
    palette = Image.fromarray(PICTURE).quantize(16)
    assert np.array_equal(load_image(encoded(palette)), np.asarray(palette.convert("RGB")))
    grey = PICTURE[..., 0]
    assert np.array_equal(load_image(encoded(grey)), np.repeat(grey[..., None], 3, 2))
    bilevel = Image.fromarray(grey > 128)
    assert set(np.unique(load_image(encoded(bilevel)))) == {0, 255}
    cmyk = Image.fromarray(SMOOTH).convert("CMYK")
    out = load_image(encoded(cmyk, "JPEG", quality=95))
    assert np.abs(out.astype(int) - SMOOTH).mean() < 4


def test_transparency_is_laid_over_white():
    alpha = np.full((30, 40, 1), 255, np.uint8)
    alpha[:10] = 0
    alpha[10:20] = 128
    out = load_image(encoded(np.concatenate([PICTURE, alpha], 2)))
    assert (out[:10] == 255).all()
    assert np.abs(out[10:20].astype(float) - (PICTURE[10:20] * (128 / 255) + 127)).max() <= 1.5
    assert np.array_equal(out[20:], PICTURE[20:])
    grey = np.stack([PICTURE[..., 0], alpha[..., 0]], -1)
    assert (load_image(encoded(Image.fromarray(grey, "LA")))[:10] == 255).all()
    palette = Image.fromarray(PICTURE).quantize(16)
    clear = load_image(encoded(palette, transparency=3))
    assert (clear[np.asarray(palette) == 3] == 255).all()


@pytest.mark.parametrize("image_format", ["PNG", "TIFF"])
def test_sixteen_bits_become_eight(image_format):
    grey = PICTURE[..., 0]
    full = (grey.astype(np.uint16) * 257).astype(np.uint16)
    assert np.array_equal(load_image(encoded(full, image_format))[..., 1], grey)
    eleven = (grey.astype(np.uint16) << 3) + 5  # what an 11-bit sensor stores
    assert np.array_equal(load_image(encoded(eleven, image_format))[..., 1], grey)


def test_float_tiffs():
    unit = (PICTURE[..., 0] / np.float32(255)).astype(np.float32)
    assert np.array_equal(load_image(encoded(unit, "TIFF"))[..., 0], PICTURE[..., 0])
    with pytest.raises(ImageError, match="float values"):
        load_image(encoded((unit * 3000).astype(np.float32), "TIFF"))


def test_arrays():
    assert np.array_equal(load_image(PICTURE), PICTURE)
    assert load_image(PICTURE) is not PICTURE
    assert np.array_equal(load_image(PICTURE[..., 0]), np.repeat(PICTURE[..., :1], 3, 2))
    assert np.array_equal(load_image(PICTURE.astype(np.uint16) * 257), PICTURE)
    assert np.array_equal(load_image(PICTURE.astype(np.int64)), PICTURE)
    assert np.array_equal(load_image(PICTURE / 255), PICTURE)
    assert np.array_equal(load_image(PICTURE.astype(np.float32)), PICTURE)
    assert np.array_equal(load_image(PICTURE[..., 0] > 100)[..., 0], (PICTURE[..., 0] > 100) * 255)
    clear = np.concatenate([PICTURE, np.zeros((30, 40, 1), np.uint8)], 2)
    assert (load_image(clear) == 255).all()


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((3, 30, 40), np.uint8),
        np.zeros(7, np.uint8),
        np.zeros((0, 5, 3), np.uint8),
        np.zeros((2, 2, 2, 3), np.uint8),
        np.full((5, 5), np.nan),
        np.full((5, 5), 300.0),
        np.full((5, 5), -1),
        np.full((5, 5), 70000),
        np.zeros((5, 5), complex),
        np.array([["a"]]),
    ],
)
def test_arrays_that_are_no_image(array):
    with pytest.raises(ImageError, match="image array"):
        load_image(array)


def test_the_first_of_several_frames_is_read():
    frames = [Image.fromarray(PICTURE), Image.fromarray(255 - PICTURE)]
    for image_format, options in (("TIFF", {}), ("PNG", {}), ("WEBP", {"lossless": True})):
        data = encoded(frames[0], image_format, save_all=True, append_images=frames[1:], **options)
        assert np.array_equal(load_image(data), PICTURE), image_format


def test_large_jpegs_are_decoded_at_a_smaller_size_not_below_the_target(tmp_path):
    large = np.asarray(Image.fromarray(SMOOTH).resize((1200, 800), Image.Resampling.BILINEAR))
    path = tmp_path / "large.jpg"
    path.write_bytes(encoded(large, "JPEG", quality=95))
    assert load_image(path).shape == (800, 1200, 3)
    assert load_image(path, target=200).shape == (200, 300, 3)
    assert load_image(path, target=201).shape == (400, 600, 3)
    assert load_image(path, target=5000).shape == (800, 1200, 3)
    small = load_image(path, target=100).astype(int)
    reference = np.asarray(Image.fromarray(large).resize((150, 100), Image.Resampling.BOX)).astype(int)
    assert np.abs(small - reference).mean() < 3


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "TIFF", "WEBP", "BMP"])
def test_truncated_files_are_refused_by_name(tmp_path, image_format):
    whole = encoded(RNG.integers(0, 256, (120, 160, 3), dtype=np.uint8), image_format)
    path = tmp_path / "cut.img"
    for keep in (0.9, 0.5, 0.1, 0.01):
        path.write_bytes(whole[: max(12, int(len(whole) * keep))])
        with pytest.raises(ImageError, match=r"cut\.img"):
            load_image(path)


def test_missing_empty_folder_and_special_files(tmp_path):
    with pytest.raises(ImageError, match=r"gone\.jpg: there is no such file"):
        load_image(tmp_path / "gone.jpg")
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(ImageError, match=r"empty\.jpg: the file is empty"):
        load_image(tmp_path / "empty.jpg")
    with pytest.raises(ImageError, match="is a folder"):
        load_image(tmp_path)
    with pytest.raises(ImageError, match="file name"):
        load_image("a\0b")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.jpg")
        with pytest.raises(ImageError, match="not a regular file"):
            load_image(tmp_path / "pipe.jpg")  # and does not wait for a writer
    with pytest.raises(ImageError, match="int is not an image"):
        load_image(3)  # type: ignore[arg-type]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_unreadable_files_and_folders(tmp_path):
    path = tmp_path / "secret.png"
    path.write_bytes(encoded(PICTURE))
    path.chmod(0)
    with pytest.raises(ImageError, match="permissions"):
        load_image(path)
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(0)
    with pytest.raises(ImageError, match="permissions"):
        find_images(folder)
    folder.chmod(0o700)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"GIF89a" + b"\0" * 20, "GIF"),
        (b"%PDF-1.7", "PDF"),
        (b"<!doctype html><h1>403</h1>", "error page"),
        (b'{"error": 1}', "JSON"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 20, "HEIC"),
        (b"\0\0\0\x18ftypisom" + b"\0" * 20, "video"),
        (b"version https://git-lfs.github.com/spec/v1", "LFS"),
        (b"hello, I am no picture at all", "known format"),
        (b"\x80\x04\x95pickle", "known format"),
    ],
)
def test_other_content_is_named(tmp_path, data, words):
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    with pytest.raises(ImageError, match=rf"photo\.jpg: .*{words}"):
        load_image(path)


def test_formats_off_the_list_are_refused_though_pillow_reads_them():
    for image_format in ("GIF", "PPM", "ICO", "TGA", "PCX"):
        with pytest.raises(ImageError):
            load_image(encoded(Image.fromarray(PICTURE), image_format))


@pytest.mark.parametrize("side", [11_000, 30_000, 2_000_000])
def test_decompression_bombs_are_refused_from_the_header(side):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # not even a warning escapes
        with pytest.raises(ImageError, match="limit of 120,000,000"):
            load_image(png_claiming(side, side))


def test_limits_can_be_set_and_pillows_own_is_left_alone(tmp_path):
    before = Image.MAX_IMAGE_PIXELS
    with pytest.raises(ImageError, match="40 x 30 pixels exceed the limit of 1,000"):
        load_image(encoded(PICTURE), max_pixels=1000)
    with pytest.raises(ImageError, match="limit"):
        load_image(PICTURE, max_pixels=1000)
    with pytest.raises(ImageError, match="limit"):
        load_image(Image.fromarray(PICTURE), max_pixels=1000)
    with pytest.raises(ImageError, match="MiB exceeds"):
        load_image(encoded(PICTURE), max_bytes=100)
    assert before == Image.MAX_IMAGE_PIXELS


def test_a_picture_between_pillows_warning_and_our_limit_is_read_without_a_warning():
    data = encoded(Image.new("1", (9500, 9500)))  # 90 million pixels, 11 MB
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert image_size(data) == (9500, 9500)


@given(st.sampled_from(["JPEG", "PNG", "TIFF", "WEBP", "BMP"]), st.data())
def test_damaged_bytes_give_an_image_or_an_image_error(image_format, data):
    whole = bytearray(encoded(PICTURE, image_format))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        out = load_image(bytes(whole), max_pixels=1_000_000)
    except ImageError as error:
        assert str(error).startswith("image bytes")
    else:
        assert out.ndim == 3 and out.shape[2] == 3 and out.dtype == np.uint8


@given(st.binary(max_size=300))
def test_garbage_bytes_give_an_image_error(data):
    with pytest.raises(ImageError):
        load_image(data)


def test_find_images(tmp_path):
    with pytest.raises(ImageError, match="holds no image"):
        find_images(tmp_path)
    (tmp_path / "sub").mkdir()
    for name in ("b.JPG", "a.png", "notes.txt", ".hidden.png", "sub/c.webp"):
        (tmp_path / name).write_bytes(b"x")
    assert [p.name for p in find_images(tmp_path)] == ["a.png", "b.JPG"]
    assert [p.name for p in find_images(tmp_path, recursive=True)] == ["a.png", "b.JPG", "c.webp"]
    with pytest.raises(ImageError, match="no such folder"):
        find_images(tmp_path / "gone")
    with pytest.raises(ImageError, match="not a folder"):
        find_images(tmp_path / "a.png")


def test_real_photos_decode(realdata):
    paths = find_images(realdata / "brighton_beach_uav" / "photos")
    assert len(paths) == 18
    assert all(load_image(p, target=256).shape == (281, 500, 3) for p in paths[:3])
