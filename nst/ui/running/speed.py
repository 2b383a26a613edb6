"""How long a painting will take on this machine: from its calibration, and then from its runs."""

from threading import Lock

from ...network.layers import deepest, work
from ...settings import Settings
from .zerogpu import borrowed

# An evaluation over a forward pass of the convolutions, a pixel: there and back, Gram matrices, the rest. 1.6
# from 256 to 1024 px in bfloat16 on an EPYC of Zen 5, up to 2.4 on older processors.
EVALUATION_OVER_FORWARD = 2.0
# As many pixels take the time of what an evaluation does whatever its size: with these and the margin a run
# at 256, 512 and 2048 px took 5.6 to 6.3 s a million pixels on one processor, and 6.6 to 8.5 without.
WHATEVER_ITS_SIZE = 8000
NEWEST = 0.5  # weight of the last run over those before it
MOST = 2.0  # times slower that one run may seem: others may have taken the processor
# An evaluation with this statistic over one with Gram matrices, at 512 px in bfloat16.
SLOWER = {
    **dict.fromkeys(("covariance", "mean-std", "mean", "polynomial"), 1.4),
    "gaussian": 2.0,
    "sliced": 4.5,
}
CONVOLUTIONS = 0.8  # their share of an evaluation, see benchmarks/NOTES.md
# A sheet of many pictures over one painting of its size and evaluations, at 192 px on two cores.
SHEETS = {"grid": 11.0, "reconstruct": 4.8, "statistics": 11.5, "optimizers": 2.4}
WEIGHTS_THAT_DIFFER = ("self-taught",)  # a network of its own, many times as fast


class Speed:
    """Seconds a pixel and evaluation, by whether the filters are VGG-19's."""

    def __init__(self) -> None:
        self._known: dict[bool, float] = {}
        self._lock = Lock()

    def learn(self, settings: Settings, size: tuple[int, int], seconds: float) -> None:
        """Take a finished run into account.

        size   (width, height) of the content image
        """
        rate = seconds / _pixels(settings, size)
        with self._lock:
            before = self._rate(settings) or rate
            rate = min(rate, before * MOST)
            self._known[_kind(settings)] = NEWEST * rate + (1 - NEWEST) * before

    def seconds(self, settings: Settings, size: tuple[int, int]) -> float | None:
        """About how long a run with these settings takes; None where nothing is known yet."""
        rate = self._rate(settings)
        return None if rate is None else rate * _pixels(settings, size)

    def seconds_of_row(self, settings: Settings, size: tuple[int, int], pictures: int) -> float | None:
        """The same of so many pictures from one style to another, the later ones at the full size alone."""
        from ...between import steps

        first, *later = steps(settings, pictures)
        each = [self.seconds(one, size) for one in (first, *(one.with_(scales=1) for one in later))]
        return sum(filter(None, each)) or None

    def seconds_of_sheet(self, kind: str, settings: Settings, size: tuple[int, int]) -> float | None:
        """The same of a study's sheet of many pictures."""
        seconds = self.seconds(settings, size)
        return None if seconds is None else SHEETS[kind] * seconds

    def _rate(self, settings: Settings) -> float | None:
        return self._known.get(_kind(settings)) or self._from_calibration(settings)

    @staticmethod
    def _from_calibration(settings: Settings) -> float | None:
        """Of a processor; a graphics card is known after its first run."""
        from ...network.calibration import SIDE, calibration

        if borrowed() or _kind(settings) or has_graphics_card():
            return None
        return EVALUATION_OVER_FORWARD * calibration().seconds / SIDE**2


def has_graphics_card() -> bool:
    import torch

    return torch.cuda.is_available() or torch.backends.mps.is_available()


def _kind(settings: Settings) -> bool:
    return settings.weights in WEIGHTS_THAT_DIFFER


def slowness(settings: Settings) -> float:
    """The time of a run over that of one with the usual layers and Gram matrices."""
    share = work(deepest(settings.layers)) / work(deepest(Settings().layers))
    layers = 1 - CONVOLUTIONS + CONVOLUTIONS * share
    return layers * SLOWER.get(settings.statistic, 1.0)


def _pixels(settings: Settings, size: tuple[int, int]) -> float:
    """Pixels of all evaluations at all scales, as many as take the time with Gram matrices."""
    from ...borders import MARGIN
    from ...schedule import schedule

    pixels = 0
    for scale in schedule(settings, *size):
        width, height = (side + 2 * MARGIN for side in scale.size)
        pixels += (width * height + WHATEVER_ITS_SIZE) * scale.evaluations
    return slowness(settings) * pixels
