"""The command line: python -m nst, as a shell sees it."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest
from PIL import Image
from tiny import checks, waves

from nst import Diverged, SettingsError, stylize
from nst.arguments import read_options, settings_of
from nst.images import GAP
from nst.recipe import read_recipe

ROOT = Path(__file__).parent.parent
CONTENT = ("--content-layers", "relu2_1")
LAYERS = (*CONTENT, "--style-layers", "relu1_1,relu2_1")  # fewer to be learned
SMALL = ("--size", "64", "--evaluations", "4", "--weights", "self-taught", "--seed", "3", *LAYERS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    waves(96, 80).save(folder / "content.jpg")
    checks(96, 80).save(folder / "style.png")
    (folder / "notes.jpg").write_text("not a picture")
    (folder / "folder.png").mkdir()
    (folder / "loop.png").symlink_to("loop.png")
    return folder


def started(folder, *arguments) -> subprocess.Popen:
    """The command line in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "nst", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background jobs ignore Ctrl-C, and so would their children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def test_the_result_carries_its_recipe_and_the_trace_a_line_an_evaluation(nst, folder):
    done = nst(folder, "content.jpg", "style.png", "-o", "out.png", "--trace", "trace.jsonl", *SMALL)
    assert done == (0, "out.png\n", "")
    with Image.open(folder / "out.png") as picture:
        assert picture.size == (64, 53)
    recipe = read_recipe(folder / "out.png")
    assert (recipe.settings.seed, recipe.settings.size, recipe.evaluations) == (3, 64, 4)
    lines = [json.loads(line) for line in (folder / "trace.jsonl").read_text().splitlines()]
    assert [line["evaluation"] for line in lines] == [1, 2, 3, 4]
    assert {"size", "seconds", "content_cost", "style_cost", "total_cost"} <= set(lines[0])
    assert set(lines[0]["style_cost"]) == set(recipe.settings.style_layers)


def test_with_a_canvas_a_texture_is_made_of_the_style_alone(nst, folder):
    small = [option for option in SMALL if option not in CONTENT]
    done = nst(folder, "style.png", "-o", "texture.png", "--canvas", "16:9", "--seamless", *small)
    assert done == (0, "texture.png\n", "")
    settings = read_recipe(folder / "texture.png").settings
    assert (settings.canvas, settings.seamless, settings.is_texture) == ("16:9", True, True)
    with Image.open(folder / "texture.png") as picture:
        assert picture.size == (64, 36)


def test_what_a_mask_marks_red_stays_as_it_is(nst, folder):
    with Image.open(folder / "content.jpg") as content:
        mask = Image.new("RGB", content.size)
        mask.paste((255, 0, 0), (0, 0, 40, content.height))
        mask.save(folder / "mask.png")
        expected = content.resize((64, 53), Image.Resampling.LANCZOS)
    done = nst(folder, "content.jpg", "style.png", "-o", "kept.png", "--mask", "mask.png", *SMALL)
    assert (done.status, done.err) == (0, "")
    assert read_recipe(folder / "kept.png").others == ("mask",)
    with Image.open(folder / "kept.png") as picture:
        assert picture.crop((0, 0, 22, 53)).tobytes() == expected.crop((0, 0, 22, 53)).tobytes()


def test_pictures_may_stand_before_and_after_the_options(nst, folder):
    turned = ("--style-rotation", "-5", "--tv=0.5")
    done = nst(folder, "content.jpg", *SMALL, "-o", "mixed.png", "style.png", *turned)
    assert done == (0, "mixed.png\n", "")
    settings = read_recipe(folder / "mixed.png").settings
    assert (settings.style_rotation, settings.tv, settings.size) == (-5, 0.5, 64)


def test_after_two_dashes_a_picture_may_begin_with_one(nst, folder):
    shutil.copy(folder / "content.jpg", folder / "-c.jpg")
    done = nst(folder, *SMALL, "-o", "dashed.png", "--", "-c.jpg", "style.png")
    assert done == (0, "dashed.png\n", "")
    options = read_options(["content.jpg", "-o", "o.png", "--", "-s.jpg", "--", "-t.jpg"])
    assert options.pictures == ["content.jpg", "-s.jpg", "--", "-t.jpg"]


