"""C, S and G, each with its Gram matrix, and what a layer's channels stand for, as HTML.

Pointing at an entry of a matrix names its two channels and its value in all three: the browser looks it up in
the page itself.
"""

import base64
import json
from collections.abc import Sequence
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image

from ..images import save_png
from .inlined import image_of, inline
from .measuring import Found, Shot

if TYPE_CHECKING:
    from torch import Tensor

    from ..studies.measure import Strongest

NAMES = ("Content image C", "Style image S", "Generated image G")
HINT = "Point at an entry, or reach a matrix with Tab and use the arrow keys: two channels and their values."

# innerHTML runs no script, so the component listens. `at` is the entry pointed at, [row, column].
POINTED = """
let at = null;
const say = () => {
  const grams = element.querySelector('.grams');
  if (!grams || !at) return;
  const channels = JSON.parse(grams.dataset.channels), side = channels.length;
  const [row, column] = at = at.map((n) => Math.max(0, Math.min(side - 1, n)));
  const maps = [...grams.querySelectorAll('.gram')];
  const values = maps.map((map) => {
    const bytes = Uint8Array.from(atob(map.dataset.values), (c) => c.charCodeAt(0));
    const value = new DataView(bytes.buffer).getFloat32(4 * (side * row + column), true);
    return `${map.dataset.name} ${Number(value.toPrecision(3))}`;
  });
  const pair = row === column ? `Channel ${channels[row]} with itself`
    : `Channels ${channels[row]} and ${channels[column]}`;
  const said = `${pair}: ${values.join(', ')}`;
  for (const map of maps) {
    map.title = said;
    map.style.cssText = `--row:${row};--column:${column};--side:${side}`;
  }
  grams.querySelector('.entry').textContent = said;
};
const point = (event) => {
  const map = event.target.closest('.gram');
  if (!map) return;
  const box = map.getBoundingClientRect();
  const side = JSON.parse(element.querySelector('.grams').dataset.channels).length;
  at = [Math.floor(side * (event.clientY - box.top) / box.height),
    Math.floor(side * (event.clientX - box.left) / box.width)];
  say();
};
const STEPS = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]};
element.addEventListener('pointermove', point);
element.addEventListener('pointerdown', point);
element.addEventListener('keydown', (event) => {
  if (!event.target.closest('.gram') || !STEPS[event.key]) return;
  event.preventDefault();
  at = at ? at.map((n, axis) => n + STEPS[event.key][axis]) : [0, 0];
  say();
});
watch('value', say);
"""


def maps_html(found: Found, shot: Shot, layer: str) -> str:
    """The three pictures, each with its Gram matrix at a layer, on one scale for all moments of the run."""
    from ..studies.gram import coloured

    shown = found.strongest[layer].shown
    pictures = (found.content, found.style, shot.picture)
    figures = "".join(
        _beside(name, picture, entries, _crisp(coloured(entries, found.most[layer])), layer)
        for name, picture, entries in zip(NAMES, pictures, shot.measured.grams[layer], strict=True)
    )
    count, of = len(shown), shot.measured.sums[layer].channels
    each = f"{of} channels" if count == of else f"the style’s {count} most active of {of} channels"
    said = f"Gram matrices at {layer}: {each}, brighter is more"
    return (
        f'<div class="grams" data-channels="{json.dumps(list(shown))}">'
        f'<h3 class="section">{escape(said)}</h3>'
        f'<div class="trio">{figures}</div><p class="entry note" role="status">{HINT}</p></div>'
    )


def _beside(name: str, picture: str, entries: "Tensor", matrix: str, layer: str) -> str:
    values = base64.b64encode(entries.float().contiguous().numpy().astype("<f4").tobytes()).decode()
    said = f"Gram matrix of {name[-1]} at {layer}; the arrow keys move from entry to entry"
    return (
        f"<figure><figcaption>{escape(name)}</figcaption>{picture}"
        f'<div class="gram" tabindex="0" role="application" aria-label="{escape(said)}" '
        f'data-name="{name[-1]}" data-values="{values}">{matrix}</div></figure>'
    )


def _crisp(picture: Image.Image) -> str:
    """A small picture whose pixels are seen as squares, without loss."""
    buffer = BytesIO()
    save_png(picture, buffer)
    return image_of(buffer.getvalue(), "png", "")


def strongest_html(found: "Strongest") -> str:
    """The style image's most active channels and the pairs that are active together, with patches."""
    channels = [
        _figure(f"{c.channel}: G = {c.energy:.3g}", inline(p, f"Where channel {c.channel} is most active"))
        for c, p in found.channels
    ]
    pairs = [
        _figure(f"{one} with {other}: r = {pair.correlation:.2f}", inline(p, "Where both are active"))
        for pair, p in found.pairs
        for one, other in [pair.channels]
    ]
    return "".join(
        (
            '<div class="grams">',
            _group("The style’s most active channels (the diagonal), and where", channels),
            _group("Channels active at the same places (off the diagonal), and where", pairs),
            "</div>",
        )
    )


def _group(title: str, figures: Sequence[str]) -> str:
    return f'<h3 class="section">{escape(title)}</h3><div class="heat small">{"".join(figures)}</div>'


def _figure(caption: str, picture: str) -> str:
    return f"<figure><figcaption>{escape(caption)}</figcaption>{picture}</figure>"
