"""What running in public takes: turns, folders, limits, and one visitor's run as a stream of Frames.

limits.py      what one app gives to whom, from the environment
line.py        first come, first served: whose turn it is
workspace.py   one run's folder: previews, the stop flag, the deadline; and the sweeper
frames.py      Frames, which the page is made of, and how a failure becomes the last one
jobs.py        what runs on the device: a painting's or a board's reports as Frames
runs.py        Runs.stream(): waiting, working, stopping, failing, as a stream of Frames
guard.py       request bodies are small and name no foreign file
zerogpu.py     the one decorator that a Space with borrowed GPUs needs
"""
