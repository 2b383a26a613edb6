"""The finished sheets of examples/sheets, drawn when the page is built: what a tab shows before any run."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from gradio.utils import get_upload_folder

from ..images import save_jpeg
from ..studies.board_files import StoredBoard, read_board
from .boards import both_sheets, spots
from .gallery import EXAMPLES, Gallery
from .running.frames import Frame
from .sheet_view import OnSheet

SHEETS = EXAMPLES / "sheets"
QUALITY = 90


@dataclass(frozen=True)
class ExampleSheets:
    """The example sheets of a gallery. One whose file, or a picture of it, is missing is left out."""

    gallery: Gallery
    folder: Path = SHEETS

    def __call__(self, kind: str) -> OnSheet | None:
        """The example of a kind of board, for a page being built; None without one."""
        file = self.folder / f"{kind}.jpg"
        if not file.is_file():
            return None
        kept = read_board(file)
        files = {each.name: str(each.file) for each in (*self.gallery.contents, *self.gallery.styles)}
        if not all(name in files for name in kept.pictures):
            return None
        content, style = (files[name] for name in kept.pictures)
        return OnSheet(
            _frame(kept, sha256(file.read_bytes()).hexdigest()[:16]), (content, style), _said(kept)
        )


def served_folder() -> Path:
    """A folder whose files Gradio serves, and which no run and no sweep touches."""
    folder = Path(get_upload_folder(), "nst-examples")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _frame(kept: StoredBoard, digest: str) -> Frame:
    """The example as the last Frame of a run has it, drawn now."""
    paths = [served_folder() / f"{kept.kind}-{digest}-{mode}.jpg" for mode in ("light", "dark")]
    for sheet, path in zip(both_sheets(kept.board), paths, strict=True):
        save_jpeg(sheet, path, QUALITY)
    return Frame("done", "", picture=str(paths[0]), dark=str(paths[1]), spots=spots(kept.board))


def _said(kept: StoredBoard) -> str:
    content, style = kept.pictures
    settings = kept.settings
    return (
        f"An example: {content} × {style}, each picture {settings.size} px and "
        f"{settings.evaluations} evaluations. Your own pictures take its place."
    )
