"""Where a painting is seen as it forms and when it is done, and the strip of those of this visit."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from . import curves, share, status
from .events import EACH, LATEST, ONE_BY_ONE, QUIET, TOLD
from .form import OF_A_PAINTING
from .gallery import Gallery, Pair, painting_buttons, painting_row
from .in_sight import (
    FILM,
    PRESS_FILM,
    beside_of,
    compared,
    download,
    film_values,
    moment_values,
    said_of,
    size_of,
)
from .moments import at_the_end, moment_slider
from .opening import CONTENT_IMAGE
from .run_panel import RunPanel, buttons, getting_ready
from .running.runs import Runs
from .shown import Record, Shown, kept_in, pair_of
from .theme import html
from .visit import GONE, MOST_KEPT, Painted, apart, found_again, now_of, painted, with_more

NOT_SHOWN = "Something went wrong: reload the page to find what was painted, or press Paint again."
CODES: Sequence[tuple[str, Any]] = (("Python", "python"), ("Command line", "shell"), ("curl", "shell"))


# gr.ImageSlider has no parameter for alternative texts; its pictures are there soon after their values.
NAME_PICTURES = """
() => setTimeout(() => document.querySelectorAll('#slider img').forEach((picture, index) => {
  const beside = document.querySelector('#caption [data-beside]')?.dataset.beside ?? 'The content image';
  picture.alt = [beside, 'The painting'][index] ?? '';
}), 400)
"""

# In the strip, which is not sent anew for a press that changes nothing else in it; one that was is marked.
MARK_PRESSED = """
() => {
  const row = document.querySelector('#visit .paintings'), holder = row?.closest('[data-pressed]');
  if (!holder || holder.pressedRow !== row) return;
  for (const painting of row.querySelectorAll('button'))
    painting.setAttribute('aria-pressed', painting.dataset.index === holder.dataset.pressed);
}
"""
# What the browser remembers of its runs. Each tab adds its own to those of the others, which gr.BrowserState,
# read once, would forget.
REMEMBERED = "() => { try { return [JSON.parse(localStorage['nst-paintings'])]; } catch { return [[]]; } }"
# The browser's tab says how far the run is, and the browser remembers the run.
FOLLOW = """
(status) => {
  const found = /data-title="([^"]*)"(?: data-run="([^"]*)")?/.exec(status ?? '');
  document.title = (found ? found[1] + ' · ' : '') + 'Neural style transfer';
  if (!found?.[2] || window.forgotten) return;
  let runs = [];
  try { runs = JSON.parse(localStorage['nst-paintings']); } catch {}
  if (!Array.isArray(runs)) runs = [];
  if (!runs.includes(found[2])) {
    const here = new URL(location.href);
    for (const name of OF_A_PAINTING) here.searchParams.delete(name);
    if (here.href !== location.href) history.replaceState(history.state, '', here);
  }
  runs = runs.filter((run) => run !== found[2]);
  try { localStorage['nst-paintings'] = JSON.stringify([...runs, found[2]].slice(-MOST)); } catch {}
}
""".replace("MOST", str(MOST_KEPT)).replace("OF_A_PAINTING", json.dumps(sorted(OF_A_PAINTING)))
# For who comes next to this browser. Until the page is another one, what is said of a run is not remembered.
FORGET = """
() => {
  window.forgotten = true;
  try { localStorage.removeItem('nst-paintings'); } catch {}
  location.reload();
}
"""
# Beside the settings the picture is sticky while its row is higher than it; the curves make it as high, and
# it would go up. So, where it is out of sight, its row is brought into view.
TO_THE_PICTURE = """
() => {
  const easel = document.querySelector('.easel');
  const behavior = matchMedia('(prefers-reduced-motion: reduce)').matches ? 'instant' : 'smooth';
  if (innerWidth < 900) easel?.scrollIntoView({behavior});
  else if (easel?.getBoundingClientRect().top < -80) easel.parentElement.scrollIntoView({behavior});
}
"""


class PaintingPanel(RunPanel):
    """Paint and Stop; view() adds what is seen.

    visit      the paintings of this visit, and `selected` the one that is seen
    start      path of the painting that the next run goes on from, if any
    addresses  the folders of this browser's last runs, the newest last, as the browser remembers them
    """

    def __init__(self) -> None:
        super().__init__("", "Paint", size="lg")
        self.run.interactive = False  # until what an earlier visit left is filled in

    def view(self, gallery: Gallery, keep_seconds: int) -> None:
        """Build what is seen, in the column being built: at first the gallery's example."""
        example, each = gallery.example, (*gallery.contents, *gallery.styles)
        self.names = {picture.file.name: picture.name for picture in each}
        self.visit, self.selected, self.start = gr.State(()), gr.State(), gr.State()
        self.addresses = gr.JSON(visible=False)
        self.badge = html(status.badge(status.automatic()), elem_id="badge")
        self.status = html(elem_id="said")
        self._pictures(example)
        self.costs = html(elem_id="costs")
        self._settings_used()
        self._strip()
        html(
            '<p class="note">Stop keeps the best picture so far. Closing the page stops the run. '
            f"Pictures are deleted after {_minutes(keep_seconds)}.</p>"
        )
        panels = [self.run, self.stop, self.canvas, self.finished]
        self.seen = [
            self.slider,
            self.moment,
            self.caption,
            self.download,
            self.film,
            self.actions,
            self.recap,
            self.facts,
            *self.codes,
            self.costs,
            self.selected,
            self.other,
        ]
        self.began = [*panels, self.status, self.shown]
        self.going = [self.live, self.status, self.costs, self.badge, self.shown]
        self.ending = [self.shown, self.visit, self.selected]
        self.recalled = [self.status, self.visit, self.strip, self.strips, *self.seen]
        self.ended = [*panels, self.shown, *self.recalled[1:]]
        self.returned = [*panels, self.status]

    def _pictures(self, example: Pair | None) -> None:
        with gr.Column(visible=False) as self.canvas:
            self.live = gr.Image(
                show_label=False,
                interactive=False,
                type="filepath",
                buttons=["fullscreen"],
                elem_id="live",
                alt_text="The painting as it stands now",
            )
        with gr.Column(elem_id="finished") as self.finished:
            self.slider = gr.ImageSlider(
                (str(example.content.file), str(example.outcome)) if example else None,
                show_label=False,
                interactive=False,
                type="filepath",
                buttons=["fullscreen"],
                max_height=560,
                elem_id="slider",
            )
            self.moment = moment_slider("moment")
            with gr.Row(elem_classes="beside"):
                self.caption = html(_of_example(example), elem_id="caption")
                self.other = gr.Dropdown(
                    [CONTENT_IMAGE],
                    value=CONTENT_IMAGE,
                    label="On the left of the line",
                    visible=False,
                    min_width=220,
                    elem_id="compare",
                )
            with gr.Row(elem_classes="keep"):
                self.download = gr.DownloadButton(
                    "Download", variant="primary", visible=False, scale=3, min_width=310, elem_id="download"
                )
                self.film = gr.Button(FILM, visible=False, scale=1, min_width=220, elem_id="film")
            self.film_file = gr.DownloadButton(elem_id="film-file")
            with gr.Row(visible=False, elem_classes="actions") as self.actions:
                self.go_on = gr.Button("Go on from it", size="sm", min_width=110, elem_id="go-on")
                self.double = gr.Button("Twice the size", size="sm", min_width=110, elem_id="double")
                self.reuse = gr.Button("Use its settings", size="sm", min_width=110)
                self.to_content = gr.Button("Take as content", size="sm", min_width=110)
                self.to_style = gr.Button("Take as style", size="sm", min_width=110)

    def _settings_used(self) -> None:
        with gr.Accordion("Settings used", open=False, visible=False, elem_id="used") as self.recap:
            self.facts = html()
            self.codes = [
                gr.Code(label=label, language=language, interactive=False, max_lines=12)
                for label, language in CODES
            ]

    def _strip(self) -> None:
        with gr.Column(visible=False, elem_id="visit") as self.strips:
            html('<h2 class="section">Paintings of this visit</h2>')
            self.strip = painting_row("Paintings of this visit")
            self.forget = gr.Button("Forget these paintings", size="sm", min_width=160, elem_id="forget")

    def wire_view(self) -> None:
        """What happens when one of the visit's paintings is pressed, or two are compared."""
        self.strip.select(
            self._pressed,
            self.visit,
            [self.finished, self.canvas, self.visit, self.strip, self.status, *self.seen],
            **EACH,
            **TOLD,
        ).success(None, js=MARK_PRESSED).then(None, js=NAME_PICTURES)
        self.moment.input(
            moment_values,
            [self.visit, self.selected, self.other, self.moment],
            [self.slider, self.caption, self.download, self.selected],
            **LATEST,
            **QUIET,
        ).then(None, js=NAME_PICTURES)
        two, seen = [self.visit, self.selected, self.other], [self.slider, self.caption]
        self.other.input(compared, two, seen, **LATEST, **QUIET).then(None, js=NAME_PICTURES)
        made = self.film.click(film_values, self.selected, [self.film, self.film_file], **ONE_BY_ONE)
        made.success(None, js=PRESS_FILM)
        made.failure(lambda: gr.Button(FILM, interactive=True), None, self.film, **QUIET)
        self.status.change(None, self.status, None, js=FOLLOW)
        self.run.click(None, None, None, js=TO_THE_PICTURE)
        self.forget.click(None, None, None, js=FORGET)

    def wire(self, runs: Runs, work: Any, inputs: Sequence[Any]) -> Any:
        """Join Paint with `work`; returns the event of its end."""
        self.runs = runs
        return self.join(runs, self.begin, work, inputs, self.end)

    def begin(self) -> tuple[Any, ...]:
        """Values for `began`: Stop can be pressed, and the live picture takes the place of the last one."""
        return (*_panels(running=True), getting_ready(), None)

    def end(
        self, request: gr.Request, shown: Shown | None, visit: Sequence[Painted], selected: Painted | None
    ) -> tuple[Any, ...]:
        """Values for `ended`: Paint can be pressed again. A run that left nothing leaves the last painting in
        sight, with its costs, and is forgotten for that one's."""
        new = painted(shown, pair_of(shown, self.names), curves.draw(shown.painted)) if shown else ()
        if not new:
            kept = kept_in(selected.folder) if selected else Record()
            unchanged = (kept.curves if each is self.costs else gr.skip() for each in self.recalled[1:])
            return (*_panels(running=False), kept.shown or gr.skip(), *unchanged)
        visit = with_more(visit, new)
        return (
            *_panels(running=False),
            gr.skip(),
            *self._strip_values(visit, new[-1]),
            *self._seen(request, new[-1], visit),
        )

    def back(self) -> tuple[Any, ...]:
        """Values for `returned`: the last painting, as this one cannot be shown."""
        return (*_panels(running=False), status.refusal(NOT_SHOWN))

    def recall(self, request: gr.Request, folders: Sequence[Path]) -> tuple[Any, ...]:
        """Values for `recalled`: what the last runs left, found again after a reload."""
        found = tuple(
            replace(one, begun=one.recipe is None and self.runs.is_painting(one.folder))
            for one in found_again(folders)
        )
        if not found:
            return tuple(gr.skip() for _ in self.recalled)
        newest = found[-1]
        return (_said(newest), *self._strip_values(found, newest), *self._seen(request, newest, found))

    def _strip_values(self, visit: Sequence[Painted], seen: Painted) -> tuple[Any, ...]:
        return visit, _strip(visit, seen), gr.Column(visible=bool(visit))

    def _pressed(self, request: gr.Request, visit: Sequence[Painted], event: gr.EventData) -> tuple[Any, ...]:
        index = event.index
        now = now_of(visit[index]) if isinstance(index, int) and 0 <= index < len(visit) else ()
        if not now or not now[-1].is_there:
            raise gr.Error(GONE, print_exception=False)
        is_same = now == (visit[index],)
        visit = (*visit[:index], *now, *visit[index + 1 :])[-MOST_KEPT:]
        one, finished = now[-1], gr.Column(visible=True)
        said, seen = _said(one), self._seen(request, one, visit)
        if self.runs.goes_on(request.session_hash, self.name):  # what is said then is of that run
            said = gr.skip()
            seen = tuple(
                gr.skip() if each is self.costs else value
                for each, value in zip(self.seen, seen, strict=True)
            )
        canvas = gr.skip()  # what is being painted stays in sight, above it
        # A strip of the visit as it was read would be without what a run has left since.
        strip = gr.skip() if is_same and all(each.is_there for each in visit) else _strip(visit, one)
        return (finished, canvas, gr.skip() if is_same else visit, strip, said, *seen)

    def _seen(self, request: gr.Request, one: Painted, visit: Sequence[Painted]) -> tuple[Any, ...]:
        """Values for `seen`."""
        recipe, size = one.recipe, size_of(one.painting)
        beside = beside_of(one)
        named = [(f"Painting {n}: {each.pair}", f"Painting {n}") for n, each in enumerate(visit, 1)]
        there = [name for name, each in zip(named, visit, strict=True) if each != one and each.is_there]
        others = [(beside, beside), *there]
        codes: tuple[str, ...] = ("", "", "")
        if recipe:
            settings, address = recipe.settings, share.address_of(request.headers.get("origin"))
            codes = (
                share.as_python(settings, recipe.others),
                share.as_command(settings, recipe.others),
                share.as_requests(settings, address, recipe.others),
            )
        return (
            (one.content, one.painting),
            at_the_end(list(one.moments)),
            said_of(one, beside),
            download(one),
            gr.Button(visible=one.has_film),
            gr.Row(visible=True),
            gr.Accordion(visible=recipe is not None),
            status.used(recipe, size, one.frame) if recipe else "",
            *codes,
            one.curves,
            one,
            gr.Dropdown(others, value=beside, visible=len(others) > 1),
        )


def _strip(visit: Sequence[Painted], seen: Painted) -> str:
    """HTML of the strip, with the painting that is seen marked, and without those that have been swept."""
    each = zip(visit, apart(visit), strict=True)
    entries = [(one.painting, one.pair, said) if one.is_there else None for one, said in each]
    places = [n for n, one in enumerate(visit) if one.painting == seen.painting]
    return painting_buttons(entries, "Paintings of this visit", next(iter(places), None))


def _said(one: Painted) -> str:
    """HTML of how its run ended, "" where that is not known."""
    return status.remembered(one.frame) if one.frame else ""


def _panels(running: bool) -> tuple[Any, ...]:
    return (*buttons(running), gr.Column(visible=running), gr.Column(visible=not running))


def _of_example(example: Pair | None) -> str:
    if example is None:
        return ""
    said = f"{example.name}, painted by this app. Drag the line to compare."
    return status.note(f"{said} For your own, choose two pictures and press Paint.")


def _minutes(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes > 1 else "a minute"
