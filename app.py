"""Neural style transfer you can watch, understand and keep: the page, assembled and launched.

    python app.py                      on http://127.0.0.1:7860
    GRADIO_SERVER_NAME=0.0.0.0 …       for the whole network

Environment variables set the limits (nst/ui/running/limits.py) and GRADIO_MCP_SERVER=True an MCP server.
"""

import logging
import os
import signal
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported

# Before gradio, which it lets be imported in half the time: nst/ui/stubs.py.
import nst.ui  # noqa: F401

# isort: split

import gradio as gr
from gradio.routes import file_upload_statuses
from gradio.tunneling import CURRENT_TUNNELS
from PIL import Image

from nst import decoding
from nst.errors import NSTError, SettingsError
from nst.images import LIMITS
from nst.network.layers import deepest
from nst.settings import Settings
from nst.ui.address import next_button, wire_address
from nst.ui.api import add_transfer
from nst.ui.blocks import Page
from nst.ui.board_tabs import GridTab, ReconstructTab
from nst.ui.example_sheets import ExampleSheets
from nst.ui.gallery import read_gallery
from nst.ui.how_tab import HowTab
from nst.ui.parts import add_parts_alike
from nst.ui.row_api import add_between
from nst.ui.running.clients import LISTENERS, trust_proxies
from nst.ui.running.guard import guarded
from nst.ui.running.heaps import share_heaps
from nst.ui.running.leftovers import OldUploads, forget_files
from nst.ui.running.limits import Limits
from nst.ui.running.runs import Runs
from nst.ui.running.sessions import keep_no_events, keep_states_alone
from nst.ui.running.silence import allow_connections, end_silent_connections
from nst.ui.running.sweeping import own_upload_folder
from nst.ui.running.unheard import Unheard, bound_answers
from nst.ui.running.zerogpu import borrowed
from nst.ui.share import preview_head, source_link
from nst.ui.status import credit_note
from nst.ui.studies_api import add_studies
from nst.ui.study import Given
from nst.ui.theme import CSS, THEME, html
from nst.ui.transfer_tab import TransferTab
from nst.ui.units_tab import UnitsTab

logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
logging.getLogger("nst").setLevel(logging.INFO)
log = logging.getLogger("nst.app")

TITLE = "Neural style transfer"
ABOUT = "Your photograph, repainted: watch the optimisation find the picture."
MASTHEAD = f'<header class="masthead"><h1>{TITLE}</h1><p>{ABOUT}</p></header>'

try:
    limits = Limits.from_environment()
except SettingsError as error:
    raise SystemExit(str(error)) from None

# Pillow refuses twice this to all who use it here, Gradio's own decoding included; its default lets 89
# megapixels pass in silence.
Image.MAX_IMAGE_PIXELS = LIMITS.other_pixels
own_upload_folder()
share_heaps()
keep_no_events()
runs = Runs(limits)
gallery = read_gallery()
given, examples = Given(gallery), ExampleSheets(gallery)

with Page(
    fill_width=True,
    title=TITLE,
    analytics_enabled=False,
) as demo:
    html(MASTHEAD)
    with gr.Tabs(overflow_behavior="wrap") as tabs:
        with gr.Tab("Transfer", id="transfer") as first:
            transfer = TransferTab(runs, gallery)
            next_button(tabs, "grid", GridTab.title)
        with gr.Tab(GridTab.title, id="grid") as second:
            grid = GridTab(runs, given, examples, transfer, tabs)
            next_button(tabs, "reconstruct", ReconstructTab.title)
        with gr.Tab(ReconstructTab.title, id="reconstruct") as third:
            reconstruct = ReconstructTab(runs, given, examples, transfer)
            next_button(tabs, "units", UnitsTab.title)
        with gr.Tab(UnitsTab.title, id="units") as fourth:
            UnitsTab(runs, gallery, transfer)
            next_button(tabs, "how", HowTab.title)
        with gr.Tab(HowTab.title, id="how") as fifth:
            HowTab(runs, given, transfer)
            next_button(tabs, "transfer", "paint your own")
    add_transfer(runs)
    add_studies(runs, given)
    add_between(runs)
    add_parts_alike(runs)
    transfer.on_load(demo)
    for study in (grid, reconstruct):
        study.estimate.after(demo.load)
        study.estimate.after(transfer.ended.then)
    wire_address(demo, tabs, (first, second, third, fourth, fifth), transfer, gallery)
    html(credit_note() + source_link())

runs.folders.keep(file for block in demo.blocks.values() for file in block.keep_in_cache)

# Visitors wait for the device in Runs, which can say for how long. This limit is only a second one behind it.
demo.queue(max_size=limits.places + 16)
bound_answers(demo._queue)
keep_states_alone()
# By default Gradio looks for the next event every millisecond, and for progress, which nothing here reports,
# every ten: 8 % of a core at rest.
demo._queue.sleep_when_free, demo._queue.progress_update_sleep_when_free = 0.02, 0.2  # seconds


def warm_up() -> None:
    """Import torch, read the filters and measure the processor, so that the first visitor need not wait."""
    from nst.device import choose, use_every_core
    from nst.report import result_of
    from nst.weights import find_filters

    try:
        decoding.warm_up()
        use_every_core()
        result_of(find_filters("auto", deepest(Settings().layers)))
        if not borrowed():  # there the device is a worker's, and must not be touched from here
            choose()
    except NSTError as error:
        log.error("%s", error)


def launch() -> Any:
    """Start the server. The look belongs to launch() in Gradio 6, not to Blocks."""
    trust_proxies()
    allow_connections()
    served = demo.launch(
        prevent_thread_lock=True,
        theme=THEME,
        css_paths=CSS,
        footer_links=["api", "gradio"],
        show_error=False,
        run_history=False,
        enable_monitoring=False,
        pwa=False,
        max_file_size=LIMITS.bytes,
        app_kwargs=guarded(runs.folders),
        state_session_capacity=2000,  # 20 kB each, 70 after a painting
        allowed_paths=[str(file) for file in gallery.served],
        head=preview_head(TITLE, ABOUT, gallery.example),
    )
    end_silent_connections(demo.server)
    runs.sweeper.add(Unheard(demo._queue, LISTENERS.has).forget)
    runs.sweeper.add(OldUploads(file_upload_statuses).forget)
    runs.sweeper.add(partial(forget_files, demo.temp_file_sets))
    Thread(target=warm_up, name="nst-warm-up", daemon=True).start()
    # block_thread() would wait five seconds for whoever listens. Where Node serves, Gradio raises SystemExit.
    with suppress(KeyboardInterrupt, SystemExit):
        while demo.server.thread.is_alive():
            demo.server.thread.join(1.0)  # on Windows nothing interrupts a join
    leave()
    return served


def leave() -> None:
    """End the process as Ctrl-C ends a program, without waiting for what computes.

    Nothing can interrupt an evaluation, and Python's own end, which takes the interpreter away under it, may
    abort with a core dump.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C would interrupt this
    runs.close()
    decoding.close()
    for tunnel in CURRENT_TUNNELS:
        tunnel.kill()
    logging.shutdown()
    os._exit(128 + signal.SIGINT)


if __name__ == "__main__" or os.environ.get("SYSTEM") == "spaces":
    launch()
