"""What running in public takes: turns, folders, limits, and one visitor's run as a stream of Frames.

limits.py      what one app gives to whom, from the environment
line.py        first come, first served: whose turn it is
workspace.py   one run's folder: previews, the stop flag, the deadline
sweeping.py    everything in the upload folder: by age, by bytes; and the sweeper
frames.py      Frames, which the page is made of, and how a failure becomes the last one
jobs.py        what runs on the device: a painting's or a board's reports as Frames
runs.py        Runs.stream(): waiting, working, stopping, failing, as a stream of Frames; stops.py, presses of
               Stop that come before their run
clients.py     who asks, by what a client cannot choose, and whether anybody listens
guard.py       every request: routes, sizes, silence; bodies.py what JSON may hold; calls.py, what may be
               asked of Gradio's queue; held.py, what one network address holds at once
uploading.py   an upload as it comes in; responses.py: headers of what is served
silence.py     connections on which nothing goes on are closed; unheard.py, answers that nobody came for;
               sessions.py, what is kept of one; leftovers.py, names of what is over
heaps.py       few heaps for many threads; speed.py, how long a painting will take
zerogpu.py     the one decorator that a Space with borrowed GPUs needs
"""
