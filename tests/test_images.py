"""Pictures in and out: what is refused and why, what every accepted file becomes."""

import io
import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attacks
import bad_images
import numpy as np
import pytest
import torch
from bad_images import ACCEPTED, NAMES, REFUSED, encoded, noise, scene, turned
from PIL import Image, ImageOps

from nst import decoding
from nst.errors import ImageRefused
from nst.images import LIMITS, fit, load_painting, load_picture, picture_size, read_text, save_jpeg, save_png
from nst.picture_files import has_every_row, scans_of
from nst.tensors import resize_tensor, to_picture, to_tensor

# Pillow warns of EXIF it cannot read; the loader ignores such EXIF whether or not warnings are errors.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

ROOT = Path(__file__).parents[1]


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture).astype(int)


@pytest.mark.parametrize("bad", REFUSED, ids=lambda bad: bad.name)
def test_a_bad_file_is_refused_with_one_sentence_that_says_why(bad):
    with pytest.raises(ImageRefused) as refusal:
        load_picture(bad.make())
    sentence = str(refusal.value)
    assert bad.says in sentence
    assert "please" in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize("size", [(64, 16), (516, 64)])
def test_an_earlier_result_may_be_small_and_as_long_as_rounding_made_it(size, tmp_path):
    save_png(Image.new("RGB", size), tmp_path / "painting.png")
    with pytest.raises(ImageRefused):
        load_picture(tmp_path / "painting.png")
    for load in (load_painting, decoding.load_painting):
        assert load(tmp_path / "painting.png").size == size


def test_an_earlier_result_is_no_strip_and_no_dot():
    for size, says in (((15, 64), "need at least 16"), ((640, 64), "at most 9 times")):
        saved = io.BytesIO()
        save_png(Image.new("RGB", size), saved)
        with pytest.raises(ImageRefused, match=says):
            load_painting(saved.getvalue())


@pytest.mark.parametrize("odd", ACCEPTED, ids=lambda odd: odd.name)
def test_an_odd_file_becomes_a_plain_rgb_picture(odd):
    picture = load_picture(odd.make())
    assert (type(picture), picture.mode, picture.size) == (Image.Image, "RGB", odd.size)
    assert picture.info == {}
    assert dict(picture.getexif()) == {}


def test_a_file_is_read_by_path_whatever_its_name_says(tmp_path):
    path = tmp_path / "picture.gif"
    path.write_bytes(bad_images.of_kind("PNG"))
    assert np.array_equal(pixels(load_picture(path)), pixels(scene()))
    assert np.array_equal(pixels(load_picture(str(path))), pixels(scene()))


@pytest.mark.parametrize("name", ["", "gone.jpg", "http://169.254.169.254/", "/dev/zero", "/", *NAMES[1:]])
def test_what_is_no_file_is_refused(name):
    with pytest.raises(ImageRefused, match="cannot be read: please choose the picture again"):
        load_picture(name)


@pytest.mark.parametrize("name", NAMES)
def test_no_refusal_repeats_the_name_of_a_file(name):
    with pytest.raises(ImageRefused) as refusal:
        load_picture(name)
    assert name not in str(refusal.value)


def test_a_file_over_the_limit_is_refused_unread(tmp_path):
    path = tmp_path / "large.jpg"
    with path.open("wb") as file:
        file.truncate(2**40)  # a terabyte of holes: reading it would not end
    with pytest.raises(ImageRefused, match="1,099,511,627,776 bytes and at most 20,971,520"):
        load_picture(path)


