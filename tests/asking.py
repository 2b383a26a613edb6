"""What the tests of the endpoints share: Gradio's own client at the real app, and two pictures to send."""

from collections.abc import Iterator
from typing import Any

import pytest
from gradio_client import Client, handle_file
from server import png
from tiny import checks, waves


@pytest.fixture(scope="module")
def client(app, tmp_path_factory) -> Iterator[Client]:
    client = Client(app.url, verbose=False, download_files=tmp_path_factory.mktemp("downloads"))
    yield client
    client.close()


@pytest.fixture
def pair(tmp_path) -> dict[str, Any]:
    """A content and a style image, as the client takes them."""
    files = {"content": tmp_path / "content.png", "style": tmp_path / "style.png"}
    files["content"].write_bytes(png(waves(128, 96)))
    files["style"].write_bytes(png(checks()))
    return {name: handle_file(file) for name, file in files.items()}