def test_a_mask_that_marks_nothing_is_refused(nst, folder):
    Image.new("RGB", (96, 80), "white").save(folder / "white.png")
    pictures = ("content.jpg", "style.png", "-o", "o.png", *SMALL)
    for option, says in (("--mask", "The mask marks nothing"), ("--style-mask", "style image marks nothing")):
        done = nst(folder, *pictures, option, "white.png")
        assert (done.status, done.out) == (2, "")
        assert says in done.err


def test_a_run_goes_on_from_its_own_small_and_long_result(nst, folder):
    waves(200, 64).save(folder / "long.png")
    for size, more in (("64", ()), ("96", ("--start", "strip.png"))):
        done = nst(folder, "long.png", "style.png", "-o", "strip.png", *SMALL, "--size", size, *more)
        assert done == (0, "strip.png\n", "")
    with Image.open(folder / "strip.png") as picture:
        assert picture.size == (96, 31)


def test_a_run_that_is_refused_leaves_an_older_trace_as_it_was(nst, folder):
    trace = ("--trace", "older.jsonl", "--weights", "gone")
    (folder / "older.jsonl").write_text("{}\n")
    done = nst(folder, "content.jpg", "style.png", "-o", "o.png", *trace)
    assert done.status == 2
    assert (folder / "older.jsonl").read_text() == "{}\n"


def test_an_option_that_there_is_not_is_named(nst, folder, capsys):
    with pytest.raises(SystemExit):
        nst(folder, "content.jpg", "--colors", "1", "-o", "o.png", "style.png")
    assert capsys.readouterr().err.endswith("unrecognized arguments: --colors 1 style.png\n")


def test_help_and_a_misspelt_option_are_there_before_torch_is():
    code = "import sys; from nst.__main__ import main\ntry: main()\nfinally: print('torch' in sys.modules)"
    for option, status in (("--help", 0), ("--colors", 2)):
        done = subprocess.run(
            [sys.executable, "-c", code, option],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout.splitlines()[-1]) == (status, "False")