def test_no_other_program_is_started_for_postscript(monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a program was started"))
    for data in (bad_images.EPS, bad_images.PNG + bad_images.EPS):
        with pytest.raises(ImageRefused):
            load_picture(data)


def test_two_thousand_mutants_are_each_loaded_or_refused():
    loaded = refused = 0
    for data in bad_images.mutants(2_000):
        try:
            picture = load_picture(data)
        except ImageRefused:
            refused += 1
        else:
            loaded += 1
            assert picture.mode == "RGB"
            assert min(picture.size) >= LIMITS.side
    assert loaded + refused == 2_000
    assert min(loaded, refused) > 200


def test_four_visitors_at_once_each_get_their_own_picture():
    pictures = [noise(96, 80, seed) for seed in range(12)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(load_picture, [encoded(picture, "PNG") for picture in pictures]))
    assert all(np.array_equal(pixels(a), pixels(b)) for a, b in zip(found, pictures, strict=True))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(orientation):
    data = turned(orientation)
    oracle = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert np.array_equal(pixels(oracle), pixels(scene()))
    assert np.array_equal(pixels(load_picture(data)), pixels(scene()))


@pytest.mark.parametrize("orientation", [0, 6, 9])
def test_the_size_of_a_header_is_that_of_the_picture_whatever_its_orientation_says(orientation):
    data = turned(orientation, scene(96, 64), "JPEG")
    assert picture_size(data) == load_picture(data).size


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_an_orientation_counts_in_every_format_and_when_shrunk(kind):
    picture = load_picture(turned(6, scene(960, 800), kind), max_side=240)
    assert max(picture.size) <= 240
    expected = scene(960, 800).resize(picture.size, Image.Resampling.BOX)
    assert np.abs(pixels(picture) - pixels(expected)).mean() < 4


def test_sixteen_bits_of_grey_keep_every_level():
    assert np.array_equal(pixels(load_picture(bad_images.grey_ramp()))[0, :, 1], np.arange(256))


def test_sixteen_bits_of_colour_keep_every_level():
    row = pixels(load_picture(bad_images.colour_ramp()))[0]
    assert np.array_equal(row[:, 0], np.arange(256))
    assert np.array_equal(row[:, 1], np.arange(255, -1, -1))


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_transparent_grey_of_any_depth_is_white_and_the_others_stay(bits):
    levels = np.round(np.linspace(0, 255, 2**bits))
    for clear in (0, 1):
        expected = np.where(np.arange(2**bits) == clear, 255, levels)
        found = pixels(load_picture(bad_images.see_through_shades(bits, clear)))
        assert np.array_equal(found[0, : 2**bits, 0], expected)


def test_a_transparent_colour_of_forty_eight_bits_is_white():
    assert (pixels(load_picture(bad_images.see_through_deep_colour())) == 255).all()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("width", [64, 65, 71])
def test_whole_pngs_of_every_depth_and_width_have_every_row(mode, width):
    data = encoded(scene(width, 67).convert(mode), "PNG")
    assert has_every_row(data)


def test_an_interlaced_png_is_counted_pass_by_pass():
    # Libpng's own sizes of the seven passes of 9 × 9 grey pixels of 8 bits, each row with its filter.
    sizes = [2 * 3, 2 * 2, 1 * 4, 3 * 3, 2 * 6, 5 * 5, 4 * 10]
    head = bad_images.PNG + bad_images.chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 0, 0, 0, 1))
    for missing in (0, 1):
        data = bad_images.chunk(b"IDAT", zlib.compress(bytes(sum(sizes) - missing)))
        assert has_every_row(head + data) is (missing == 0)


def test_the_usual_progressive_jpeg_has_few_scans_and_its_thumbnail_does_not_count():
    data = encoded(scene(), "JPEG", progressive=True)
    assert scans_of(data, 100) == data.count(b"\xff\xda")
    exif = Image.Exif()
    exif[0x010E] = (b"\xff\xda" * 500).decode("latin-1")
    assert scans_of(encoded(scene(), "JPEG", exif=exif), 100) == 1
    assert scans_of(encoded(scene(), "JPEG") + b"\xff\xda\x00\x02" * 500, 100) == 1


def test_too_many_scans_and_steps_are_refused_with_both_numbers():
    with pytest.raises(ImageRefused, match="more than 100 scans"):
        load_picture(attacks.empty_scans(200))
    with pytest.raises(ImageRefused, match="more than 100 scans"):
        load_picture(attacks.empty_scans(200, before=b"\xff\x01"))  # a marker without a length
    with pytest.raises(ImageRefused, match="200 steps and at most 32"):
        load_picture(attacks.shared_steps(200))
    with pytest.raises(ImageRefused, match="4,194,305 bytes and at most 4,194,304"):
        load_picture(encoded(scene(), "JPEG", icc_profile=bytes(LIMITS.profile + 1)))


