"""Settings of a run: every number a person can move, and its bounds. Named ones are in presets.py.

BOUNDS is the one table behind validation, sliders, command line and README. The device is an argument of
stylize(), not a setting: the same settings mean the same picture everywhere, but for rounding.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from numbers import Real
from typing import Any, NamedTuple

from .errors import SettingsError, shown
from .network.layers import depth


class Bound(NamedTuple):
    """Range of one number, the step of its slider, and the help a person reads."""

    low: float
    high: float
    step: float
    help: str
    whole: bool = False


BOUNDS: dict[str, Bound] = {
    "size": Bound(64, 4096, 32, "Longer side, in pixels.", True),
    "evaluations": Bound(
        1, 2000, 10, "Evaluations of the cost over all scales: more is closer to the style, and slower.", True
    ),
    "scales": Bound(
        0, 6, 1, "Sizes from small to full. 0: the app chooses; 1: one size, as in the papers.", True
    ),
    "seed": Bound(
        0,
        2**32 - 1,
        1,
        "Start of the random numbers: the same seed gives the same picture.",
        True,
    ),
    "strength": Bound(
        0.1,
        1000,
        0.1,
        "How heavily the style repaints the content: weight of the style cost relative to the content cost.",
    ),
    "style_scale": Bound(
        0.25,
        2,
        0.05,
        "Length of the style image over the result’s: smaller gives finer strokes. It is never enlarged.",
    ),
    "style_crop": Bound(
        0.25,
        1,
        0.05,
        "Share of the style image's width and height that is used, its middle: less gives larger strokes.",
    ),
    "style_rotation": Bound(
        -180, 180, 5, "Degrees the style image is turned counter-clockwise, with its strokes."
    ),
    "colours": Bound(0, 1, 0.05, "0 paints in the style image's colours, 1 in the content image's."),
    "alpha": Bound(0, 1e12, 1, "α, the weight of the content cost."),
    "beta": Bound(0, 1e12, 1, "β, the weight of the style cost."),
    "tv": Bound(0, 1e9, 0.1, "γ, the weight of total variation: smooths speckle."),
    "noise": Bound(0, 1, 0.05, "Share of noise when starting from a blend of content and noise."),
    "learning_rate": Bound(0.0001, 1, 0.001, "Step of Adam and of gradient descent."),
}

CHOICES: dict[str, tuple[str, ...]] = {
    "canvas": ("content", "1:1", "4:3", "3:4", "16:9", "9:16"),
    "statistic": ("gram", "covariance", "mean-std", "mean", "polynomial", "gaussian", "sliced"),
    "pooling": ("average", "max"),
    "optimizer": ("spectral", "lbfgs", "adam", "gd"),
    "init": ("content", "noise", "blend"),
}

CHOICE_HELP: dict[str, str] = {
    "canvas": "A texture is made of the style alone; the content image is left out.",
    "statistic": "What of a layer is matched; a Gram matrix says which of its channels are active together. "
    "The Gaussian kernel takes twice the time, sliced 3 to 5 times.",
    "pooling": "Maximum is what VGG-19 was trained with; average, the papers’ advice, leaves fine noise.",
    "optimizer": "Spectral L-BFGS needs the fewest evaluations; plain L-BFGS is the papers’.",
    "init": "What the generated image begins as.",
}

FLAGS: dict[str, str] = {
    "keep_colours": "The result keeps the content image’s colours; only its lightness is repainted.",
    "seamless": "Each edge is painted to meet the opposite one. With a photograph they do not fully meet.",
}

# The weights anybody may ask for by name; every other value is the path of a file.
NAMED_WEIGHTS = ("auto", "torchvision", "self-taught")

MOST_STYLES = 4
MOST_WEIGHT = 1_000_000  # of a layer, before the weights are scaled to sum 1

FEWEST_PARTS, MOST_PARTS = 2, 3  # alike in two pictures (alike.py)
FEWEST_PICTURES, MOST_PICTURES = 2, 48  # from one style to another (between.py)
BRUSHWORK_SCALES = (0.5, 1.0, 2.0)  # style scales to choose from (brushwork.py)

# Of Gatys, Ecker & Bethge (2016): the layers of the style; the content has one.
PAPERS_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
PAPERS_CONTENT = "relu4_2"

DEFAULT_CONTENT: dict[str, float] = {PAPERS_CONTENT: 1.0}
DEFAULT_STYLE: dict[str, float] = dict.fromkeys(PAPERS_LAYERS, 0.2)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One run's settings, checked when made: SettingsError names the setting, its range and what came.

    size            longer side of the result in pixels
    evaluations     objective evaluations over all scales (one = one forward and one backward pass)
    scales          number of sizes from coarse to fine; 0 chooses by size
    canvas          "content", or the shape of a texture: the style alone, without a content image
    seamless        each edge is painted to meet the opposite one, which makes a texture a tile; the content
                    cost of a photograph holds its edges apart
    strength        β/α after both costs are made relative to the pictures they come from (objective.weigh);
                    it is raised at the coarser scales (schedule.Scale.used)
    alpha, beta     α and β themselves, in the units of costs.py; both None means: from `strength`
    tv              γ; how TV weighs colour: costs.total_variation, objective.weigh
    content_layers  layer → weight, scaled to sum 1
    style_layers    layer → λ, scaled to sum 1
    statistic       what of a style layer's activations is matched; see statistics.py
    weights         one of NAMED_WEIGHTS, or the path of a weights file
    style_weights   one a style image, scaled to sum 1; () for equal ones
    colours         0 … 1: how far the style image's colours are moved to the content image's beforehand
    keep_colours    keep the content image's colours: only lightness is repainted
    """

    size: int = 512
    evaluations: int = 65
    scales: int = 0
    seed: int = 0
    strength: float = 20.0
    style_scale: float = 1.0
    style_crop: float = 1.0
    style_rotation: float = 0.0
    canvas: str = "content"
    seamless: bool = False
    alpha: float | None = None
    beta: float | None = None
    tv: float = 5.0
    content_layers: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_CONTENT))
    style_layers: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_STYLE))
    statistic: str = "gram"
    pooling: str = "max"
    optimizer: str = "spectral"
    learning_rate: float = 0.02
    init: str = "content"
    noise: float = 0.6
    style_weights: tuple[float, ...] = ()
    colours: float = 0.0
    keep_colours: bool = False
    weights: str = "auto"

    def __post_init__(self) -> None:
        for name, bound in BOUNDS.items():
            value = getattr(self, name)
            if value is None and name in ("alpha", "beta"):
                continue
            object.__setattr__(self, name, _number(name, value, bound))
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise SettingsError(
                    f"{_plain(name)} must be one of {', '.join(choices)}, not {shown(getattr(self, name))}."
                )
        if (self.alpha is None) != (self.beta is None):
            raise SettingsError("Give both α and β, or neither and a strength.")
        if self.alpha == 0 and self.beta == 0:
            raise SettingsError("α and β cannot both be 0: there would be nothing to paint.")
        if self.is_texture and self.beta == 0:
            raise SettingsError("A texture is the style alone: β cannot be 0.")
        for name in FLAGS:
            if not isinstance(getattr(self, name), bool):
                raise SettingsError(f"{_plain(name)} must be true or false.")
        object.__setattr__(self, "style_weights", _style_weights(self.style_weights))
        if not isinstance(self.weights, str) or not self.weights:
            raise SettingsError(f"Weights must be {', '.join(NAMED_WEIGHTS)} or the path of a file.")
        for name in ("content_layers", "style_layers"):
            object.__setattr__(self, name, _layer_weights(name, getattr(self, name)))

    @property
    def is_texture(self) -> bool:
        """Whether there is no content image."""
        return self.canvas != CHOICES["canvas"][0]

    @property
    def has_gram_matrices(self) -> bool:
        """Whether Gram matrices are what is matched of a style layer."""
        return self.statistic == CHOICES["statistic"][0]

    @property
    def has_plain_costs(self) -> bool:
        """Whether J is of a content image and one style image, by Gram matrices, without seamless edges."""
        is_other = self.is_texture or self.seamless or len(self.style_weights) > 1
        return self.has_gram_matrices and not is_other

    @property
    def content_used(self) -> Mapping[str, float]:
        """The layers of the content cost, none for a texture."""
        return {} if self.is_texture else self.content_layers

    @property
    def layers(self) -> tuple[str, ...]:
        """Every layer the run needs, each once."""
        return tuple(dict.fromkeys((*self.content_used, *self.style_layers)))

    def shape(self, content: tuple[int, int] | None) -> tuple[int, int]:
        """(width, height) that the result has the shape of: the content image's, or a texture's canvas.

        Raises SettingsError where there is neither.
        """
        if self.is_texture:
            width, height = map(int, self.canvas.split(":"))
            return width, height
        if content is None:
            raise SettingsError(
                "There is no content image yet: choose the picture to repaint, or a canvas for a texture."
            )
        return content

    def weights_for(self, styles: int) -> tuple[float, ...]:
        """The weight of each of so many style images, with sum 1. Raises SettingsError."""
        if not 1 <= styles <= MOST_STYLES:
            raise SettingsError(
                f"There are {styles} style images and at most {MOST_STYLES} are used: remove some."
                if styles
                else "There is no style image yet: choose the picture to paint like."
            )
        if self.style_weights and len(self.style_weights) != styles:
            raise SettingsError(
                f"There are {len(self.style_weights)} weights for {styles} style "
                f"image{'s' if styles > 1 else ''}: give one weight for each, or none."
            )
        return self.style_weights or (1 / styles,) * styles

    def with_(self, **changes: Any) -> "Settings":
        """A copy with some settings changed, checked again."""
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON can hold them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Settings":
        """The inverse of to_dict(). Raises SettingsError for a name that is no setting."""
        known = {f.name for f in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise SettingsError(
                f"There is no setting {shown(unknown[0])}: there are {', '.join(sorted(known))}."
            )
        return cls(**values)


def _number(name: str, value: Any, bound: Bound) -> float:
    """The value as an int or float within its bound; sliders and JSON may send 512.0 for 512."""
    if not _is_real(value) or not bound.low <= value <= bound.high or (bound.whole and value != int(value)):
        wanted = "a whole number" if bound.whole else "a number"
        raise SettingsError(
            f"{_plain(name)} must be {wanted} from {digits(bound.low)} to {digits(bound.high)}, "
            f"not {'empty' if value is None else shown(value)}."
        )
    return int(value) if bound.whole else float(value)


def _is_real(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def digits(number: float) -> str:
    """A bound as it is read: 4294967295 and 0.001, not 4.29497e+09 and 0.0010."""
    return str(int(number)) if number == int(number) and number < 1e10 else f"{number:g}"


def _layer_weights(name: str, weights: Any) -> dict[str, float]:
    if not isinstance(weights, Mapping) or not weights:
        raise SettingsError(f"{_plain(name)} needs at least one layer, such as relu3_1.")
    for layer, weight in weights.items():
        depth(str(layer))
        if not _is_real(weight) or not 0 <= weight <= MOST_WEIGHT:
            raise SettingsError(
                f"The weight of {layer} must be a number from 0 to {MOST_WEIGHT}, not {shown(weight)}."
            )
    total = sum(weights.values())
    if total == 0:
        raise SettingsError(f"The weights of {_plain(name).lower()} must not all be 0.")
    shares = {layer: _share(weight, total) for layer, weight in weights.items()}
    return {layer: each for layer, each in shares.items() if each > 0}


def _style_weights(weights: Any) -> tuple[float, ...]:
    if not isinstance(weights, Sequence) or isinstance(weights, str) or len(weights) > MOST_STYLES:
        raise SettingsError(
            f"Style weights must be a list of up to {MOST_STYLES} numbers, one a style image."
        )
    for weight in weights:
        if not _is_real(weight) or not 0 <= weight <= MOST_WEIGHT:
            raise SettingsError(
                f"The weight of a style image must be a number from 0 to {MOST_WEIGHT}, not {shown(weight)}."
            )
    if weights and sum(weights) == 0:
        raise SettingsError("The weights of the style images must not all be 0.")
    return tuple(_share(weight, sum(weights)) for weight in weights)


def _share(weight: float, total: float) -> float:
    """A weight over the total of all; one that is a share already, as in to_dict(), stays as it is, though
    their total is 1 only but for rounding."""
    return float(weight if math.isclose(total, 1, rel_tol=1e-12) else weight / total)


def _plain(name: str) -> str:
    names = {"alpha": "α (alpha)", "beta": "β (beta)", "tv": "γ (tv)"}
    return names.get(name, name.replace("_", " ").capitalize())
