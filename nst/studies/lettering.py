"""Type on a sheet: the font of the page, which Gradio brings along; without Gradio, Pillow's own.

Gradio is found and not imported. Its IBM Plex Sans has Greek, ×, → and raised digits, and no raised minus,
which is drawn as a small minus at the height of the raised digits.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageDraw, ImageFont

FILES = "templates/frontend/static/fonts/IBMPlexSans/IBMPlexSans-{}.woff2"
RAISED_MINUS = "⁻"
RAISED = 0.62  # of the size of the type: what a raised digit is of a digit

# Pillow's own font has no Greek, no raised digits and few signs.
SPELLED = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "λ": "lambda",
    "×": "x",
    "–": "-",
    "−": "-",
    "→": "->",
    "·": "-",
    "…": "...",
    "²": "^2",
}
POWER_OF_TEN = re.compile(r"10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
TO_PLAIN = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


@dataclass(frozen=True)
class Lettering:
    """A font at one size.

    raised      the same font for the raised minus
    is_spelled  whether the font lacks signs, which are then spelled out
    """

    font: ImageFont.FreeTypeFont
    raised: ImageFont.FreeTypeFont
    is_spelled: bool = False

    def width(self, text: str) -> float:
        """Pixels the text takes on its line."""
        pieces = self._pieces(text)
        minuses = (len(pieces) - 1) * self.raised.getlength("−") if len(pieces) > 1 else 0.0
        return sum(map(self.font.getlength, pieces)) + minuses

    def write(
        self, draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, colour: str, align: str = "l"
    ) -> None:
        """Write one line.

        at      x of its left end, middle or right end, as align is "l", "m" or "r"; y of its base line
        """
        (x, y), (first, *others) = at, self._pieces(text)
        x -= {"l": 0.0, "m": 0.5, "r": 1.0}[align] * self.width(text)
        draw.text((x, y), first, colour, self.font, anchor="ls")
        x += self.font.getlength(first)
        for piece in others:
            draw.text((x, y + self._rise()), "−", colour, self.raised, anchor="ls")
            x += self.raised.getlength("−")
            draw.text((x, y), piece, colour, self.font, anchor="ls")
            x += self.font.getlength(piece)

    def cut(self, text: str, width: float) -> str:
        """The text, or its beginning and … where it is wider."""
        if self.width(text) <= width:
            return text
        while text and self.width(f"{text}…") > width:
            text = text[:-1].rstrip(" ,")
        return f"{text}…"

    def wrapped(self, text: str, width: float) -> list[str]:
        """As many lines as the words need; a word that is wider than a line is cut."""
        lines = [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            lines = [*lines[:-1], longer] if self.width(longer) <= width else [*lines, word]
        return [self.cut(line, width) for line in lines if line]

    def _pieces(self, text: str) -> list[str]:
        """What stands between the raised minuses; the whole text where signs are spelled out."""
        return [spell(text)] if self.is_spelled else text.split(RAISED_MINUS)

    def _rise(self) -> float:
        """From the base line to that of the raised minus: its middle is at the middle of a raised digit."""
        return _middle(self.font, "⁰") - _middle(self.raised, "−")


def _middle(font: ImageFont.FreeTypeFont, sign: str) -> float:
    """The middle of the sign's ink, in pixels below the base line. Pillow's getbbox() reaches down to the
    base line even where there is no ink."""
    mask, (_, top) = font.getmask2(sign, anchor="ls")
    _, first, _, last = mask.getbbox()
    return top + (first + last) / 2


@cache
def lettering(size: int, is_bold: bool = False) -> Lettering:
    """The type of a sheet at a size in pixels."""
    file = _file("Bold" if is_bold else "Regular")
    if file is None:
        font = ImageFont.load_default(size=size)
        assert isinstance(font, ImageFont.FreeTypeFont)  # with a size, and FreeType in Pillow, it always is
        return Lettering(font, font, is_spelled=True)
    return Lettering(ImageFont.truetype(file, size), ImageFont.truetype(file, RAISED * size))


def _file(weight: str) -> str | None:
    """The font's file in the installed Gradio; None without it."""
    spec = find_spec("gradio")
    file = Path(spec.origin).parent / FILES.format(weight) if spec and spec.origin else None
    return str(file) if file and file.is_file() else None


def spell(text: str) -> str:
    """The text with the signs that Pillow's font lacks spelled out: "α/β = 10⁻⁵" → "alpha/beta = 1e-5"."""
    text = POWER_OF_TEN.sub(lambda power: "1e" + power[1].translate(TO_PLAIN), text)
    for sign, word in SPELLED.items():
        text = text.replace(sign, word)
    return text