def test_a_transparent_grey_of_sixteen_bits_is_white():
    black = bad_images.chunk(b"tRNS", b"\0\0")
    assert pixels(load_picture(bad_images.grey_ramp(black)))[0, :3, 0].tolist() == [255, 1, 2]


@pytest.mark.parametrize(
    "data",
    [
        bad_images.hidden_red(),
        bad_images.hidden_red("WEBP"),
        bad_images.see_through_grey(),
        bad_images.see_through_colour(),
    ],
)
def test_what_is_transparent_is_white_whatever_colour_it_hides(data):
    assert pixels(load_picture(data)).min() == 255


def test_what_is_half_transparent_is_mixed_with_white():
    half = encoded(Image.new("RGBA", (80, 80), (255, 0, 0, 128)), "PNG")
    assert np.abs(pixels(load_picture(half))[0, 0] - [255, 127, 127]).max() <= 1


def test_display_p3_is_converted_to_srgb():
    """Against the two colour spaces' own matrices (P3 → XYZ → sRGB, both D65), with P3's gamma as 2.2."""
    stored = np.array([180, 120, 90])
    to_linear_srgb = [[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]]
    linear = np.array(to_linear_srgb) @ (stored / 255) ** 2.2
    expected = 255 * (1.055 * linear ** (1 / 2.4) - 0.055)
    picture = Image.new("RGB", (80, 80), tuple(stored.tolist()))
    found = pixels(load_picture(encoded(picture, "PNG", icc_profile=bad_images.display_p3())))[0, 0]
    assert np.abs(found - expected).max() <= 2
    assert np.abs(found - stored).max() > 5


@pytest.mark.parametrize("profile", [b"\xa5" * 300, bad_images.lab(), b""])
def test_a_profile_that_cannot_be_used_leaves_the_colours_alone(profile):
    data = encoded(scene(), "PNG", icc_profile=profile)
    assert np.array_equal(pixels(load_picture(data)), pixels(scene()))


@pytest.mark.parametrize("profile", [None, bad_images.srgb()])
def test_printing_inks_become_the_colours_they_print(profile):
    cyan = Image.new("CMYK", (80, 80), (255, 0, 0, 0))
    found = pixels(load_picture(encoded(cyan, "JPEG", quality=95, icc_profile=profile)))[40, 40]
    assert found[0] < 30
    assert found[1:].min() > 225


def test_only_the_first_frame_counts():
    for kind in ("PNG", "WEBP"):
        found = pixels(load_picture(bad_images.animated(kind, 5)))
        assert np.abs(found - pixels(scene())).mean() < 3


@pytest.mark.parametrize("width", [4096, 4100, 5000, 7000])
def test_a_larger_jpeg_comes_out_within_max_side_and_not_much_under(width):
    picture = load_picture(encoded(Image.new("L", (width, 1000)), "JPEG"), max_side=2048)
    assert 0.9 * 2048 <= picture.width <= 2048
    assert picture.width / picture.height == pytest.approx(width / 1000, rel=0.01)


