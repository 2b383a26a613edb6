"""A brush on a picture: what of the content image stays as it is or is painted in the second style, and
which parts of it are painted like which parts of the style image.

Not gr.ImageEditor: it keeps what anybody posts in the memory of the app until it is asked for, and opens it
there. Here a mask is a small PNG inside the event's own data, bounded as every request is.

The value is {"picture": address of the picture, "mask": data: URL of a PNG, "" for none, and "proposal": what
tells one mask that came from here from another}.
"""

import base64
import binascii
import io
from collections.abc import Mapping
from typing import Any

import gradio as gr
from PIL import Image, ImageChops

from ..errors import SettingsError

PREFIX = "data:image/png;base64,"

PARTS = {"lime": "Green part", "yellow": "Yellow part", "cyan": "Cyan part"}  # as regions.py has them
TOOLS = {"red": "Keep as it is", "blue": "Second style", **PARTS}

# The template names the picture alone, so that a stroke, which changes the mask, does not draw it anew.
TEMPLATE = """
<div class="brush">
${value.picture
  ? '<div class="sheet"><img src="' + value.picture + '" alt="The KIND image, to be painted on">'
    + '<canvas aria-label="Regions of the KIND image, painted with the pointer"></canvas></div>'
  : '<p class="note">Choose a KIND image first: it is then painted on here.</p>'}
<fieldset class="tools" aria-label="Brush on the KIND image">
TOOLS
<label class="width">Brush <input type="range" min="8" max="128" value="48"></label>
<button type="button" class="clear">Clear</button>
</fieldset></div>
"""

BRUSH = """
const SIDE = 512;  // pixels of the mask's longer side
let last = null, drawn = null;
const canvas = () => element.querySelector('canvas');
const begin = () => {
  const {naturalWidth: width, naturalHeight: height} = element.querySelector('img');
  const scale = SIDE / Math.max(width, height), sheet = canvas();
  if (sheet.dataset.begun || !width) return;
  [sheet.width, sheet.height] = [Math.round(width * scale), Math.round(height * scale)];
  sheet.dataset.begun = 'yes';
};
// Not before the picture is there, and no longer where another has taken its place.
const hasBegun = () => Boolean(canvas()?.dataset.begun);
const place = (event) => {
  const sheet = canvas(), box = sheet.getBoundingClientRect();
  return [(event.clientX - box.left) * sheet.width / box.width,
          (event.clientY - box.top) * sheet.height / box.height];
};
const stroke = (from, to) => {
  const tool = element.querySelector('input[type=radio]:checked').value;
  const pen = canvas().getContext('2d');
  pen.globalCompositeOperation = tool === 'erase' ? 'destination-out' : 'source-over';
  [pen.strokeStyle, pen.lineCap] = [tool === 'erase' ? 'black' : tool, 'round'];
  pen.lineWidth = Number(element.querySelector('.width input').value);
  // A line without any length is not drawn, and a press that did not move is one.
  pen.beginPath(); pen.moveTo(...from); pen.lineTo(to[0], to[1] + 0.01); pen.stroke();
};
const clear = () => canvas().getContext('2d').clearRect(0, 0, canvas().width, canvas().height);
const isEmpty = () => {
  const {data} = canvas().getContext('2d').getImageData(0, 0, canvas().width, canvas().height);
  return data.every((level, at) => at % 4 !== 3 || level === 0);
};
const mark = (mask) => element.querySelector('.brush').toggleAttribute('data-marked', Boolean(mask));
const keep = (mask) => { mark(mask); props.value = {...props.value, mask}; };
// A proposal is of the parts, which all have green in their colours: what is red or blue stays.
const show = (mask) => {
  const proposed = new Image();
  proposed.onload = async () => {
    await element.querySelector('img')?.decode().catch(() => {});
    if (!canvas()) return;
    begin();
    if (!hasBegun()) return;
    const pen = canvas().getContext('2d'), {width, height} = canvas();
    const before = pen.getImageData(0, 0, width, height).data;
    clear();
    [pen.globalCompositeOperation, pen.imageSmoothingEnabled] = ['source-over', false];
    pen.drawImage(proposed, 0, 0, width, height);
    const now = pen.getImageData(0, 0, width, height);
    let stays = false;
    for (let at = 0; at < now.data.length; at += 4) {
      if (before[at + 3] < 128 || before[at + 1] > 127) continue;
      now.data.set(before.subarray(at, at + 4), at);
      stays = true;
    }
    if (!stays) return;
    pen.putImageData(now, 0, 0);
    keep(canvas().toDataURL('image/png'));
  };
  proposed.src = mask;
};
// A stroke changes the value too, and is told of here when the next one may have been made.
watch('value', () => {
  const {mask, proposal} = props.value;
  if (!proposal || proposal === drawn) return;
  drawn = proposal;
  if (canvas()) mark(mask);
  if (mask) show(mask);
  else if (canvas()) clear();
});
element.addEventListener('pointerdown', (event) => {
  if (event.target !== canvas() || event.button || !event.isPrimary) return;
  event.preventDefault();
  begin();
  if (!hasBegun()) return;
  event.target.setPointerCapture(event.pointerId);
  last = place(event);
  stroke(last, last);
});
element.addEventListener('pointermove', (event) => {
  if (!event.isPrimary) return;  // a second finger, to which no line leads from the first
  if (!event.buttons || !hasBegun()) last = null;  // it was let go elsewhere, as the picture went meanwhile
  if (!last) return;
  const now = place(event);
  stroke(last, now);
  last = now;
});
for (const end of ['pointerup', 'pointercancel']) {
  element.addEventListener(end, (event) => {
    if (!event.isPrimary) return;
    if (last && hasBegun()) keep(isEmpty() ? '' : canvas().toDataURL('image/png'));
    last = null;
  });
}
element.addEventListener('click', (event) => {
  if (!event.target.closest('.clear') || !canvas()) return;
  clear();
  keep('');
});
"""

