"""Frames, which the page is made of, and how every failure becomes the last one."""

import errno
import logging
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from ...errors import ImageRefused, NSTError, SettingsError
from ...settings import Settings

if TYPE_CHECKING:
    from ...report import Report

log = logging.getLogger(__name__)
NO_ROOM = "There is no room on this machine to keep the picture: please try again later."


@dataclass(frozen=True)
class Point:
    """The costs of one evaluation: as they are, and as they weigh in J.

    content, style, tv   in the units of costs.py
    weighted             {"content": α·J_content, layer: β·λ·J_style[layer], …, "tv": γ·TV}; sums to total
    """

    evaluation: int
    total: float
    content: float
    style: Mapping[str, float]
    tv: float
    weighted: Mapping[str, float]


@dataclass(frozen=True)
class Spot:
    """One picture of a sheet of many: its label, its settings, and where it is.

    box   (left, top, right, bottom) as parts of the sheet's width and height, from 0 to 1
    """

    label: str
    settings: Settings
    box: tuple[float, float, float, float]

    @property
    def plain(self) -> dict[str, Any]:
        """What a client is given of it."""
        return {"label": self.label, "settings": self.settings.to_dict()}


@dataclass(frozen=True)
class Moment:
    """A picture of a run, kept to look back on, with the run's own numbers.

    evaluation      after which it was kept; costs: of that evaluation, None where none are known
    path            of its file: a JPEG of at most 640 px, the last one's the lossless PNG
    width, height   in pixels, of what was being painted
    alpha, beta, gamma, kappa, lambdas   the weights in force, which differ from size to size
    """

    evaluation: int
    path: str
    width: int
    height: int
    costs: Point | None = None
    alpha: float | None = None
    beta: float | None = None
    gamma: float | None = None
    kappa: float | None = None
    lambdas: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Frame:
    """What the page shows next; plain values and paths only, so that it can cross a process border.

    state       "waiting", "working", or the last one: "done", "stopped", "failed"
    message     one sentence for the visitor
    ahead       how many turns come before this one, while waiting
    picture     path of the newest preview, a JPEG; in the last Frame the result, if there is one
    dark        path of the same picture for a dark page, None where it is no other
    result      path of the lossless PNG, in the last Frame, None if there is none
    evaluation  how many are done, `of` so many; counted: what they are, where they are no evaluations
    costs       of the newest evaluation; alpha, beta, gamma, kappa, lambdas: the weights
                in force
    features    which filters are in use; device: where they run
    moments     some pictures of the run in order, the finished one last; in the last Frame
    spots       the pictures of a sheet of many, in its last Frame
    details     what else an endpoint answers, as plain values
    refused     whether it failed for what was asked, before anything was painted
    """

    state: str
    message: str
    ahead: int = 0
    picture: str | None = None
    dark: str | None = None
    result: str | None = None
    evaluation: int = 0
    of: int = 0
    counted: str = "evaluation"
    width: int = 0
    height: int = 0
    seconds: float = 0.0
    eta: float | None = None
    costs: Point | None = None
    alpha: float | None = None
    beta: float | None = None
    gamma: float | None = None
    kappa: float | None = None
    lambdas: Mapping[str, float] = field(default_factory=dict)
    features: str = ""
    device: str = ""
    moments: tuple[Moment, ...] = ()
    spots: tuple[Spot, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    refused: bool = False

    @property
    def is_last(self) -> bool:
        return self.state in ("done", "stopped", "failed")

    def moment(self, path: str) -> Moment:
        """What this Frame says of the picture at `path`."""
        return Moment(
            self.evaluation,
            path,
            self.width,
            self.height,
            self.costs,
            self.alpha,
            self.beta,
            self.gamma,
            self.kappa,
            self.lambdas,
        )


def frame_of(report: "Report | None", state: str, message: str, **fields: Any) -> Frame:
    """A Frame with what every report has: how far the run is, and where and with what it runs."""
    if report is None:
        return Frame(state, message, **fields)
    return Frame(
        state,
        message,
        evaluation=report.evaluation,
        of=report.of,
        width=report.size[0],
        height=report.size[1],
        seconds=report.seconds,
        eta=report.eta if state == "working" else None,
        features=report.features,
        device=report.device,
        **fields,
    )


def settled(frames: Iterator[Frame]) -> Iterator[Frame]:
    """The same Frames, with what goes wrong as a last one in plain words instead of an exception.

    gr.Error passes: ZeroGPU speaks of quotas with it. A full disk is told as such. Anything unforeseen gets a
    number, under which the log has the traceback.
    """
    last, refused = Frame("failed", ""), False
    try:
        for last in frames:
            yield last
        return
    except NSTError as error:
        # Where a sentence names a visitor's file, its cause is the one without.
        cause = error.__cause__
        log.info("refused: %r", str(cause if isinstance(cause, NSTError) else error))
        message = str(error)
        refused = isinstance(error, ImageRefused | SettingsError) and not last.evaluation
    except gr.Error:
        raise
    except Exception as error:
        message = NO_ROOM if _is_full(error) else _unforeseen()
    yield replace(last, state="failed", message=message, ahead=0, eta=None, refused=refused)


def _is_full(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _unforeseen() -> str:
    """The sentence for an error that is being handled, whose traceback is logged under its number."""
    number = secrets.token_hex(4)
    log.exception("run failed, number %s", number)
    return (
        "Something went wrong here, and not with what you gave: please try again, and if it "
        f"happens again, report it with the number {number}."
    )


def working(report: object) -> Frame:
    """A Frame that says what is being done."""
    return Frame("working", f"{report}.")
