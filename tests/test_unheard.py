"""Answers that nobody came for, at a real server of Gradio's."""

import json
import subprocess
import sys

# In a process of its own: Gradio leaves event loops open, which a test here would be blamed for.
VISITS = """
import json, time
import gradio as gr
import httpx
from nst.ui.running.unheard import Unheard

with gr.Blocks() as demo:
    box = gr.Textbox()
    box.submit(str.upper, box, box)
demo.launch(prevent_thread_lock=True, quiet=True)
queue, seen = demo._queue, []
unheard = Unheard(queue, lambda session: session == "listening")

def join(session):
    body = {"data": ["a"], "fn_index": 0, "session_hash": session}
    httpx.post(f"{demo.local_url}gradio_api/queue/join", json=body).raise_for_status()
    while queue.event_ids_to_events:
        time.sleep(0.02)

def look():
    unheard.forget()
    kept = queue.pending_messages_per_session, queue.pending_event_ids_session
    seen.append([sorted(each) for each in kept])

join("deaf")
join("listening")
look()
join("late")
look()
look()
print(json.dumps(seen))
"""


def test_what_nobody_came_for_is_forgotten_at_the_second_look():
    done = subprocess.run(
        [sys.executable, "-c", VISITS], capture_output=True, text=True, timeout=60, check=True
    )
    first, second, third = json.loads(done.stdout.splitlines()[-1])
    assert first == [["deaf", "listening"]] * 2
    assert second == [["late", "listening"]] * 2
    assert third == [["listening"]] * 2
