"""An app as small as can be over the same Runs: runs whose length a test can set, beside the real one.

`count` writes to the journal when it enters and leaves the device, which is how overlap is seen.
"""

import logging
import os
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import nst.ui  # noqa: F401

# isort: split

import gradio as gr

from nst.errors import NSTError
from nst.images import LIMITS
from nst.settings import Settings
from nst.ui.painting import painting
from nst.ui.running.clients import Client, client_of, trust_proxies
from nst.ui.running.frames import Frame
from nst.ui.running.guard import guarded
from nst.ui.running.limits import Limits
from nst.ui.running.runs import Runs
from nst.ui.running.workspace import Workspace
from nst.ui.upload import Upload

logging.basicConfig(level=logging.INFO)
JOURNAL = Path(os.environ["NST_JOURNAL"])
runs = Runs()


def write(*words: object) -> None:
    with JOURNAL.open("a") as journal:
        print(*words, file=journal, flush=True)


def count(folder: str, limits: Limits, name: str, steps: int, seconds: float) -> Iterator[Frame]:
    """Steps of some seconds each, as an optimiser takes them: nothing can interrupt one."""
    write("called", name)
    return _count(folder, limits, name, int(steps), seconds)


def _count(folder: str, limits: Limits, name: str, steps: int, seconds: float) -> Iterator[Frame]:
    workspace = Workspace(folder, limits.max_seconds)
    write("enter", name)
    try:
        for step in range(1, steps + 1):
            time.sleep(seconds)
            write("step", name, step)
            yield Frame("working", name, evaluation=step, of=steps)
            if reason := workspace.why_end:
                yield Frame("stopped", reason, evaluation=step, of=steps)
                return
        yield Frame("done", name, evaluation=steps, of=steps)
    finally:
        write("leave", name)


def break_down(folder: str, limits: Limits) -> Iterator[Frame]:
    yield Frame("working", "so far, so good")
    raise ZeroDivisionError(f"in {folder}")


def stream(client: Client, *arguments: object) -> Iterator[tuple[str | None, dict]]:
    for frame in runs.stream(client, *arguments):
        yield frame.picture, asdict(frame)


def transfer(content, style, size, evaluations, seed, request: gr.Request):
    settings = {
        "size": size,
        "evaluations": evaluations,
        "seed": seed,
        "weights": "self-taught",
        "style_layers": {"relu1_1": 1, "relu2_1": 1},
        "content_layers": {"relu2_1": 1},
    }
    try:
        chosen = Settings.from_dict(settings)
    except NSTError as error:
        raise gr.Error(str(error), print_exception=False) from None
    yield from stream(client_of(request), painting, content, [style], chosen)


def counting(name, steps, seconds, request: gr.Request):
    yield from stream(client_of(request), count, name, steps, seconds)


def breaking(request: gr.Request):
    yield from stream(client_of(request), break_down)


def stop(request: gr.Request) -> None:
    runs.stop(request.session_hash)


def leave(request: gr.Request) -> None:
    runs.leave(request.session_hash)


with gr.Blocks() as demo:
    picture, state = gr.Image(type="filepath"), gr.JSON()
    content, style = Upload(), Upload()
    size, evaluations, seed = gr.Number(), gr.Number(), gr.Number()
    name, steps, seconds = gr.Textbox(), gr.Number(), gr.Number()
    strength = gr.Slider(0, 10)
    many = {"concurrency_limit": runs.limits.places + 4, "concurrency_id": "device"}
    start, count_, break_, stop_ = (gr.Button() for _ in range(4))
    start.click(transfer, [content, style, size, evaluations, seed], [picture, state], **many)
    count_.click(counting, [name, steps, seconds], [picture, state], **many)
    break_.click(breaking, None, [picture, state], **many)
    stop_.click(stop, queue=False)
    strength.change(lambda value: value, strength, strength, api_name="slide")
    demo.unload(leave)
demo.queue(max_size=runs.limits.places + 16, api_open=False)

if __name__ == "__main__":
    trust_proxies()
    demo.launch(
        max_file_size=LIMITS.bytes,
        show_error=False,
        enable_monitoring=False,
        run_history=False,
        app_kwargs=guarded(runs.folders),
    )
