"""What a run leaves, in a real browser: rows of pictures, moments, films, and going on from one of them."""

import re
import shutil

import pytest
from browsing import (
    a_painting,
    bring_a_second_style,
    choose,
    downloaded,
    number,
    set_number,
    use_recipe,
    wait_for_the_end,
)
from PIL import Image
from playwright.sync_api import expect

from nst.recipe import read_recipe

pytestmark = pytest.mark.browser


def test_a_row_from_one_style_to_the_other_is_kept_picture_by_picture_and_as_a_film(
    visit, pictures, tmp_path
):
    page = visit(leaves=True)
    choose(page, *pictures)
    use_recipe(page, a_painting(tmp_path, evaluations=20, size=96))
    bring_a_second_style(page, pictures[0])
    set_number(page, "Pictures", 3)
    page.locator("#run").click()
    wait_for_the_end(page, "Painted 3 pictures of 96 × 72 px")
    for _ in range(2):
        strip = page.get_by_role("group", name="Paintings of this visit").get_by_role("button")
        expect(strip).to_have_count(3)
        expect(page.locator("#caption")).to_contain_text("Picture 3 of 3 on the way from the first style")
        page.reload()
    strip.first.click()
    expect(page.locator("#caption")).to_contain_text("with 0% of the second")
    page.locator("#go-on").click()
    expect(page.locator("#caption")).to_contain_text("went on from an earlier painting")
    wait_for_the_end(page)
    assert read_recipe(downloaded(page).path()).settings.style_weights == (1.0, 0.0)
    strip.nth(1).click()
    expect(page.locator("#caption")).to_contain_text("with 50% of the second")
    second = downloaded(page)
    recipe = read_recipe(second.path())
    assert second.suggested_filename == "content-style-7-02.png"
    assert (recipe.settings.style_weights, recipe.evaluations, recipe.others) == ((0.5, 0.5), 12, ("start",))
    with Image.open(downloaded(page, "#film").path()) as film:
        assert film.n_frames == 5


def test_a_row_is_refused_without_a_second_style_and_where_it_is_stopped_leaves_the_pictures_so_far(
    visit, pictures, tmp_path
):
    page = visit()
    choose(page, *pictures)
    page.get_by_role("button", name="A second style").click()
    expect(number(page, "Pictures")).to_have_value("1")
    set_number(page, "Pictures", 3)
    said = "one style image: give two, or choose 1 picture"
    page.locator("#run").click()
    expect(page.get_by_role("alert")).to_contain_text(said)
    wait_for_the_end(page)
    # The estimate may wait for a measurement of the processor that was under way.
    expect(page.locator("#estimate")).to_contain_text(said, timeout=60_000)
    use_recipe(page, a_painting(tmp_path, evaluations=12, size=256))
    page.locator("#second-style input[type=file]").set_input_files(pictures[0])
    expect(page.locator("#second-style img")).to_be_visible()
    set_number(page, "Pictures", 12)
    page.locator("#run").click()
    expect(page.locator("#said")).to_contain_text(re.compile("Picture [3-9] of 12"))
    page.locator("#stop").click()
    wait_for_the_end(page)
    expect(page.locator("#said")).to_contain_text("these are the pictures so far")
    strip = page.get_by_role("group", name="Paintings of this visit").get_by_role("button")
    expect(strip.nth(1)).to_be_visible()
    assert strip.count() < 12
    expect(page.locator("#caption")).to_contain_text("of 12 on the way from the first style")


