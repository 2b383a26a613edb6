"""What the studies share on the page: what each opens with, and the pictures they take."""

from dataclasses import dataclass
from html import escape

from . import status
from .gallery import Gallery


@dataclass(frozen=True)
class About:
    """What a tab opens with: a question, three short paragraphs that say what is shown and what to look for,
    and where it comes from."""

    title: str
    paragraphs: tuple[str, str, str]
    source: str

    @property
    def html(self) -> str:
        said = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in self.paragraphs)
        return (
            f'<div class="about"><h2>{escape(self.title)}</h2>{said}'
            f'<p class="note">{escape(self.source)}</p></div>'
        )


@dataclass(frozen=True)
class Given:
    """The pictures of the Transfer tab, or, where there are none yet, those of the example sheets."""

    gallery: Gallery

    @property
    def note(self) -> str:
        pair = self.gallery.studied
        instead = f" Without them: {pair.name}." if pair else ""
        return status.note(f"Uses the content and the style image of the Transfer tab.{instead}")

    def both(self, content: str | None, style: str | None) -> tuple[str | None, str | None]:
        """Paths of a content and a style image; None where there is nothing at all."""
        if pair := self.gallery.studied:
            return content or str(pair.content.file), style or str(pair.style.file)
        return content, style
