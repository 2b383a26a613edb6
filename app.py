"""Neural style transfer you can watch, understand and keep: the page, assembled and launched.

    python app.py                      on http://127.0.0.1:7860
    GRADIO_SERVER_NAME=0.0.0.0 …       for the whole network

Environment variables set the limits (nst/ui/running/limits.py) and GRADIO_MCP_SERVER=True an MCP server.
"""

import logging
import os
from threading import Thread
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported

import gradio as gr

from nst.errors import NSTError, SettingsError
from nst.network.layers import deepest
from nst.settings import Settings
from nst.ui.api import add_transfer
from nst.ui.board_tabs import GridTab, ReconstructTab
from nst.ui.example_sheets import ExampleSheets
from nst.ui.gallery import read_gallery
from nst.ui.how_tab import HowTab
from nst.ui.running.guard import GUARDED
from nst.ui.running.limits import Limits
from nst.ui.running.runs import Runs
from nst.ui.running.zerogpu import borrowed
from nst.ui.sheet_panel import Given
from nst.ui.status import CREDITS
from nst.ui.studies_api import add_studies
from nst.ui.theme import CSS, THEME, html
from nst.ui.transfer_tab import TransferTab
from nst.ui.units_tab import UnitsTab

logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
logging.getLogger("nst").setLevel(logging.INFO)
log = logging.getLogger("nst.app")

MASTHEAD = """
<header class="masthead"><h1>Neural style transfer</h1>
<p>Your photograph, repainted: watch the optimisation find the picture.</p></header>
"""

try:
    limits = Limits.from_environment()
except SettingsError as error:
    raise SystemExit(str(error)) from None
runs = Runs(limits)
gallery = read_gallery()
given, examples = Given(gallery), ExampleSheets(gallery)

with gr.Blocks(
    fill_width=True,
    title="Neural style transfer",
    analytics_enabled=False,
    delete_cache=(600, limits.keep_seconds),
) as demo:
    html(MASTHEAD)
    with gr.Tabs() as tabs:
        with gr.Tab("Transfer", id="transfer"):
            transfer = TransferTab(runs, gallery)
        with gr.Tab("Layers × α/β", id="grid"):
            GridTab(runs, given, examples, transfer, tabs)
        with gr.Tab("Reconstruct", id="reconstruct"):
            ReconstructTab(runs, given, examples, transfer)
        with gr.Tab("What the network sees", id="units"):
            UnitsTab(runs, gallery, transfer)
        with gr.Tab("How it works", id="how"):
            HowTab(given, transfer)
    add_transfer(runs)
    add_studies(runs, given)
    transfer.on_close(demo)
    html(CREDITS)

# Visitors wait for the device in Runs, which can say for how long. This limit is only a second one behind it.
demo.queue(max_size=limits.places + 16)


def warm_up() -> None:
    """Import torch, read the filters and measure the processor, so that the first visitor need not wait."""
    from nst.device import choose, use_every_core
    from nst.report import result_of
    from nst.weights import find_filters

    try:
        use_every_core()
        result_of(find_filters("auto", deepest(Settings().layers)))
        if not borrowed():  # there the device is a worker's, and must not be touched from here
            choose()
    except NSTError as error:
        log.error("%s", error)


def launch() -> Any:
    """Start the server. The look belongs to launch() in Gradio 6, not to Blocks."""
    served = demo.launch(
        prevent_thread_lock=True,
        theme=THEME,
        css_paths=CSS,
        footer_links=["api", "gradio"],
        show_error=False,
        run_history=False,
        enable_monitoring=False,
        pwa=False,
        max_file_size="20mb",
        app_kwargs=GUARDED,
        state_session_capacity=1000,
        allowed_paths=[str(file) for file in gallery.files],
    )
    Thread(target=warm_up, name="nst-warm-up", daemon=True).start()
    demo.block_thread()
    return served


if __name__ == "__main__" or os.environ.get("SYSTEM") == "spaces":
    launch()
