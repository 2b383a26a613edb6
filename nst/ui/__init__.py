"""The page: one module a tab over the engine, and what running in public takes.

limits.py      what one app gives to whom, from the environment
room.py        first come, first served: whose turn it is
workspace.py   one run's folder: previews, the stop flag, the deadline; and the sweeper
frames.py      what the page is told
runs.py        Runs.stream(): waiting, working, stopping, failing, as a stream of Frames
paint.py       the Transfer tab's run
transfer_tab.py   the Transfer tab; easel.py where a run shows itself, form.py its settings,
               curves.py its costs, status.py its words, gallery.py the pictures to choose from
api.py         the endpoint /transfer, for clients and MCP
look.py        theme; page.css the rest
upload.py      an image input that hands over the file as it came
guard.py       request bodies are small and name no foreign file
raw.py         the endpoint's numbers and choices as they came
zerogpu.py     the one decorator that a Space with borrowed GPUs needs
"""

# spaces patches torch, so it is imported before anything can touch CUDA.
from . import zerogpu as zerogpu
