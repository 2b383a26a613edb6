"""How the page's events run: without Gradio's own progress display, and which of several answers counts."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

if TYPE_CHECKING:
    from .running.runs import Runs

Options = dict[str, Any]
PRIVATE: Options = {"api_visibility": "private"}
# Nor does Gradio tell any component how an event fares: a browser would else read the whole state of each
# output, and of all that is in it, whenever a run or another event says something.
NO_PROGRESS: Options = {"show_progress": "hidden", "show_progress_on": []}
QUIET: Options = {"queue": False, **NO_PROGRESS, **PRIVATE}
# As QUIET, for what may be refused: Gradio 6.31 shows no error of an event that is outside the queue.
TOLD: Options = {"concurrency_limit": None, **NO_PROGRESS, **PRIVATE}
# What is typed or pressed while one answer is under way Gradio forgets by default; so the last of it counts.
# Gradio gives the answer that it owes the event data of the one before: for handlers that take none.
LATEST: Options = {"trigger_mode": "always_last"}
# Of an answer to which one was pressed: each counts.
EACH: Options = {"trigger_mode": "multiple"}
# Of what takes a second of the processor and no network: one at a time, whoever asks.
ONE_BY_ONE: Options = {
    "concurrency_id": "films",
    "concurrency_limit": 1,
    **NO_PROGRESS,
    **PRIVATE,
}


# Of what a tick says, as when a preset moves ten controls, only the last goes on. What a step throws ends its
# chain and says nothing.
NEWEST = """
async () => {{
  const newest = (window.newest ??= {{}}), mine = newest[{0}] = {{}};
  await new Promise((go_on) => setTimeout(go_on, 30));
  if (newest[{0}] !== mine) throw new Error('a newer one follows');
}}
"""


def follow(
    events: Sequence[Any], answer: Callable[..., Any], inputs: Sequence[Any], outputs: Sequence[Any]
) -> Any:
    """Call `answer` whenever one of `events` says something, outside the queue; returns its end.

    Of what is said while one answer is under way, the last counts. Gradio 6.31 then sends the whole event
    once more, to all that hear it, and two that hear the same event would go on like that without end. So
    the event itself reaches only the browser, and the answer follows that.
    """
    heard = gr.on(events, None, js=NEWEST.format(outputs[0]._id), **PRIVATE)
    return heard.then(answer, inputs, outputs, **LATEST, **QUIET)


# What an answer is about may be out of sight.
SHOW = "() => setTimeout(() => document.querySelector('{}')?.scrollIntoView({{block: '{}'}}), 100)"
SHOW_NOTE = SHOW.format("#note", "center")
# What opened another tab is out of sight, and a keyboard goes on from there.
TO_TAB = """
() => {{
  scrollTo({{top: 0}});
  document.querySelector('[data-tab-id={}]')?.focus({{preventScroll: true}});
}}
"""


def in_line(runs: "Runs") -> Options:
    """Of every event that computes: it waits in Runs."""
    return {"concurrency_id": "runs", "concurrency_limit": runs.limits.at_once, **NO_PROGRESS}