def test_a_film_is_downloaded_and_again_after_a_reload_and_is_refused_once_its_pictures_were_deleted(
    visit, app, pictures, tmp_path
):
    page = visit(leaves=True)
    choose(page, *pictures)
    expect(page.locator("#film")).to_be_hidden()
    use_recipe(page, a_painting(tmp_path, evaluations=40, size=128))
    page.locator("#run").click()
    wait_for_the_end(page, "Painted 128 × 96 px")
    for _ in range(2):
        made = downloaded(page, "#film")
        assert made.suggested_filename == "content-style-7.webp"
        with Image.open(made.path()) as film:
            assert (film.format, film.size) == ("WEBP", (128, 96))
            assert film.n_frames > 20
        expect(page.locator("#film")).to_have_text("Download the film (WebP)")
        page.reload()
        expect(page.locator("#download")).to_contain_text("128 × 96 px")
    page.wait_for_function("[...document.querySelectorAll('#slider img')].every((seen) => seen.complete)")
    for folder in app.run_folders():
        shutil.rmtree(folder)
    page.locator("#film").click()
    expect(page.get_by_text("have been deleted: paint it again.")).to_be_visible()
    for pressed in ("Twice the size", "Go on from it", "Take as style"):
        toasts = page.get_by_text("no longer kept: paint it again")
        before = toasts.count()
        page.get_by_role("button", name=pressed).click()
        expect(toasts).to_have_count(before + 1)
    expect(page.locator("#film")).to_have_text("Download the film (WebP)")
    expect(page.locator("#film")).to_be_enabled()


def test_the_moments_of_a_run_are_looked_back_on_and_each_can_be_kept(visit, pictures, tmp_path):
    page = visit()
    choose(page, *pictures)
    expect(page.locator("#moment")).to_be_hidden()
    use_recipe(page, a_painting(tmp_path, evaluations=30, size=128, scales=2))
    page.locator("#run").click()
    wait_for_the_end(page, "Painted 128 × 96 px")
    moment, caption, seen = (page.locator(name) for name in ("#moment b", "#caption", "#slider img"))
    expect(moment).to_have_text("30")
    expect(page.get_by_role("slider", name="Moment of the run")).to_be_visible()
    expect(seen).to_have_count(2)
    before = [image.get_attribute("src") for image in seen.all()], caption.inner_text()
    page.locator("#moment input").press("Home")
    expect(moment).to_have_text("1")
    expect(caption).to_contain_text("after evaluation 1 of 30, kept as a JPEG of 64 × 48 px")
    expect(seen.nth(1)).not_to_have_attribute("src", before[0][1])
    expect(seen.first).to_have_attribute("src", before[0][0])
    expect(page.locator("#download")).to_contain_text("Download JPEG  ·  64 × 48 px")
    with Image.open(downloaded(page).path()) as kept:
        assert (kept.format, kept.size) == ("JPEG", (64, 48))
    page.get_by_role("button", name="Take as content").click()
    page.wait_for_function("document.querySelector('#content img')?.naturalWidth === 64")
    page.locator("#moment input").press("End")
    expect(caption).to_have_text(before[1])
    expect(seen.nth(1)).to_have_attribute("src", before[0][1])
    expect(page.locator("#download")).to_contain_text("Download PNG  ·  128 × 96 px")


def test_a_moment_is_gone_on_with_and_not_the_painting_it_became_and_that_then_at_twice_its_size(
    visit, pictures, tmp_path
):
    page = visit()
    choose(page, *pictures)
    use_recipe(page, a_painting(tmp_path, evaluations=10, size=192, scales=2))
    page.locator("#run").click()
    wait_for_the_end(page, "Painted 192 × 144 px")
    page.locator("#moment input").press("Home")
    expect(page.locator("#caption")).to_contain_text("after evaluation 1 of 10, kept as a JPEG of 96 × 72 px")
    page.locator("#go-on").click()
    expect(page.locator("#caption")).to_contain_text("went on from an earlier painting", timeout=60_000)
    wait_for_the_end(page)
    # Of two scales' ten evaluations the finer has four; from the painting itself all ten would be run.
    expect(page.locator("#said")).to_contain_text("Painted 192 × 144 px")
    expect(page.locator("#said")).to_contain_text("4 evaluations.")
    was = {name: page.locator(f"#{name} img").get_attribute("src") for name in ("content", "style")}
    page.locator("#swap").click()
    expect(page.locator("#style img")).to_have_attribute("src", was["content"])
    page.locator("#double").click()
    for name, source in was.items():
        expect(page.locator(f"#{name} img")).to_have_attribute("src", source)
    wait_for_the_end(page, "Painted 384 × 288 px")
    expect(page.locator("#caption")).to_contain_text("went on from an earlier painting")
    expect(page.locator("#download")).to_contain_text("384 × 288 px")
    page.get_by_role("button", name="Settings used").click()
    expect(page.locator("#used")).to_contain_text("An earlier painting")