@pytest.mark.parametrize(
    ("style", "status", "printed"), [("style.png", 0, "shut.png\n"), ("gone.png", 2, "")]
)
def test_with_a_closed_stderr_all_goes_on_and_no_error_comes_to_stdout(folder, style, status, printed):
    trace = folder / "shut.jsonl"
    command = [sys.executable, "-m", "nst", "content.jpg", style, "-o", "shut.png", "--trace", trace, *SMALL]
    done = subprocess.run(
        ["sh", "-c", '"$@" 2>&-', "sh", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (status, printed)
    if status == 0:
        assert len([json.loads(line) for line in trace.read_text().splitlines()]) == 4


@pytest.mark.parametrize("what", ["_loaded", "parts_alike"])
@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_too_little_memory_before_the_run_is_one_sentence_and_exit_status_1(
    nst, folder, monkeypatch, what, error
):
    def full(*_, **__):
        raise error

    monkeypatch.setattr(f"nst.command.{what}", full)
    done = nst(folder, "content.jpg", "style.png", "-o", "o.png", "--alike", "2", *SMALL)
    assert done == (1, "", "There is not enough memory to begin: free some, or choose another device.\n")


def test_an_error_that_is_not_of_memory_is_not_called_so(nst, folder, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr("nst.command._loaded", broken)
    with pytest.raises(RuntimeError, match="a mistake"):
        nst(folder, "content.jpg", "style.png", "-o", "o.png", *SMALL)


@pytest.mark.parametrize(
    ("encoding", "printed"), [("utf-8", b"caf\xe9.png\n"), ("ascii", b"caf\\udce9.png\n")]
)
def test_a_name_that_is_no_text_is_printed_and_the_film_is_written(
    nst, folder, monkeypatch, encoding, printed
):
    said, film = io.TextIOWrapper(io.BytesIO(), encoding), f"{encoding}.webp"
    monkeypatch.setattr(sys, "stdout", said)
    name = os.fsdecode(b"caf\xe9.png")
    assert nst(folder, "content.jpg", "style.png", "-o", name, "--film", film, *SMALL).status == 0
    said.flush()
    assert said.buffer.getvalue() == printed
    assert (folder / film).exists()


def test_three_sizes_of_brushwork_can_be_looked_at_before_a_long_run(nst, folder):
    done = nst(folder, "content.jpg", "style.png", "-o", "pieces.png", "--brushwork", *SMALL)
    assert done == (0, "pieces.png\n", "")
    with Image.open(folder / "pieces.png") as pieces:
        assert pieces.size == (3 * 64 + 2 * GAP, 53)


def test_parts_that_are_alike_are_found_for_the_command_line(nst, folder, monkeypatch):
    monkeypatch.setattr("nst.alike.SIDE", 128)
    done = nst(folder, "content.jpg", "style.png", "-o", "alike.png", "--alike", "2", *SMALL)
    assert done == (0, "alike.png\n", "")
    assert read_recipe(folder / "alike.png").others == ("mask", "style_mask")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["content.jpg", "style.png", "-o", "o.png", "--mask", "notes.jpg"], "notes.jpg: This file is not"),
        (
            ["content.jpg", "style.png", "-o", "o.png", "--alike", "4"],
            "Parts must be a whole number from 2 to 3",
        ),
        (["style.png", "-o", "o.png", "--canvas", "1:1", "--alike", "2"], "--alike needs a content image"),
        (
            ["content.jpg", "style.png", "-o", "o.png", "--alike", "2", "--brushwork"],
            "--brushwork cannot be used with --alike",
        ),
        (
            ["content.jpg", "style.png", "-o", "o.png", "--between", "0", "--brushwork"],
            "--brushwork cannot be used with --between",
        ),
        (["content.jpg", "style.png", "-o", "o.png", "--alike", "2", "--between", "2"], "one of the two"),
        (["content.jpg", "-o", "o.png"], "no style image yet"),
        (["content.jpg", "style.png", "-o", "o.png", "--start", ""], "file cannot be read"),
        (["content.jpg", "style.png", "-o", "o.png", "--film", ""], "The film must be a .webp or .mp4 file"),
        (["content.jpg", "style.png", "-o", "o.png", "--trace", ""], "The trace must be a file"),
        (["content.jpg", "style.png", "-o", "loop.png"], "in a folder that can be written to"),
        (["content.jpg", "notes.jpg", "-o", "o.png"], "notes.jpg: This file is not a JPEG, PNG or WebP"),
        (["content.jpg", "style.png", "-o", "o.png", "--size", "9"], "Size must be a whole number from 64"),
        (["content.jpg", "style.png", "-o", "o.png", "--style-layers", "relu9_9"], "no layer"),
        (["content.jpg", "style.png", "-o", "o.png", "--alpha", "1"], "both α and β"),
        (["content.jpg", "style.png", "-o", "nowhere/o.png"], "in a folder that can be written to"),
        (["content.jpg", "style.png", "-o", "folder.png"], "in a folder that can be written to"),
        (["content.jpg", "style.png", "-o", "o.png", "--trace", "nowhere/t"], "The trace must be a file"),
        (["content.jpg", "style.png", "-o", "o.png", "--style-layers", "relu1_1=a"], "must be a number"),
        (["content.jpg", "style.png", "-o", "o.jpg"], "must be a .png"),
        (["content.jpg", "style.png", "-o", "o.png", "--weights", "gone.pth"], "gone.pth"),
        (["content.jpg", "style.png", "-o", "o.png", "--device", "tpu"], "auto, cpu, cuda or mps"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_status_2(nst, folder, arguments, says):
    done = nst(folder, *arguments)
    assert (done.status, done.out) == (2, "")
    assert says in done.err
    assert len(done.err.splitlines()) == 1
    assert str(folder) not in done.err


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            "--strength 5 --alpha 1 --beta 1",
            "--alpha cannot be used with --strength: leave one of the two out",
        ),
        ("--keep-colours --colours 0.5", "--keep-colours cannot be used with --colours"),
        ("--brushwork --style-scale 0.5", "--brushwork cannot be used with --style-scale"),
        (
            "--canvas 1:1 --keep-colours",
            "--keep-colours needs a content image: leave --canvas out, or leave --keep-colours out",
        ),
        ("--canvas 1:1 --content-layers relu4_2", "--content-layers needs a content image"),
        ("--noise 0.3", "--noise needs --init blend: give that, or leave --noise out"),
        ("--learning-rate 0.1 --preset gatys", "--learning-rate needs --optimizer adam or gd"),
        ("--preset course --learning-rate 0.1 --noise 0.3 --strength 5", ""),
        ("--preset neural-style --canvas 1:1 --alpha 1 --beta 1", ""),
    ],
)
def test_an_option_that_would_not_be_looked_at_is_refused_and_what_a_preset_brings_is_not(given, says):
    options = read_options(["a.png", "b.png", "-o", "o.png", *given.split()])
    with pytest.raises(SettingsError, match=says) if says else nullcontext():
        settings_of(options)


