"""What the page hands on: settings as code, settings in an address, and how long a run will take."""

import shlex

import pytest

from nst import PRESETS, Settings, SettingsError, preset
from nst.arguments import parser, settings_of
from nst.images import MASK_SIDE
from nst.ui.address import settings_in
from nst.ui.painting import painting_name
from nst.ui.running import speed as subject
from nst.ui.running.speed import Speed
from nst.ui.share import address_of, as_command, as_python, as_requests, changed, preview_head, source_link

EVERY = [preset(name, seed=5, size=320) for name in PRESETS]
MIXED = Settings(style_weights=(0.25, 0.75), colours=0.5, seed=5)


@pytest.mark.parametrize("settings", EVERY, ids=list(PRESETS))
def test_the_python_program_has_the_same_settings(settings):
    line = next(line for line in as_python(settings).splitlines() if line.startswith("settings"))
    found = {}
    exec(line, {"Settings": Settings}, found)
    assert found["settings"] == settings


@pytest.mark.parametrize("settings", EVERY, ids=list(PRESETS))
def test_the_command_line_has_the_same_settings(settings):
    found = settings_of(parser().parse_args(shlex.split(as_command(settings))[3:]))
    assert found.with_(style_layers=settings.style_layers) == settings
    assert found.style_layers == pytest.approx(settings.style_layers, rel=1e-5)


@pytest.mark.parametrize(
    "settings",
    [
        *(preset(name, canvas="1:1") for name in PRESETS),
        Settings(strength=5, alpha=1, beta=10),
        Settings(keep_colours=True, colours=0.5),
        Settings(keep_colours=True, canvas="4:3"),
        Settings(noise=0.3, learning_rate=0.1),
    ],
    ids=lambda settings: " ".join(changed(settings)),
)
def test_the_command_line_is_without_what_has_no_effect_and_would_be_refused(settings):
    found = settings_of(parser().parse_args(shlex.split(as_command(settings))[3:]))
    unseen = ("strength", "colours", "keep_colours", "noise", "learning_rate", "init", "content_layers")
    seen = found.with_(style_layers=settings.style_layers)
    assert seen.with_(**{name: getattr(settings, name) for name in unseen}) == settings


def test_a_small_negative_number_is_no_option_of_the_command_line():
    turned = Settings(style_rotation=-1e-5)
    assert settings_of(parser().parse_args(shlex.split(as_command(turned))[3:])) == turned


def test_two_styles_are_two_pictures_with_their_weights_in_each_language():
    found = {}
    program = as_python(MIXED).splitlines()
    exec(next(line for line in program if line.startswith("settings")), {"Settings": Settings}, found)
    assert found["settings"] == MIXED
    assert "styles = [load_picture(name) for name in ['painting.jpg', 'painting-2.jpg']]" in program
    options = parser().parse_args(shlex.split(as_command(MIXED))[3:])
    pictures = ["photo.jpg", "painting.jpg", "painting-2.jpg"]
    assert (options.pictures, settings_of(options)) == (pictures, MIXED)
    text = as_requests(MIXED, "http://host")
    assert '"style_weights": "0.25,0.75"' in text
    assert "\"second_style\": '$(file painting-2.jpg)'" in text
    four = as_requests(Settings(style_weights=(4, 3, 2, 1)), "http://host")
    assert "\"fourth_style\": '$(file painting-4.jpg)'" in four
    assert '"third_style"' not in text


def test_a_painting_that_went_on_from_another_is_said_to_need_it_in_each_language():
    program = as_python(MIXED, others=("start",))
    assert 'settings, start=load_painting("earlier.png")):' in program
    assert program.startswith("from nst import Settings, load_painting, load_picture, stylize\n")
    masked = as_python(MIXED, others=("mask",))
    assert f'settings, mask=load_picture("mask.png", {MASK_SIDE})):' in masked
    assert masked.startswith("from nst import Settings, load_picture, stylize\n")
    options = parser().parse_args(shlex.split(as_command(MIXED, others=("start",)))[3:])
    assert (options.start, settings_of(options)) == ("earlier.png", MIXED)
    assert "\"start\": '$(file earlier.png)'" in as_requests(MIXED, "http://host", others=("start",))


def test_requests_name_only_what_differs_and_quote_what_a_shell_would_read():
    text = as_requests(Settings(seed=3), "http://host/$(reboot)")
    assert "APP='http://host/$(reboot)'" in text
    assert '"seed": 3' in text
    assert "strength" not in text


