"""What is kept of a session, at a real server of Gradio's."""

import json
import subprocess
import sys

# In a process of its own: Gradio leaves event loops open, which a test here would be blamed for.
VISIT = """
import json
import gradio as gr
import httpx
from nst.ui.running.sessions import keep_states_alone

keep_states_alone()
with gr.Blocks() as demo:
    box, count = gr.Textbox(), gr.State(0)
    both = [box, count]
    box.submit(lambda _, count: (gr.Textbox(label=str(count)), count + 1), both, both, queue=False)
demo.launch(prevent_thread_lock=True, quiet=True)
labels = []
for session in ("a", "b", "a"):
    body = {"data": ["text" * 1000, None], "fn_index": 0, "session_hash": session}
    answer = httpx.post(f"{demo.local_url}gradio_api/run/predict", json=body).raise_for_status()
    labels.append(answer.json()["data"][0]["label"])
kept = [str(vars(session)) for session in demo.state_holder.session_data.values()]
print(json.dumps([labels, ["text" * 1000 in each for each in kept]]))
"""


def test_of_a_session_its_states_are_kept_and_nothing_that_was_sent():
    done = subprocess.run([sys.executable, "-c", VISIT], capture_output=True, text=True, check=True)
    labels, has_text = json.loads(done.stdout.splitlines()[-1])
    assert labels == ["0", "0", "1"]
    assert has_text == [False, False]
