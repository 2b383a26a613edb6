"""A finished board as one file: its pictures side by side in a JPEG, and all else as JSON in its comment.

The sheet is drawn from it anew, so it has the present type and colours. Only for files of our own, such as
the examples: what is read is not checked as a stranger's file is.
"""

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from ..images import save_jpeg
from ..settings import Settings
from .board import Board, Cell

QUALITY = 92
DIGITS = 4  # of the costs of the curves


@dataclass(frozen=True)
class StoredBoard:
    """A board and how it was made.

    kind       "grid", "reconstruct", "statistics" or "optimizers"
    settings   of the board
    pictures   the names of the content and the style image
    """

    kind: str
    settings: Settings
    pictures: tuple[str, str]
    board: Board


def write_board(kept: StoredBoard, path: str | Path) -> None:
    """Write the board. All its cells must be painted."""
    board = kept.board
    width, height = board.size
    sheet = Image.new("RGB", (width * len(board.columns), height * len(board.rows)))
    for cell in board.cells:
        image = cell.image
        assert image is not None
        sheet.paste(image, (cell.column * width, cell.row * height))
    save_jpeg(sheet, path, QUALITY, json.dumps(_plain(kept), ensure_ascii=False, separators=(",", ":")))


def read_board(path: str | Path) -> StoredBoard:
    """The inverse of write_board(); the pictures are those of the JPEG, and costs are None."""
    with Image.open(path) as file:
        found = json.loads(file.info["comment"])
        sheet = file.convert("RGB")
    width, height = found["size"]
    cells = tuple(
        Cell(
            place["row"],
            place["column"],
            place["label"],
            Settings.from_dict(place["settings"]),
            place["evaluation"],
            place["evaluation"],
            caption=place["caption"],
            render=partial(_cut, sheet, (place["column"] * width, place["row"] * height, width, height)),
        )
        for place in found["cells"]
    )
    board = Board(
        title=found["title"],
        source=found["source"],
        features=found["features"],
        rows=tuple(found["rows"]),
        columns=tuple(found["columns"]),
        size=(width, height),
        cells=cells,
        curves={name: tuple(curve) for name, curve in found["curves"].items()},
    )
    first, second = found["pictures"]
    return StoredBoard(found["kind"], Settings.from_dict(found["settings"]), (first, second), board)


def _cut(sheet: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
    left, top, width, height = box
    return sheet.crop((left, top, left + width, top + height))


def _plain(kept: StoredBoard) -> dict[str, Any]:
    board = kept.board
    return {
        "kind": kept.kind,
        "settings": kept.settings.to_dict(),
        "pictures": kept.pictures,
        "title": board.title,
        "source": board.source,
        "features": board.features,
        "rows": board.rows,
        "columns": board.columns,
        "size": board.size,
        "curves": {
            name: [float(f"{cost:.{DIGITS}g}") for cost in curve] for name, curve in board.curves.items()
        },
        "cells": [
            {
                "row": cell.row,
                "column": cell.column,
                "label": cell.label,
                "evaluation": cell.evaluation,
                "caption": cell.caption,
                "settings": cell.settings.to_dict(),
            }
            for cell in board.cells
        ],
    }