# From the picture's component to the brush and what was said of a proposal: another has no regions yet. The
# same one, set once more, keeps its own, which are still in sight.
ON = """
(file, brush) => {
  const picture = file?.url ?? '', same = {__type__: 'update'};
  return (brush?.picture ?? '') === picture ? [same, same] : [{picture, mask: ''}, ''];
}
"""

# For brushes: nothing is marked any more.
EMPTY = "(...brushes) => brushes.map((brush) => ({...brush, mask: '', proposal: String(Math.random())}))"


def brush(elem_id: str, kind: str, tools: Mapping[str, str]) -> gr.HTML:
    """The component, with nothing to paint on yet.

    kind    of picture: content or style
    tools   {colour in CSS: what it says}
    """
    entries = [
        f'<label><input type="radio" name="{elem_id}-tool" value="{colour}"{" checked" if first else ""}> '
        f'<i class="mark" style="background: {colour}"></i>{name}</label>'
        for first, (colour, name) in zip((True, *(False,) * len(tools)), tools.items(), strict=False)
    ]
    entries.append(f'<label><input type="radio" name="{elem_id}-tool" value="erase"> Erase</label>')
    template = TEMPLATE.replace("KIND", kind).replace("TOOLS", "\n".join(entries))
    return gr.HTML(
        {"picture": "", "mask": ""},
        html_template=template,
        js_on_load=BRUSH,
        apply_default_css=False,
        elem_id=elem_id,
    )


def address_of(value: Any) -> str:
    """The address of the picture in a brush's value, which is whatever a client sends."""
    return str((value.get("picture") if isinstance(value, dict) else "") or "")


def is_marked(value: Any) -> bool:
    """Whether anything is painted in a brush's value, which is whatever a client sends."""
    return isinstance(value, dict) and bool(value.get("mask"))


def mask_url(mask: Image.Image) -> str:
    """The coloured regions of a mask as a brush's value has them; black is not painted."""
    clear = mask.copy()
    red, green, blue = mask.split()
    clear.putalpha(ImageChops.lighter(ImageChops.lighter(red, green), blue))
    data = io.BytesIO()
    clear.save(data, "PNG")
    return PREFIX + base64.b64encode(data.getvalue()).decode()


def mask_of(value: Any) -> bytes | None:
    """The PNG in a brush's value, which is whatever a client sends; None where nothing is painted.

    Raises SettingsError for what is no mask.
    """
    mask = value.get("mask") if isinstance(value, dict) else None
    if not mask:
        return None
    try:
        if not isinstance(mask, str) or not mask.startswith(PREFIX):
            raise ValueError
        return base64.b64decode(mask[len(PREFIX) :], validate=True)
    except (ValueError, binascii.Error):
        raise SettingsError("The regions cannot be read: clear them and paint them again.") from None