def test_a_texture_is_made_of_the_style_alone_in_each_language():
    tile = Settings(canvas="16:9", seamless=True)
    assert "content = None" in as_python(tile).splitlines()
    options = parser().parse_args(shlex.split(as_command(tile))[3:])
    assert (options.pictures, settings_of(options)) == (["painting.jpg"], tile)
    assert 'BODY=\'{"content": null, ' in as_requests(tile, "http://localhost:7860")


def test_an_address_changes_the_pairs_settings_and_a_preset_replaces_them():
    pair = Settings(strength=60.0, tv=2.0)
    assert settings_in({}, pair) is pair
    assert settings_in({"tab": "grid"}) is None
    assert settings_in({"size": "256", "unknown": "1"}, pair) == pair.with_(size=256)
    assert settings_in({"preset": "gentle", "keep_colours": "true"}, pair) == preset(
        "gentle", keep_colours=True
    )
    assert settings_in({"preset": "gatys", "strength": "60"}, pair) == preset("gatys", strength=60)
    layers = settings_in({"style_layers": "relu1_1=0.5,relu2_1"}).style_layers
    assert layers == pytest.approx({"relu1_1": 1 / 3, "relu2_1": 2 / 3})
    assert settings_in({"weights": "/etc/passwd"}).weights == "auto"


@pytest.mark.parametrize("query", [{"size": "9"}, {"size": "abc"}, {"preset": "x" * 999}, {"pooling": "min"}])
def test_an_address_that_asks_for_what_there_is_not_is_refused_in_one_short_sentence(query):
    with pytest.raises(SettingsError) as caught:
        settings_in(query)
    assert len(str(caught.value)) < 200


def test_a_painting_is_named_after_its_pictures_and_its_seed():
    assert painting_name("/a/My Photo (1).JPG", "/b/Étude №7.png", 3) == "my-photo-1-tude-7-3.png"
    assert painting_name("/a/…/日本.png", "../../etc/passwd", 0) == "picture-passwd-0.png"
    assert len(painting_name("/a/" + "x" * 300 + ".png", "/b/y.png", 2**32 - 1)) < 64


def test_a_space_says_where_it_is_and_where_its_source_is(monkeypatch):
    assert source_link() == ""
    assert "https://" not in preview_head("Title", "About", None)
    monkeypatch.setenv("SPACE_ID", "someone/style")
    monkeypatch.setenv("SPACE_HOST", "someone-style.hf.space")
    assert "https://huggingface.co/spaces/someone/style/tree/main" in source_link()
    assert 'content="https://someone-style.hf.space"' in preview_head("Title", "About", None)


def test_requests_go_to_where_the_page_is_behind_a_proxy_too(monkeypatch):
    assert address_of("https://here.org") == "https://here.org"
    assert address_of(None) == "http://127.0.0.1:7860"
    monkeypatch.setenv("GRADIO_ROOT_PATH", "/nst/")
    assert address_of("https://here.org") == "https://here.org/nst"
    monkeypatch.setenv("GRADIO_ROOT_PATH", "https://there.org/nst")
    assert address_of("https://here.org") == "https://there.org/nst"


def test_the_time_of_a_run_grows_with_its_work_and_is_learned_from_runs(monkeypatch):
    monkeypatch.setattr(Speed, "_from_calibration", staticmethod(lambda settings: None))
    speed, one = Speed(), Settings(scales=1, evaluations=10)
    assert speed.seconds(one, (4, 3)) is None
    speed.learn(one, (512, 384), 5.0)
    assert speed.seconds(one, (512, 384)) == pytest.approx(5)
    assert speed.seconds(one.with_(evaluations=20), (512, 384)) == pytest.approx(10)
    assert 18 < speed.seconds(one.with_(size=1024), (512, 384)) < 20  # four times the pixels
    assert speed.seconds(one.with_(size=64), (512, 384)) * 64 / 5 > 2  # a small one is slower for its pixels
    sliced = speed.seconds(one.with_(statistic="sliced"), (512, 384))
    assert sliced == pytest.approx(5 * subject.SLOWER["sliced"])
    assert speed.seconds(one.with_(weights="self-taught"), (512, 384)) is None
    eight = speed.seconds(preset("fast", scales=1, evaluations=10), (512, 384))
    assert 3.3 < eight < 3.6  # 62 % of the convolutions, which take 80 % of the time
    for kind, times in subject.SHEETS.items():
        assert speed.seconds_of_sheet(kind, one, (512, 384)) == pytest.approx(5 * times)
    speed.learn(one, (512, 384), 7.0)
    known = 5 + 2 * subject.NEWEST
    assert speed.seconds(one, (512, 384)) == pytest.approx(known)
    speed.learn(one, (512, 384), 1000.0)  # somebody else had the processor
    assert speed.seconds(one, (512, 384)) <= subject.MOST * known
