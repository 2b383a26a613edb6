"""The words of the settings on the page: what each is called, its help, the names of its choices."""

from ..settings import BOUNDS, CHOICE_HELP, CHOICES, FLAGS
from ..studies.outlines import STATISTIC_NAMES
from .events import Options

LABELS = {
    "size": "Size",
    "keep_colours": "Keep the content’s colours",
    "evaluations": "Evaluations",
    "strength": "Strength",
    "style_scale": "Style scale",
    "style_crop": "Style crop",
    "style_rotation": "Style rotation",
    "style_weights": "Share of the second style",
    "colours": "Colours",
    "canvas": "Canvas",
    "seamless": "Seamless",
    "statistic": "Style statistic",
    "seed": "Seed",
    "alpha": "α",
    "beta": "β",
    "tv": "γ, total variation",
    "content_layers": "Content layers",
    "style_layers": "Style layers, with λ",
    "pooling": "Pooling",
    "optimizer": "Optimiser",
    "learning_rate": "Learning rate",
    "init": "Start from",
    "noise": "Noise",
    "scales": "Scales",
    "weights": "Network",
}

# Help for what has none in settings.py, or needs more than that says.
HELP = {
    "strength": "5 gentle, 20 heavy paint, 60 bold.",
    "style_weights": "0 is the first style alone, 1 the second alone, unless there are further styles.",
    "evaluations": "The steps of a run: each computes the costs once. More is closer to the style, slower.",
    "alpha": "Weight of the content cost: how much the scene counts. Empty: α and β come from the strength.",
    "beta": "Weight of the style cost: how much the style counts. Empty: α and β come from the strength.",
    "content_layers": "relu4_2 is the second layer of the network’s fourth block. Deeper layers keep less "
    "detail. Add a weight as relu4_2=0.5.",
    "style_layers": "Shallow layers give colours and fine texture, deep layers strokes and large shapes. λ "
    "is a layer’s weight: equal, or add it as relu3_1=0.5. Unless α and β are set, each layer’s cost is "
    "first divided by its energy in the style image.",
    "weights": "Only the retrained network is downloaded (80 MB); it gives another look. Self-taught is an "
    "experiment: filters learned from your pictures alone.",
}

NAMES = {
    "canvas": {"content": "The content image"}
    | {shape: f"A texture, {shape}" for shape in CHOICES["canvas"][1:]},
    "statistic": {value: name[0].upper() + name[1:] for value, name in STATISTIC_NAMES.items()},
    "pooling": {"average": "Average", "max": "Maximum"},
    "optimizer": {"spectral": "Spectral L-BFGS", "lbfgs": "L-BFGS", "adam": "Adam", "gd": "Gradient descent"},
    "init": {"content": "The content image", "noise": "Noise", "blend": "A blend of both"},
    "weights": {
        "auto": "Automatic (VGG-19)",
        "torchvision": "VGG-19, retrained (download)",
        "self-taught": "Self-taught (experiment)",
    },
}

PRESET_NAMES = {
    "paint": "Paint: large brushwork",
    "gentle": "Gentle: the scene stays",
    "bold": "Bold: the style comes first",
    "fast": "Fast: eight layers, less time",
    "gatys": "Gatys: the authors’ notebook",
    "course": "Course: the exercise",
    "neural-style": "neural-style, Johnson’s",
    "tutorial": "PyTorch’s tutorial",
}


def texts(name: str) -> Options:
    """The label and the help of a setting's control."""
    info = HELP.get(name) or CHOICE_HELP.get(name) or FLAGS.get(name) or BOUNDS[name].help
    return {"label": LABELS[name], "info": info}
