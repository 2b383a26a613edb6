"""The page: one module a tab over the engine; what running in public takes is in running/.

transfer_tab.py    the Transfer tab; example_pictures.py, those to choose from, which gallery.py reads
refilling.py       what fills its inputs again: a painting, a recipe, an earlier result to go on with
address.py         which tab, pair and settings the page's address names
other_styles.py    the second, third and fourth style image
form.py            its settings; handles.py, the preset and what moves them; labels.py, their words;
                   shares.py, how much of each style; estimate.py, how long they take
advanced_fold.py   the settings that are not in sight; folds.py, what folds share
board_tabs.py      Layers × α/β and Reconstruct; units_tab.py, how_tab.py: the other two
units_page.py      a page of units, whose costly part is a run
run_panel.py       what every run on the page has: painting_panel.py and sheet_panel.py add what it looks like
study.py           what the studies open with, and the pictures they take
sheet_view.py      a sheet of many pictures as HTML; example_sheets.py, those shown before any run;
                   sheet_estimate.py, how long one takes
example_how.py     an example of How it works, beside example_sheets.py and example_units.py
brushwork_fold.py  pieces of three style scales to choose from
brush.py           a brush on a picture; regions_fold.py, the two of them; parts.py, what proposes for both
in_sight.py        what is said and offered of the painting in sight; visit.py, the paintings of a visit;
                   shown.py, a run, kept beside its painting
opening.py         pictures opened for a run, whichever it is
painting.py        the Transfer tab's run, with its jobs in painting_jobs.py; painting_values.py, what the
                   page shows of it; boards.py, the runs of the boards
measuring.py       the run behind How it works; sums.py, gram_maps.py and moments.py: what its tab is made of
kept.py            what was computed for the last few visitors
status.py          words, figures and the bar; curves.py, the costs as a plot
share.py           a painting's settings as something to run elsewhere, and what a link to the page shows
api.py             the endpoint /transfer, for clients and MCP; row_api.py and studies_api.py, the others
events.py          how Gradio's events run; upload.py and unchecked.py, inputs that pass on what came;
                   blocks.py, what fits no function
refusing.py        a file that is no picture, refused as soon as it is brought
brought.py         the pictures a visitor brings to be looked at; zipped.py, those of a zip
theme.py           colours and fonts; page.css has the rest; inlined.py, pictures inside the page itself
stubs.py           Gradio imported in half the time
"""

from .stubs import leave_out_stubs

leave_out_stubs()  # before Gradio is imported

# spaces patches torch, so it is imported before anything can touch CUDA.
from .running import zerogpu as zerogpu  # noqa: E402