# The peak of a whole process, by itself, since nothing else may have used the memory before.
MEASURE = """
import re, sys
from pathlib import Path
from nst.images import load_picture

def kilobytes(name):
    return int(re.search(name + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])

for path in sys.argv[1:]:
    load_picture(path)  # the smaller first: the peak only grows
    print(kilobytes("VmHWM") - before) if "before" in globals() else None
    before = globals().get("before", kilobytes("VmRSS"))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_large_pictures_are_loaded_in_bounded_memory(tmp_path):
    small, plain, slow, webp = (tmp_path / name for name in ("small", "plain", "slow", "webp"))
    small.write_bytes(bad_images.of_kind("JPEG"))
    plain.write_bytes(bad_images.phone_jpeg())
    slow.write_bytes(bad_images.phone_jpeg(progressive=True))
    webp.write_bytes(bad_images.large_webp())
    command = [sys.executable, "-c", MEASURE, *map(str, (small, plain, slow, webp))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    megabytes = [int(line) / 1024 for line in done.stdout.split()]
    assert all(grown < limit for grown, limit in zip(megabytes, (250, 250, 500), strict=True)), megabytes


def test_fit_keeps_the_ratio_both_ways_and_a_least_side():
    assert fit(4000, 3000, 512) == (512, 384)
    assert fit(300, 400, 800) == (600, 800)
    assert fit(800, 100, 64) == (64, 16)


def test_every_level_survives_the_way_to_a_tensor_and_back():
    levels = Image.fromarray(np.arange(256 * 3, dtype=np.uint16).astype(np.uint8).reshape(16, 16, 3))
    tensor = to_tensor(levels)
    assert (tensor.shape, tensor.dtype, tensor.is_contiguous()) == ((1, 3, 16, 16), torch.float32, True)
    assert tensor.min() == 0
    assert tensor.max() == 1
    assert np.array_equal(pixels(to_picture(tensor)), pixels(levels))


def test_rows_and_columns_keep_their_places():
    tensor = to_tensor(scene(), (48, 40))
    assert tensor.shape == (1, 3, 40, 48)
    assert tensor[0, 0, 20, -1] > 0.9 > 0.1 > tensor[0, 0, 20, 0]  # red grows to the right
    assert tensor[0, 1, -1, 24] > 0.9 > 0.1 > tensor[0, 1, 0, 24]  # green grows downwards


def test_a_picture_with_transparency_is_flattened_on_its_way_to_a_tensor():
    assert to_tensor(Image.new("RGBA", (4, 4), (255, 0, 0, 0))).min() == 1


def test_values_outside_the_range_are_clamped_and_others_rounded_to_the_nearest():
    values = torch.tensor([-0.5, 0.4 / 255, 0.6 / 255, 1.5]).view(1, 1, 1, 4).expand(1, 3, 1, 4)
    assert pixels(to_picture(values))[0, :, 0].tolist() == [0, 0, 1, 255]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_value_that_is_not_finite_never_becomes_a_pixel(value):
    image = torch.zeros(1, 3, 8, 8)
    image[0, 1, 2, 3] = value
    with pytest.raises(ValueError, match="not finite"):
        to_picture(image)


def test_resizing_a_tensor_keeps_a_ramp_a_ramp():
    ramp = torch.linspace(0, 1, 64).view(1, 1, 1, 64).expand(1, 3, 32, 64)
    for size in ((128, 64), (32, 16)):
        resized = resize_tensor(ramp, size)
        assert resized.shape == (1, 3, size[1], size[0])
        inner = resized[0, 0, 4, 4:-4]
        assert torch.allclose(inner.diff(), inner.diff().mean().expand(len(inner) - 1), atol=1e-4)


def test_shrinking_a_tensor_averages_fine_detail_away():
    checks = (torch.arange(64).view(-1, 1) + torch.arange(64)).remainder(2).float().expand(1, 3, 64, 64)
    assert (resize_tensor(checks, (16, 16)) - 0.5).abs().max() < 0.02


def test_a_png_carries_its_text_and_nothing_else(tmp_path):
    path, text = tmp_path / "a.png", {"nst": "β/α = 30 – “naïve”", "b": "x" * 5_000}
    picture = Image.open(io.BytesIO(bad_images.with_place()))
    save_png(picture, path, text)
    assert read_text(path) == text
    again = Image.open(path)
    again.load()
    assert set(again.info) == set(text)
    assert b"a secret" not in path.read_bytes()
    assert np.array_equal(pixels(again), pixels(picture))


def test_a_jpeg_carries_no_metadata_and_keeps_fine_colour():
    stripes = Image.fromarray(np.tile(np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8), (32, 16, 1)))
    stripes.info = {"comment": b"a secret", "exif": b"Exif\0\0a secret", "icc_profile": bad_images.srgb()}
    file = io.BytesIO()
    save_jpeg(stripes, file, quality=90)
    again = Image.open(file)
    assert not {"exif", "comment", "icc_profile"} & set(again.info)
    assert np.abs(pixels(again) - pixels(stripes)).max() < 60  # with colour at half resolution, 127


def test_text_is_read_without_a_pixel_and_no_bomb_is_unpacked():
    assert read_text(bad_images.half("PNG")) == {}
    assert read_text(bad_images.of_kind("JPEG")) == {}
    assert read_text(bad_images.with_text("nst", "x" * 70_000)) == {}
    with pytest.raises(ImageRefused, match="damaged"):
        read_text(bad_images.text_bomb())