def test_what_cannot_be_written_is_said_before_anything_is_painted_or_left_behind(nst, folder):
    done = nst(folder, "content.jpg", "style.png", "-o", "new.png", "--trace", "folder.png", *SMALL)
    assert (done.status, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert not (folder / "new.png").exists()


def test_a_link_to_a_file_that_is_not_there_stays_a_link_and_the_file_is_not_left_behind(nst, folder):
    (folder / "link.png").symlink_to(folder / "elsewhere.png")
    done = nst(folder, "content.jpg", "style.png", "-o", "link.png", "--trace", "folder.png", *SMALL)
    assert done.status == 2
    assert (folder / "link.png").is_symlink()
    assert not (folder / "elsewhere.png").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_trace_on_a_full_disk_ends_and_the_picture_is_painted(nst, folder):
    done = nst(folder, "content.jpg", "style.png", "-o", "traced.png", "--trace", "/dev/full", *SMALL)
    assert (done.status, done.out) == (0, "traced.png\n")
    assert done.err == "The trace ends here: it cannot be written any further, and the disk may be full.\n"
    assert read_recipe(folder / "traced.png").evaluations == 4


def test_a_trace_may_go_into_a_pipe_whose_name_is_a_link(nst, folder):
    out, into = os.pipe()
    done = nst(folder, "content.jpg", "style.png", "-o", "piped.png", "--trace", f"/dev/fd/{into}", *SMALL)
    os.close(into)
    assert (done.status, done.err) == (0, "")
    with open(out) as lines:
        assert len([*lines]) == 4


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_that_a_trace_ends_has_a_line_of_its_own_below_the_bar(nst, folder, monkeypatch):
    terminal, end = os.openpty()
    with open(end, "w", encoding="utf-8") as stderr, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stderr)
        nst(folder, "content.jpg", "style.png", "-o", "traced-too.png", "--trace", "/dev/full", *SMALL)
    assert "\r\nThe trace ends here" in written_to(terminal)


def test_a_run_that_fails_halfway_keeps_its_picture_and_says_so_by_its_status(nst, folder, monkeypatch):
    def failing(*given):
        for report in stylize(*given):
            yield report
            if report.evaluation == 2:
                raise Diverged("The cost stopped being a number.", best=report)

    monkeypatch.setattr("nst.command.stylize", failing)
    done = nst(folder, "content.jpg", "style.png", "-o", "halfway.png", *SMALL)
    assert (done.status, done.out) == (1, "halfway.png\n")
    assert done.err == "The cost stopped being a number. The best picture so far was kept.\n"
    assert read_recipe(folder / "halfway.png").evaluations == 2


def written_to(terminal: int) -> str:
    """All that was, once nobody holds its other end."""
    said = b""
    with open(terminal, "rb", buffering=0) as file, suppress(OSError):  # the end is an error
        while piece := file.read(4096):
            said += piece
    return said.decode()


def interrupted(*given):
    """A run in which Ctrl-C comes after two evaluations."""
    for report in stylize(*given):
        yield report
        if report.evaluation == 2:
            raise KeyboardInterrupt


