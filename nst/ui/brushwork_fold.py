"""The fold of the brushwork's size: a piece of the picture at three style scales, to choose one by."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import gradio as gr

from ..errors import NSTError
from ..images import open_own
from ..settings import BRUSHWORK_SCALES, Settings
from . import status
from .events import EACH, PRIVATE, QUIET, follow
from .folds import titled
from .form import Form
from .gallery import PICKED
from .inlined import inline
from .painting import painting
from .painting_jobs import Pieces
from .run_panel import now_and_then, run_in_a_fold
from .running.clients import client_of
from .running.frames import Frame
from .running.limits import Limits
from .running.runs import Runs
from .theme import html

TITLE, NAME, USUAL = "Brushwork", "brushwork", Settings()
# The piece of the style scale that is set, from wherever that was moved.
MARK = f"""
(scale) => document.querySelectorAll('#pieces button').forEach((piece, index) =>
  piece.setAttribute('aria-pressed', {[*BRUSHWORK_SCALES]}[index] === scale))
"""
NAMES = ("Fine", "As the style image", "Large")


class BrushworkFold:
    """Built where it stands; wire() once the pictures are there."""

    def __init__(self, form: Form) -> None:
        self.form = form
        with gr.Accordion(TITLE, open=False, elem_id=NAME) as self.fold:
            form.brushwork()
            html(
                status.note(
                    "Try it first on the middle of the picture, and press the piece whose strokes you like. "
                    "The strokes are as wide as in the whole picture; colours and large shapes may differ."
                )
            )
            with gr.Row(elem_classes="proposal"):
                self.run = gr.Button("Try three sizes", size="sm", scale=3, elem_id="try-brushwork")
                self.stop = gr.Button("Stop", size="sm", scale=1, min_width=70, interactive=False)
            self.said = html(elem_classes="said-if-any", elem_id="brushwork-said")
            self.pieces = html(js_on_load=PICKED, elem_id="pieces")
            self.painted = gr.State(())

    def wire(self, runs: Runs, pictures: Sequence[gr.Image]) -> None:
        """pictures: the content image's and those of the style images."""
        self.runs = runs
        seen = [self.said, self.pieces, self.painted]
        inputs = [*pictures, *self.form.inputs]
        run_in_a_fold(runs, NAME, [self.run, self.stop], self._try, inputs, seen)
        sliders = [self.form.settings[name] for name in ("style_scale", "style_crop", "style_rotation")]
        follow([slider.change for slider in sliders], _in_use, sliders, [self.fold])
        scale = sliders[0]
        pressed = self.pieces.select(_chosen, self.painted, scale, **EACH, **QUIET)
        for moved in (pressed.then, scale.change):
            moved(None, scale, None, js=MARK, **PRIVATE)

    def _try(
        self, request: gr.Request, content: str | None, style: str | None, *rest: Any
    ) -> Iterator[tuple[Any, ...]]:
        """Values for what is said, the pieces as HTML and their paths."""
        further, values = rest[:3], rest[3:]
        try:
            settings = self.form.read(values, further if style else (None, None, None))
            given = content, [style, *further], settings
            frames: Any = self.runs.stream(client_of(request, NAME), brushwork_run, *given)
        except NSTError as error:
            frames = [Frame("failed", str(error))]
        forming = None
        for frame in now_and_then(frames):
            said = status.note(frame.message, "refused" if frame.state == "failed" else "")
            if paths := frame.details.get("pieces", ()):
                yield said, _pieces(paths), tuple(paths)
            elif frame.is_last and forming:
                yield said, "", ()
            elif frame.picture and frame.picture != forming:
                forming = frame.picture
                yield said, _forming(forming), ()
            else:
                yield said, gr.skip(), gr.skip()


def _in_use(*values: Any) -> Any:
    return titled(TITLE, values != (USUAL.style_scale, USUAL.style_crop, USUAL.style_rotation))


def brushwork_run(
    folder: str, limits: Limits, content: str | None, styles: Sequence[str | None], settings: Any
) -> Iterator[Frame]:
    """The run behind “Try three sizes”. Raises ImageRefused or SettingsError with one sentence."""
    kind = partial(Pieces, length=len(BRUSHWORK_SCALES))
    return painting(folder, limits, content, styles, settings, kind=kind)


def _chosen(paths: Sequence[str], event: gr.EventData) -> float:
    """The style scale of the piece that was pressed."""
    index = event.index
    if not isinstance(index, int) or not 0 <= index < len(paths):
        raise gr.Error("There is no such piece.", print_exception=False)
    return BRUSHWORK_SCALES[index]


def _pieces(paths: Sequence[str]) -> Any:
    """HTML of buttons with the pieces; unchanged once they have been deleted or cannot be read."""
    try:
        pictures = [
            inline(open_own(path), f"Style scale {scale:g}")
            for path, scale in zip(paths, BRUSHWORK_SCALES, strict=False)
        ]
    except OSError:
        return gr.skip()
    each = "".join(
        f'<button type="button" data-index="{n}" aria-pressed="false">'
        f'<span class="thumbs">{picture}</span>'
        f'<span class="name">{scale:g}: {name}</span></button>'
        for n, (picture, scale, name) in enumerate(zip(pictures, BRUSHWORK_SCALES, NAMES, strict=False))
    )
    return f'<div class="picks pieces" role="group" aria-label="Sizes of brushwork">{each}</div>'


def _forming(path: str) -> Any:
    """HTML of the pieces while they are painted; nothing where the preview is gone, as a newer one is there,
    or cannot be read: a picture that only shows how it goes ends no run."""
    try:
        return f'<div class="forming">{inline(open_own(path), "The pieces as they form")}</div>'
    except OSError:
        return ""
