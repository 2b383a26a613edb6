"""The tab “What does a unit see?”: pictures are scanned once, then any layer and unit is shown at once."""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from .. import images
from ..errors import ImageRefused, NSTError, SettingsError
from ..network.layers import RELU_LAYERS
from ..report import each_as
from ..settings import Settings
from . import status
from .brought import Brought, bring
from .events import PRIVATE, QUIET, in_line
from .example_units import example_units
from .form import weights_choice
from .gallery import Gallery
from .kept import Kept
from .run_panel import StatusPanel, status_values
from .running.bodies import ONLY_UPLOADS, is_own_file
from .running.clients import client_of
from .running.frames import Frame, working
from .running.limits import Limits
from .running.runs import Runs
from .running.workspace import Workspace
from .study import About
from .theme import html
from .transfer_tab import TransferTab
from .unchecked import Number
from .units_page import UnitsPage, UnitsPages
from .zipped import MOST_IN_A_ZIP

if TYPE_CHECKING:
    from ..studies.units import Scan

PAGE = 9  # units shown at once
MOST_ADDED = 12  # pictures a visitor may add one by one
SCANS_KEPT = 12  # of the last visitors; each holds its pictures and some megabytes of places
NOTHING_YET = "before the first picture was looked at."
NOT_KEPT = "No pictures that were looked at are kept here: press Look."
START, FIRST_UNIT = "relu3_1", 0

# In the browser, so that a second press turns the page on from where the first one did.
TURN = "(first) => Math.max(0, Math.max(0, Math.trunc(first) || 0) + {})"

ABOUT = About(
    "What does a unit see?",
    (
        "A unit is one channel of a layer. Here are the nine places, in all pictures, to which it responds "
        "most, each cut out as large as what the unit can see.",
        "The pictures on grey show what in each patch drove the unit: where they are lighter than grey, more "
        "light there would raise its activation; where they are darker, less light would.",
        "Go from relu1_1, which sees edges and colours, to deeper layers, whose patches grow and share a "
        "texture, a curve or a thing.",
    ),
    "After Zeiler & Fergus, “Visualizing and Understanding Convolutional Networks” (2014), figure 2; the "
    "pictures on grey by guided backpropagation, Springenberg et al. (2015).",
)


def scan_run(
    folder: str,
    limits: Limits,
    own: Sequence[str],
    examples: Sequence[Path],
    weights: str,
    keep: Callable[["Scan"], None],
    through: str = RELU_LAYERS[-1],
) -> Iterator[Frame]:
    """Check the visitor's pictures, and return the scan of all as an iterator of Frames that has not begun.

    own       paths of pictures or of one zip of them; examples: those that come with the app
    keep      gets each Scan: they are queried later, in this process, and so never run on a borrowed GPU
    through   the deepest layer looked at

    Raises ImageRefused or SettingsError with one sentence.
    """
    limits.check_weights(weights)
    brought = bring(folder, own, {_digest(file) for file in examples})
    if not brought and not examples:
        raise SettingsError("There is no picture to look at: please add at least one.")
    return _scanned(folder, limits, brought, examples, weights, keep, through)


def _opened(brought: Sequence[Brought], workspace: Workspace) -> Iterator[Image.Image]:
    """The visitor's pictures, until the run is to end: up to 36, of some tenths of a second each."""
    for one in brought:
        if workspace.why_end:
            return
        yield one.take(len(brought) == 1)