@pytest.mark.parametrize("columns", [40, 120])
def test_progress_has_one_line_of_the_terminal_and_what_is_said_next_a_line_of_its_own(
    nst, folder, monkeypatch, columns
):
    terminal, end = os.openpty()
    termios.tcsetwinsize(end, (24, columns))
    monkeypatch.setattr("nst.command.stylize", interrupted)
    with open(end, "w", encoding="utf-8") as stderr, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stderr)
        done = nst(folder, "content.jpg", "style.png", "-o", "barred.png", *SMALL)
    said = written_to(terminal)
    assert done == (0, "barred.png\n", "")
    bars, rest = said.split("\r\n", 1)
    assert rest == "Stopped: the best picture so far was kept.\r\n"
    assert {len(bar) for bar in bars.split("\r")[1:]} == {columns - 1}
    assert " 2/4 Painting" in bars


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (OSError(), 1, "earlier.png cannot be written"),
        (KeyboardInterrupt(), 130, "Stopped before everything"),
    ],
)
def test_what_cannot_be_written_whole_leaves_an_earlier_result_of_its_name_as_it_was(
    nst, folder, monkeypatch, tmp_path, error, status, says
):
    def halfway(picture, file, recipe):
        Path(file).write_bytes(b"half of it")
        raise error

    shutil.copy(folder / "style.png", folder / "earlier.png")
    before = sorted(folder.iterdir())
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("nst.command.save_png", halfway)
    done = nst(folder, "content.jpg", "style.png", "-o", "earlier.png", *SMALL)
    assert (done.status, done.out) == (status, "")
    assert done.err.startswith(says)
    assert len(done.err.splitlines()) == 1
    assert (folder / "earlier.png").read_bytes() == (folder / "style.png").read_bytes()
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("film", "and_says"),
    [("film.webp", ""), ("later/f.webp", "later/f.webp cannot be written: there is no film.")],
)
def test_a_painting_that_its_place_does_not_take_is_kept_elsewhere_and_its_film_is_written_if_it_can_be(
    nst, folder, monkeypatch, film, and_says
):
    (folder / "later").mkdir()

    def watched(*given):
        yield from stylize(*given)
        (folder / "later").rmdir()

    monkeypatch.setattr("nst.command.stylize", watched)
    done = nst(folder, "content.jpg", "style.png", "-o", "later/o.png", "--film", film, *SMALL)
    picture, *others = done.err.splitlines()
    said, _, place = picture.partition(": the picture is in ")
    assert (done.status, done.out, said) == (1, "", "later/o.png cannot be written")
    assert "".join(others) == and_says
    assert (folder / film).exists() != bool(and_says)
    assert read_recipe(place.removesuffix(".")).evaluations == 4
    shutil.rmtree(Path(place).parent)


def test_an_interrupt_before_there_is_a_run_is_one_sentence(nst, folder, monkeypatch):
    def interrupted(path):
        raise KeyboardInterrupt

    monkeypatch.setattr("nst.command._loaded", interrupted)
    done = nst(folder, "content.jpg", "style.png", "-o", "o.png")
    assert done == (130, "", "Stopped before there was a picture.\n")


def test_sizes_are_a_number_or_auto(nst, folder, capsys):
    with pytest.raises(SystemExit):
        nst(folder, "content.jpg", "style.png", "-o", "o.png", "--scales", "x")
    assert "must be auto or a whole number, not “x”" in capsys.readouterr().err


def start_of_a_long_run(folder):
    """A run that has had its first evaluation."""
    trace = folder / "interrupted.jsonl"
    trace.unlink(missing_ok=True)
    settings = (
        "--size",
        "256",
        "--evaluations",
        "2000",
        "--weights",
        "self-taught",
        "--trace",
        str(trace),
        *LAYERS,
    )
    run = started(folder, "content.jpg", "style.png", "-o", "interrupted.png", *settings)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (trace.exists() and trace.stat().st_size):
        time.sleep(0.05)
    return run


def test_an_interrupted_run_keeps_its_best_picture(folder):
    run = start_of_a_long_run(folder)
    run.send_signal(signal.SIGINT)
    said, errors = run.communicate(timeout=60)
    assert (run.returncode, said) == (0, "interrupted.png\n")
    assert errors == "Stopped: the best picture so far was kept.\n"
    assert 0 < read_recipe(folder / "interrupted.png").evaluations < 2000
