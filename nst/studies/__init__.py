"""What the course shows, each a study of its own: what stylize() is made of, looked at from another side.

grid.py          rows add style layers, columns raise α/β
reconstruct.py   what each layer keeps of content and of style; compare.py, three optimisers on one objective
units.py         the nine patches each unit responds to most; guided.py, what in a patch drove it
gram.py          Gram matrices, channels and pairs of channels; measure.py, every number in J

board.py is what the painted studies yield and outlines.py what they begin with, descents.py how many pictures
are painted side by side. sheet.py draws a board as one picture, with lettering.py, palette.py and plot.py;
board_files.py keeps one in a file. patches.py finds and cuts out patches.
"""
