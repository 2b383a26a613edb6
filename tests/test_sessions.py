"""What is kept of a session and of answers that nobody came for, at a real server of Gradio's."""

import json
import subprocess
import sys
from typing import Any

import pytest

from nst.ui.running.unheard import ENDED

# In a process of its own: Gradio leaves event loops open, which a test here would be blamed for.
VISITS = """
import json, time
import gradio as gr
import httpx
from nst.ui.running.sessions import keep_no_events, keep_states_alone
from nst.ui.running import unheard as answers
from nst.ui.running.unheard import Unheard, bound_answers

keep_no_events()
keep_states_alone()
talks = []

def talk(name):
    talks.append(name)
    try:
        for number in range(4000):
            yield str(number)
            time.sleep(0.005)
    finally:
        talks.remove(name)

with gr.Blocks() as demo:
    box, count = gr.Textbox(), gr.State(0)
    both = [box, count]
    box.submit(lambda _, count: (gr.Textbox(label=str(count)), count + 1), both, both, queue=False)
    box.submit(str.upper, box, box)
    box.submit(talk, box, box, concurrency_limit=1)
demo.launch(prevent_thread_lock=True, quiet=True)
queue, seen = demo._queue, {"labels": [], "looks": [], "tables": 0}
make_table = queue._get_df

def counted(records):
    seen["tables"] += 1
    return make_table(records)

queue._get_df = counted

def ask(where, event, session, *data):
    body = {"data": data, "fn_index": event, "session_hash": session}
    return httpx.post(f"{demo.local_url}gradio_api/{where}", json=body).raise_for_status().json()

for session in ("a", "b", "a"):
    seen["labels"].append(ask("run/predict", 0, session, "text" * 1000, None)["data"][0]["label"])
kept = [str(vars(session)) for session in demo.state_holder.session_data.values()]
seen["has_text"] = ["text" * 1000 in each for each in kept]
unheard = Unheard(queue, lambda session: session == "listening")

def join(session):
    ask("queue/join", 1, session, "a")
    while queue.event_ids_to_events:
        time.sleep(0.02)

def look():
    unheard.forget()
    kept = queue.pending_messages_per_session, queue.pending_event_ids_session
    seen["looks"].append([sorted(each) for each in kept])

join("deaf")
join("listening")
look()
join("late")
look()
look()

bound_answers(queue)
answers.MOST_WAITING, answers.SPARE = 10, 1

def talk_to(session):
    return ask("queue/join", 2, session, session)["event_id"]

def wait_for(condition):
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()

def last_said_to(session):
    messages = []
    with httpx.stream("GET", f"{demo.local_url}gradio_api/queue/data?session_hash={session}") as stream:
        for line in stream.iter_lines():
            if line.startswith("data:"):
                messages.append(json.loads(line[5:]))
    completed = [one["output"] for one in messages if one["msg"] == "process_completed"]
    return len(messages), completed[-1]

talk_to("mute")
seen["mute ends"] = wait_for(lambda: talks) and wait_for(lambda: not talks)
wait_for(lambda: not queue.event_ids_to_events)
seen["told"] = last_said_to("mute")

talk_to("forgotten")
wait_for(lambda: talks)
for session in ("next", "forgotten too"):
    talk_to(session)
for session in ("forgotten", "forgotten too"):
    queue.pending_messages_per_session.pop(session)
wait_for(lambda: not queue.event_ids_to_events)
seen["goes on"] = not queue.stopped
seen["next"] = last_said_to("next")[1]
seen["events"] = len(queue.event_analytics)
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", VISITS], capture_output=True, text=True, timeout=60, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_of_a_session_its_states_are_kept_and_nothing_that_was_sent(seen):
    assert seen["labels"] == ["0", "0", "1"]
    assert seen["has_text"] == [False, False]


def test_what_nobody_came_for_is_forgotten_at_the_second_look(seen):
    first, second, third = seen["looks"]
    assert first == [["deaf", "listening"]] * 2
    assert second == [["late", "listening"]] * 2
    assert third == [["listening"]] * 2


def test_an_event_whose_answers_nobody_reads_is_ended_and_whoever_comes_is_told(seen):
    assert seen["mute ends"]
    count, said = seen["told"]
    assert count == 10 + 1 + 1  # and that the stream closes
    assert said == {"error": ENDED}


def test_an_event_of_a_session_that_was_forgotten_ends_alone_and_not_the_queue(seen):
    assert seen["goes on"]
    assert seen["next"] == {"error": ENDED}


def test_of_what_was_asked_for_no_list_is_kept_and_no_table_is_made(seen):
    assert (seen["events"], seen["tables"]) == (1, 0)
