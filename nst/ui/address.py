"""The page's own address: which tab, which pair, which settings; and the button that leads to the next tab.

/?tab=grid                         a tab; Back leads to the one before
/?pair=lake-palette-knife          a pair of the gallery, filled in
/?preset=gentle&size=256&seed=7    settings, by the names of Settings; they change the pair's

A pair and settings are there until something is painted, which is then what a reload fills in.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from ..errors import NSTError
from ..presets import preset
from ..settings import BOUNDS, FLAGS, NAMED_WEIGHTS, Settings
from ..settings_text import read_layers
from . import status
from .events import QUIET, TO_TAB
from .form import IN_AN_ADDRESS, LAYERS
from .gallery import Gallery, Pair
from .transfer_tab import TransferTab

# The first tab is opened by the page itself, which must not overwrite an address before it is read. A tab
# that Back leads to is opened as a visitor opens it, when its name is in the address already. One that a
# visitor opened before that is written into it then.
READY = """
() => {
  const names = %s, named = () => new URL(location.href).searchParams.get('tab');
  window.tabInAddress = () => names.includes(named()) ? named() : names[0];
  addEventListener('popstate', () => document.querySelector(`[data-tab-id="${tabInAddress()}"]`)?.click());
  setTimeout(() => {
    window.addressRead = true;
    const opened = document.querySelector('[data-tab-id][aria-selected=true]')?.dataset.tabId;
    if (!opened || tabInAddress() === opened) return;
    const here = new URL(location.href);
    here.searchParams.set('tab', opened);
    history.replaceState(history.state, '', here);
  }, 300);
}
"""
# A phone shows only some of the tabs, in a row that can be scrolled.
OPENED = """
() => {
  const button = document.querySelector('[data-tab-id=%s]'), row = button?.closest('[role=tablist]');
  const [inside, outside] = [button, row].map((e) => e?.getBoundingClientRect());
  if (row) row.scrollLeft += (inside.left + inside.right - outside.left - outside.right) / 2;
  if (!window.addressRead || tabInAddress() === %s) return;
  const here = new URL(location.href);
  here.searchParams.set('tab', %s);
  history.pushState(null, '', here);
}
"""


def settings_in(query: Mapping[str, str], start: Settings | None = None) -> Settings | None:
    """The settings an address names, changing `start`; None where it names none. Raises SettingsError."""
    named = {name: text for name, text in query.items() if name in IN_AN_ADDRESS}
    if not named:
        return start
    values = {name: _value(name, text) for name, text in named.items()}
    if "preset" in values:
        return preset(values.pop("preset"), **values)
    return Settings.from_dict({**(start or Settings()).to_dict(), **values})


def _value(name: str, text: str) -> Any:
    if name in LAYERS:
        return read_layers(text.split(","))
    if name in FLAGS:
        return text.lower() in ("true", "1", "yes")
    if name == "weights":
        return text if text in NAMED_WEIGHTS else "auto"
    if name in BOUNDS:
        try:
            return float(text)
        except ValueError:
            return text  # Settings says what it should be
    return text


def slug(pair: Pair) -> str:
    """A pair's name in an address: that of its outcome's file."""
    return pair.outcome.stem


def wire_address(
    demo: gr.Blocks,
    tabs: gr.Tabs,
    each: Sequence[gr.Tab],
    transfer: TransferTab,
    gallery: Gallery,
) -> None:
    """What the address names is filled in; a tab that is opened goes into the address."""
    form = transfer.form
    known = {tab.id: tab for tab in each}

    def opened(request: gr.Request) -> list[Any]:
        query = dict(request.query_params)
        pair = next((pair for pair in gallery.pairs if slug(pair) == query.get("pair")), None)
        selected = gr.Tabs(selected=query["tab"]) if query.get("tab") in known else gr.skip()
        pictures = [str(pair.content.file), str(pair.style.file)] if pair else [gr.skip(), gr.skip()]
        unchanged = [gr.skip() for _ in form.filled]
        try:
            settings = settings_in(query, pair.settings if pair else None)
        except NSTError as error:
            return [selected, *pictures, status.note(str(error), "refused"), *unchanged]
        if settings is None:
            return [selected, *pictures, gr.skip(), *unchanged]
        said = form.lowered(settings)
        note = status.note(said) if said else gr.skip()
        return [selected, *pictures, note, *form.fill(form.fitted(settings))]

    outputs = [tabs, transfer.content, transfer.style, transfer.note, *form.filled]
    names = {name: json.dumps(str(name)) for name in known}
    demo.load(opened, None, outputs, **QUIET).then(None, js=READY % json.dumps([*map(str, known)]))
    for name, tab in known.items():
        tab.select(None, js=OPENED % ((names[name],) * 3))


def next_button(tabs: gr.Tabs, tab: str, title: str) -> None:
    """A button at a tab's end that opens another one at its top."""
    button = gr.Button(f"Next: {title} →", elem_classes="next", size="sm", min_width=200)
    opened = button.click(lambda: gr.Tabs(selected=tab), None, tabs, **QUIET)
    opened.then(None, js=TO_TAB.format(tab))
