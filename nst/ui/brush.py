"""A brush on the content image: what stays as it is, and what is painted in the second style.

Not gr.ImageEditor: it keeps what anybody posts in the memory of the app until it is asked for, and opens it
there. Here a mask is a small PNG inside the event's own data, bounded as every request is.

The value is {"picture": address of the content image, "mask": data: URL of a PNG, "" for none}.
"""

import base64
import binascii
from typing import Any

import gradio as gr

from ..errors import SettingsError

PREFIX = "data:image/png;base64,"

# The template names the picture alone, so that a stroke, which changes the mask, does not draw it anew.
TEMPLATE = """
<div class="brush">
${value.picture
  ? '<div class="sheet"><img src="' + value.picture + '" alt="The content image, to be painted on">'
    + '<canvas aria-label="Regions, painted with the pointer"></canvas></div>'
  : '<p class="note">Choose a content image first: it is then painted on here.</p>'}
<fieldset class="tools">
<label><input type="radio" name="brush-tool" value="red" checked> Keep as it is</label>
<label><input type="radio" name="brush-tool" value="blue"> Second style</label>
<label><input type="radio" name="brush-tool" value="erase"> Erase</label>
<label class="width">Brush <input type="range" min="8" max="128" value="48"></label>
<button type="button" class="clear">Clear</button>
</fieldset></div>
"""

BRUSH = """
const SIDE = 512;  // pixels of the mask's longer side
let last = null;
const canvas = () => element.querySelector('canvas');
const begin = () => {
  const {naturalWidth: width, naturalHeight: height} = element.querySelector('img');
  const scale = SIDE / Math.max(width, height), sheet = canvas();
  if (sheet.dataset.begun) return;
  [sheet.width, sheet.height] = [Math.round(width * scale), Math.round(height * scale)];
  sheet.dataset.begun = 'yes';
};
const place = (event) => {
  const sheet = canvas(), box = sheet.getBoundingClientRect();
  return [(event.clientX - box.left) * sheet.width / box.width,
          (event.clientY - box.top) * sheet.height / box.height];
};
const stroke = (from, to) => {
  const tool = element.querySelector('input[name=brush-tool]:checked').value;
  const pen = canvas().getContext('2d');
  pen.globalCompositeOperation = tool === 'erase' ? 'destination-out' : 'source-over';
  [pen.strokeStyle, pen.lineCap] = [tool === 'erase' ? 'black' : tool, 'round'];
  pen.lineWidth = Number(element.querySelector('.width input').value);
  pen.beginPath(); pen.moveTo(...from); pen.lineTo(...to); pen.stroke();
};
const keep = (mask) => { props.value = {...props.value, mask}; };
element.addEventListener('pointerdown', (event) => {
  if (event.target !== canvas() || event.button) return;
  event.preventDefault();
  begin();
  event.target.setPointerCapture(event.pointerId);
  last = place(event);
  stroke(last, last);
});
element.addEventListener('pointermove', (event) => {
  if (!last) return;
  const now = place(event);
  stroke(last, now);
  last = now;
});
for (const end of ['pointerup', 'pointercancel']) {
  element.addEventListener(end, () => {
    if (last) keep(canvas().toDataURL('image/png'));
    last = null;
  });
}
element.addEventListener('click', (event) => {
  if (!event.target.closest('.clear') || !canvas()) return;
  canvas().getContext('2d').clearRect(0, 0, canvas().width, canvas().height);
  keep('');
});
"""

# From the content image's component to the brush: another picture has no regions yet.
ON = "(file) => ({picture: file?.url ?? '', mask: ''})"


def brush(elem_id: str) -> gr.HTML:
    """The component, with nothing to paint on yet."""
    return gr.HTML(
        _value(), html_template=TEMPLATE, js_on_load=BRUSH, apply_default_css=False, elem_id=elem_id
    )


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


def _value() -> Any:
    return {"picture": "", "mask": ""}
