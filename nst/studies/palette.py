"""The colours of a sheet, on white paper and on a dark page."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """Colours as #rrggbb; ink, quiet and each of curves can be read on paper (WCAG 2.1, 4.5 : 1).

    paper    behind everything
    ink      titles and labels; quiet: captions and sources
    empty    a place where nothing is painted yet; rule: the lines of a plot
    curves   one for each line of a plot
    """

    paper: str
    ink: str
    quiet: str
    empty: str
    rule: str
    curves: tuple[str, ...]


LIGHT = Palette(
    paper="#ffffff",
    ink="#1e1d1b",
    quiet="#5f584d",
    empty="#f4f0e8",
    rule="#e7e1d5",
    curves=("#1f6fb5", "#b3420f", "#4a7a1f", "#8b3a8f"),
)
DARK = Palette(
    paper="#1e1d1b",
    ink="#f4f0e8",
    quiet="#a49b8b",
    empty="#2b2926",
    rule="#35322e",
    curves=("#6fb0ee", "#f08a58", "#9acb6b", "#d493d8"),
)
