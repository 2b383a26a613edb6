"""An image input that hands over the file as it came; opening it is load_picture()'s business.

gr.Image opens the file before the app's code runs: a file it cannot read reaches the visitor as a blank
"Error", and a data: URL of 236 kB makes it decode 81 megapixels.
"""

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import ImageData
from gradio_client.utils import is_http_url_like

from .running.bodies import ONLY_UPLOADS, is_own_file


class Upload(gr.Image):
    """gr.Image whose value in a handler is the path of the uploaded file, untouched and unopened, or None.

    Raises gr.Error for anything but a file uploaded to this app: a data: URL, an address (before any of
    it is fetched), a path elsewhere on the disk.
    """

    is_template = True  # the browser shows gr.Image's own view

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"type": "filepath", "image_mode": None, **kwargs})

    def get_config(self, cls: type | None = None) -> dict[str, Any]:
        # Gradio reads what the browser needs to know off the constructor's signature, and ours names nothing.
        return super().get_config(gr.Image)

    def preprocess(self, payload: ImageData | None) -> str | None:
        if payload is None:
            return None
        in_url = (payload.url or "").startswith("data:")
        if in_url or not payload.path or not is_own_file(payload.path):
            raise gr.Error(ONLY_UPLOADS, print_exception=False)
        return payload.path

    async def async_move_resource_to_block_cache(self, url_or_file_path: str | Path | None) -> str | None:
        if is_http_url_like(url_or_file_path):
            raise gr.Error(ONLY_UPLOADS, print_exception=False)
        return await super().async_move_resource_to_block_cache(url_or_file_path)