def _scanned(
    folder: str,
    limits: Limits,
    brought: Sequence[Brought],
    examples: Sequence[Path],
    weights: str,
    keep: Callable[["Scan"], None],
    through: str,
) -> Iterator[Frame]:
    from ..studies.filters import filters_for
    from ..studies.units import scan_units

    yield Frame("working", "Opening the pictures.")
    workspace = Workspace(folder, limits.max_seconds)
    pictures = [*_opened(brought, workspace), *map(_example, examples)]
    if why := workspace.why_end:
        yield Frame("stopped", f"{why} {NOTHING_YET}")
        return
    settings = Settings(weights=weights, pooling="max")
    filters = yield from each_as(filters_for(settings, pictures, through), working)
    done, of, began = {}, len(pictures), time.monotonic()
    for scan in scan_units(pictures, filters, "cpu"):
        keep(scan)
        done = {
            "evaluation": scan.done,
            "of": scan.of,
            "counted": "picture",
            "features": filters.label,
            "seconds": time.monotonic() - began,
        }
        if scan.done < scan.of and (why := workspace.why_end):
            yield Frame("stopped", f"{why} {_so_far(scan)}", **done)
            return
        if scan.done < scan.of:
            eta = done["seconds"] / scan.done * (of - scan.done) if scan.done else None
            yield Frame("working", "Looking at the pictures.", eta=eta, **done)
    yield Frame("done", f"Looked at {of} pictures with {filters.label}.", **done)


def _so_far(scan: "Scan") -> str:
    return f"after {scan.done} of {scan.of} pictures: these are shown." if scan.done else NOTHING_YET


@cache
def _example(file: Path) -> Image.Image:
    """The scans of all visitors share the examples' pixels: some 20 MB."""
    from ..studies.units import LONGEST_SIDE

    return images.load_picture(file, max_side=LONGEST_SIDE)


@cache
def _digest(file: Path) -> bytes:
    return sha256(file.read_bytes()).digest()


