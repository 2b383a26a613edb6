"""Make again what comes of each pair of the gallery: python examples/outcomes.py [NAME …]

Each is painted by this version with the pair's settings and kept as a JPEG whose comment is the recipe.
tests/test_examples.py compares these recipes with the settings of today.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from nst import __version__, load_picture, stylize
from nst.device import use_every_core
from nst.recipe import KEY, recipe_of
from nst.ui.gallery import Pair, read_gallery

QUALITY = 90


def paint(pair: Pair) -> None:
    content, style = load_picture(pair.content.file), load_picture(pair.style.file)
    *_, last = stylize(content, style, pair.settings)
    recipe = recipe_of(pair.settings, last, __version__)
    pair.outcome.parent.mkdir(exist_ok=True)
    last.image.save(pair.outcome, "JPEG", quality=QUALITY, subsampling=0, comment=recipe[KEY].encode())
    print(pair.outcome, f"{last.seconds:.0f} s")


def main() -> None:
    use_every_core()
    for pair in read_gallery().pairs:
        if not sys.argv[1:] or pair.outcome.stem in sys.argv[1:]:
            paint(pair)


if __name__ == "__main__":
    main()
