"""The example pictures: what gallery.json promises, and that the painters still paint them."""

import json
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from gradio.media import get_image
from PIL import Image

from nst.network.layers import NETWORK
from nst.settings import Settings
from nst.ui.gallery import read_gallery

EXAMPLES = Path(__file__).parents[1] / "examples"
GALLERY = json.loads((EXAMPLES / "gallery.json").read_text(encoding="utf-8"))
OURS = [entry["file"] for entry in (*GALLERY["styles"], *GALLERY["contents"]) if ":" not in entry["file"]]


def pixels(file):
    with Image.open(EXAMPLES / file) as picture:
        return np.asarray(picture.convert("RGB"), np.float32) / 255


def fingerprint(picture):
    """Share of pixels by colour (4³ bins), and of gradient strength by direction (12 bins) and size (3)."""
    small = np.asarray(Image.fromarray((picture * 255).astype(np.uint8)).resize((256, 256)), np.float32) / 255
    bins = np.minimum((small * 4).astype(int), 3) @ [16, 4, 1]
    colours = np.bincount(bins.ravel(), minlength=64) / bins.size
    gy, gx = np.gradient(small.mean(axis=2))
    strength = np.hypot(gx, gy)
    turn = np.minimum((np.arctan2(gy, gx) % np.pi / np.pi * 12).astype(int), 11)
    size = np.digitize(strength, (0.04, 0.12))
    slopes = np.bincount((12 * size + turn).ravel(), minlength=36) / turn.size
    return colours, slopes


def apart(first, second):
    """Half the L1 distance of the two histograms, 0 … 2: 0 for the same picture."""
    return sum(np.abs(a - b).sum() / 2 for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("file", OURS)
def test_every_picture_opens_is_large_enough_and_light_enough(file):
    path = EXAMPLES / file
    assert path.stat().st_size <= 200_000
    with Image.open(path) as picture:
        picture.load()
        assert picture.format == "JPEG"
        assert picture.mode == "RGB"
        assert min(picture.size) >= 512
        assert max(picture.size) <= 768


def test_every_picture_on_disk_is_listed_once_and_described_in_the_readme():
    ours = (path for folder in ("content", "styles") for path in (EXAMPLES / folder).glob("*.jpg"))
    on_disk = {path.relative_to(EXAMPLES).as_posix() for path in ours}
    assert sorted(on_disk) == sorted(OURS)
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert [file for file in OURS if f"| `{file}` |" not in readme] == []


def test_there_are_nine_styles_and_two_scenes_of_our_own():
    assert len(GALLERY["styles"]) >= 9
    assert len([file for file in OURS if file.startswith("content/")]) >= 2


def test_every_entry_says_in_words_what_it_shows():
    entries = [*GALLERY["styles"], *GALLERY["contents"]]
    assert all(30 <= len(entry["alt"]) <= 200 for entry in entries)
    for kind in ("styles", "contents"):
        names = [entry["name"] for entry in GALLERY[kind]]
        assert len(set(names)) == len(names)
    assert len({entry["alt"] for entry in entries}) == len(entries)


def test_the_packaged_photographs_are_where_gradio_says():
    packaged = [e["file"].removeprefix("gradio:") for e in GALLERY["contents"] if "gradio:" in e["file"]]
    assert packaged
    for name in packaged:
        with Image.open(get_image(name)) as photograph:
            assert min(photograph.size) >= 256


def test_thirty_pictures_are_at_hand_and_each_packaged_one_is_listed_with_its_licence():
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    entries = [*GALLERY["styles"], *GALLERY["contents"], *GALLERY["more"]]
    assert len(entries) >= 30
    for entry in entries:
        assert entry["file"].partition(":")[2] or entry["file"] in listed
        assert entry["file"].rpartition(":")[2] in listed


def test_no_two_styles_look_alike():
    prints = {entry["name"]: fingerprint(pixels(entry["file"])) for entry in GALLERY["styles"]}
    close = {
        (one, other): round(apart(prints[one], prints[other]), 2)
        for one, other in combinations(prints, 2)
        if apart(prints[one], prints[other]) < 0.4
    }
    assert close == {}


@pytest.mark.parametrize("file", [entry["file"] for entry in GALLERY["styles"]])
def test_a_style_has_texture_all_over_and_no_frame(file):
    grey = pixels(file).mean(axis=2)
    side = 64
    rows, columns = (length // side for length in grey.shape)
    blocks = grey[: rows * side, : columns * side].reshape(rows, side, columns, side)
    assert blocks.std(axis=(1, 3)).min() > 0.01
    edges = np.concatenate([grey[:3].ravel(), grey[-3:].ravel(), grey[:, :3].ravel(), grey[:, -3:].ravel()])
    assert edges.std() > 0.03


def test_pairs_name_pictures_there_are_and_settings_that_are_valid():
    names = {kind: {entry["name"] for entry in GALLERY[kind]} for kind in ("styles", "contents")}
    assert len(GALLERY["pairs"]) >= 3
    for pair in GALLERY["pairs"]:
        assert pair["content"] in names["contents"]
        assert pair["style"] in names["styles"]
        Settings.from_dict(pair.get("settings", {}))


@pytest.mark.parametrize("pair", read_gallery().pairs, ids=lambda pair: pair.name)
def test_each_pairs_outcome_was_made_with_the_settings_of_today(pair):
    """Where this fails, run examples/outcomes.py and look at what it made."""
    with Image.open(pair.outcome) as picture:
        recipe = json.loads(picture.info["comment"])
        assert max(picture.size) == pair.settings.size
    # A setting that is younger than the picture stands at its default there, which changes no picture.
    assert Settings.from_dict(recipe["settings"]) == pair.settings
    assert recipe["features"] == NETWORK


def test_the_script_paints_the_committed_picture_again(tmp_path):
    command = [sys.executable, str(EXAMPLES / "paint.py"), "--to", str(tmp_path), "glass"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    with Image.open(tmp_path / "styles" / "glass.jpg") as again:
        new = np.asarray(again.convert("RGB"), np.float32) / 255
    old = pixels("styles/glass.jpg")
    assert new.shape == old.shape
    # Another FFT library may round a lead line a pixel aside, and so choose another JPEG quality.
    assert np.abs(new - old).mean() < 0.01


def test_a_picture_there_is_not_is_refused_by_name():
    command = [sys.executable, str(EXAMPLES / "paint.py"), "monalisa"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "there is no picture monalisa" in done.stderr
    assert "night_wind" in done.stderr