class UnitsTab:
    """Pick the pictures, look, then pick a layer and page through its units."""

    title = ABOUT.title

    def __init__(self, runs: Runs, gallery: Gallery, transfer: TransferTab) -> None:
        self.runs, self.gallery, self.pages = runs, gallery, UnitsPages(runs)
        self.scans: Kept[Scan] = Kept(SCANS_KEPT, NOT_KEPT, runs.limits.keep_seconds)
        runs.sweeper.add(self.scans.sweep)
        html(ABOUT.html)
        self._build()
        self._wire([transfer.content, transfer.style])

    def _build(self) -> None:
        with gr.Row():
            self.added = gr.File(
                label="Add pictures of your own",
                file_count="multiple",
                file_types=["image", ".zip"],
                type="filepath",
                height=140,
                elem_id="units-added",
            )
            with gr.Column():
                self.weights = weights_choice()
                at_hand = len(self.gallery.all_files)
                html(
                    status.note(
                        f"Looks at {at_hand} example pictures, the two of the Transfer tab, and yours: up to "
                        f"{MOST_ADDED}, or one zip of up to {MOST_IN_A_ZIP}."
                    )
                )
        self.panel = StatusPanel("units", "Look")
        with gr.Row(elem_classes="pager"):
            self.layer = gr.Dropdown(
                list(RELU_LAYERS), value=START, label="Layer", min_width=120, elem_id="units-layer"
            )
            self.first = Number(
                FIRST_UNIT, label="Unit", minimum=0, precision=0, min_width=100, elem_id="units-first"
            )
            self.back = gr.Button("Previous nine", elem_id="units-back", min_width=120)
            self.on = gr.Button("Next nine", elem_id="units-on", min_width=120)
        self.units = html(example_units(), elem_id="units")
        self.seen = gr.State((START, FIRST_UNIT))

    def _wire(self, pair: Sequence[Any]) -> None:
        """pair: the content and the style image of the Transfer tab."""
        place = [self.layer, self.first, self.seen]
        shown = [self.units, self.first, self.seen, self.panel.stop]
        ended = self.panel.wire(self.runs, self.scan, [self.added, *pair, self.weights])
        # "multiple": the next page is asked for while what drove the units of this one still comes in.
        paged = {"trigger_mode": "multiple", **PRIVATE, **in_line(self.runs)}
        ended.then(self._looked, [self.panel.shown, *place], shown, **paged)
        self.layer.input(self.page, place, shown, **paged)
        self.first.submit(self.page, place, shown, **paged)
        self.first.blur(self._left, place, shown, **paged)
        for button, step in ((self.back, -PAGE), (self.on, PAGE)):
            turned = button.click(None, self.first, self.first, js=TURN.format(step))
            paged_on = turned.then(self.page, place, shown, **paged)
            # One that was not taken, as there are too many, moves the number back to the page that is seen.
            paged_on.failure(lambda seen: seen[1], self.seen, self.first, **QUIET)

    def scan(
        self,
        request: gr.Request,
        added: Sequence[str] | None,
        content: str | None,
        style: str | None,
        weights: str,
    ) -> Iterator[tuple[str, Frame]]:
        session, frames = request.session_hash or "", iter(())
        keep = lambda scan: scan.done and self.scans.put(session, scan)  # noqa: E731
        try:
            own = [*_checked(added or ()), *(path for path in (content, style) if path)]
            client = client_of(request, self.panel.name)
            frames = self.runs.stream(client, scan_run, own, self.gallery.all_files, weights, keep)
        except NSTError as error:
            frames = iter([Frame("failed", str(error), refused=True)])
        yield from status_values(frames)

    def page(
        self, request: gr.Request, layer: str, first: Any, seen: tuple[str, int]
    ) -> Iterator[tuple[Any, ...]]:
        """Values for `shown`: HTML of nine units, their patches at once, then what drove them, unit by unit,
        in turn; which is the first; what is seen; and Stop, as that is a run too."""
        for values in self._page(request, layer, first, seen):
            goes_on = self.runs.goes_on(request.session_hash, self.panel.name)
            yield *values, gr.Button(interactive=goes_on)

    def _page(
        self, request: gr.Request, layer: str, first: Any, seen: tuple[str, int]
    ) -> Iterator[tuple[Any, ...]]:
        session, asked = request.session_hash or "", first
        try:
            scan = self.scans.get(session)
            first = min(_unit(asked), scan.units(layer) - PAGE)
            page = UnitsPage(scan, layer, range(first, first + PAGE))
        except NSTError as error:
            gr.Warning(str(error))  # what is there, the example or an earlier page, stays
            yield gr.skip(), seen[1], gr.skip()  # a press of Next nine has moved on already
            # Gradio sends what was yielded last a second time, when somebody may be typing the next unit.
            yield gr.skip(), gr.skip(), gr.skip()
            return
        for number, units in enumerate(self.pages.show(client_of(request, self.panel.name), page)):
            if units is None:
                yield gr.skip(), gr.skip(), gr.skip()
            elif number:  # of the newest page, which may be another than this
                yield units, gr.skip(), gr.skip()
            else:  # a box that is right is left alone: its visitor may be typing the next unit
                yield units, gr.skip() if first == asked else first, (layer, first)

    def _looked(self, request: gr.Request, last: Frame | None, *place: Any) -> Iterator[tuple[Any, ...]]:
        """The page after a look, unless that saw no picture, as the status says: an earlier page stays."""
        if last and last.evaluation and self.scans.has(request.session_hash or ""):
            yield from self.page(request, *place)
        else:
            yield tuple(gr.skip() for _ in range(4))

    def _left(
        self, request: gr.Request, layer: str, first: Any, seen: tuple[str, int]
    ) -> Iterator[tuple[Any, ...]]:
        """The page of the unit whose box was left, unless it is the one that is seen or there is none yet."""
        if (layer, first) != seen and self.scans.has(request.session_hash or ""):
            yield from self.page(request, layer, first, seen)
        else:
            yield tuple(gr.skip() for _ in range(4))


def _checked(added: Sequence[str]) -> Sequence[str]:
    """The files that a visitor added. Raises ImageRefused for another's, and for too many."""
    if not all(is_own_file(path) for path in added):
        raise ImageRefused(ONLY_UPLOADS)
    if len(added) > MOST_ADDED:
        raise ImageRefused(
            f"You added {len(added)} pictures and at most {MOST_ADDED} are looked at: please remove some, or "
            f"put up to {MOST_IN_A_ZIP} into one zip."
        )
    return added


def _unit(first: Any) -> int:
    """The unit asked for by whatever a client sends; the first one for what is no number."""
    try:
        return max(0, int(first))
    except (TypeError, ValueError, OverflowError):
        return FIRST_UNIT
