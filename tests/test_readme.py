"""README is true: its tables are the code's and the measurements', its commands and snippets run."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import readme_tables
from PIL import Image
from tiny import checks, waves

from nst import images
from nst.presets import PRESETS

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", ["settings", "variables", "figures"])
def test_tables_are_those_of_the_code_and_the_measurements(name):
    assert readme_tables.find(TEXT, name).group(2) == readme_tables.tables()[name], (
        "run: python tests/readme_tables.py"
    )


def test_all_measurements_are_written_down():
    assert readme_tables.MEASUREMENTS.read_text() == readme_tables.measurements(), (
        "run: python tests/readme_tables.py"
    )


def test_the_first_commands_are_the_two_promised():
    commands = re.findall(r"```bash\n(.*?)```", TEXT, re.DOTALL)[0].strip().splitlines()
    assert commands == [
        "pip install -r requirements.txt && python app.py",
        "pip install -r requirements-dev.txt && pytest",
    ]


def test_the_limits_of_pictures_are_the_loaders():
    limits = images.LIMITS
    for promise in (
        f"{limits.bytes // 2**20} MB",
        f"{limits.jpeg_pixels // 10**6} megapixels as JPEG",
        f"{limits.other_pixels // 10**6} as PNG or WebP",
        f"at least {limits.side} px",
        f"{limits.ratio} : 1",
    ):
        assert promise in TEXT


def test_every_preset_is_described():
    for name in PRESETS:
        assert f"`{name}`" in TEXT


def test_the_sdk_version_is_the_gradio_that_is_tested():
    import gradio

    assert f"sdk_version: {gradio.__version__}\n" in TEXT


def test_the_command_line_example_runs(tmp_path):
    example = next(line for line in TEXT.splitlines() if line.startswith("python -m nst "))
    waves(96, 80).save(tmp_path / "photo.jpg")
    checks(96, 80).save(tmp_path / "painting.jpg")
    command = shlex.split(example)
    assert command[:2] == ["python", "-m"]
    small = ["--size", "64", "--evaluations", "3", "--weights", "self-taught"]
    shared = {name: os.environ[name] for name in ("CPU_CORES", "NST_CACHE")}
    done = subprocess.run(
        [sys.executable, *command[1:], *small],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **shared},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    with Image.open(tmp_path / done.stdout.strip()) as picture:
        assert picture.size == (64, 53)


SNIPPETS = re.findall(r"```python\n(from nst import.*?)```", TEXT, re.DOTALL)
SMALLER = {  # what makes a snippet quick, and independent of a network
    "size=512": "size=64, evaluations=3, weights='self-taught'",
    "Settings()": "Settings(weights='self-taught')",
    'load_picture("painting.jpg")):\n    print(board': (
        'load_picture("painting.jpg"), GRID.with_(size=64, evaluations=3, weights="self-taught"))'
        ":\n    print(board"
    ),
    "import layers_grid": "import layers_grid; from nst.studies.board import GRID",
}


@pytest.mark.parametrize("number", range(len(SNIPPETS)))
def test_the_python_examples_run(number, tmp_path, monkeypatch):
    waves(96, 80).save(tmp_path / "photo.jpg")
    checks(96, 80).save(tmp_path / "painting.jpg")
    monkeypatch.chdir(tmp_path)
    snippet = small = SNIPPETS[number]
    for text, smaller in SMALLER.items():
        small = small.replace(text, smaller)
    assert small != snippet
    exec(compile(small, "README", "exec"), {})
    for made in tmp_path.glob("*.png"):
        with Image.open(made) as picture:
            assert min(picture.size) >= 53


def test_there_is_a_snippet_for_a_painting_and_one_for_each_study():
    assert len(SNIPPETS) == 4


FOLDERS = (".", "benchmarks", "docs", "examples")
PAGES = [page for folder in FOLDERS for page in sorted(ROOT.joinpath(folder).glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_a_page_shows_or_links_exists(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target
