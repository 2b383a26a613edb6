"""Pictures inside the page itself: small ones, that nobody needs to fetch again."""

import base64
from html import escape
from io import BytesIO

from PIL import Image

from ..images import save_jpeg


def inline(picture: Image.Image, alt: str) -> str:
    """HTML of a picture, as a JPEG."""
    buffer = BytesIO()
    save_jpeg(picture, buffer, quality=88)
    return image_of(buffer.getvalue(), "jpeg", alt)


def image_of(data: bytes, kind: str, alt: str) -> str:
    """HTML of a picture whose file is at hand; kind: of file, as in its MIME type."""
    coded = base64.b64encode(data).decode()
    return f'<img src="data:image/{kind};base64,{coded}" alt="{escape(alt)}">'
