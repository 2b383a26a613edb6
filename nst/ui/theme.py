"""How the page looks: a theme of paper, ink and Prussian blue; page.css has what a theme cannot say.

The fonts come with Gradio: nothing is fetched from outside.
"""

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.themes.utils import colors, sizes
from gradio.themes.utils.fonts import LocalFont

CSS = Path(__file__).with_name("page.css")

# From light to dark; 600 carries white text at 7:1 and 300 stands on the dark page at 8:1.
PRUSSIAN = colors.Color(
    "#f0f5fa", "#dbe7f2", "#bcd2e7", "#93b7d9", "#6596c6", "#3f77ae",
    "#265f98", "#1e4d7d", "#193f66", "#153350", "#0e2236", name="prussian",
)  # fmt: skip
PAPER = colors.Color(
    "#fbf9f5", "#f4f0e8", "#e7e1d5", "#d3cbbb", "#a49b8b", "#7b7366",
    "#5f584d", "#47423a", "#2b2926", "#1e1d1b", "#151514", name="paper",
)  # fmt: skip

THEME = gr.themes.Base(
    primary_hue=PRUSSIAN,
    secondary_hue=PRUSSIAN,
    neutral_hue=PAPER,
    radius_size=sizes.radius_lg,
    # Regular and bold: the semi-bold files of Gradio 6.31 hold Cyrillic letters only.
    font=(LocalFont("IBM Plex Sans", weights=(400, 700)), "system-ui", "sans-serif"),
    font_mono=(LocalFont("IBM Plex Mono", weights=(400, 700)), "ui-monospace", "monospace"),
).set(
    body_background_fill="*neutral_50",
    body_background_fill_dark="*neutral_950",
    body_text_color="*neutral_900",
    body_text_color_dark="*neutral_100",
    body_text_color_subdued="*neutral_600",
    body_text_color_subdued_dark="*neutral_400",
    block_background_fill="white",
    block_background_fill_dark="*neutral_900",
    block_border_color="*neutral_200",
    block_border_color_dark="*neutral_800",
    block_border_width="1px",
    block_shadow="none",
    block_info_text_color="*neutral_600",
    block_info_text_color_dark="*neutral_400",
    block_label_background_fill="white",
    block_label_background_fill_dark="*neutral_900",
    block_label_text_color="*neutral_700",
    block_label_text_color_dark="*neutral_200",
    block_title_text_color="*neutral_800",
    block_title_text_color_dark="*neutral_100",
    block_title_text_weight="700",
    border_color_primary="*neutral_200",
    border_color_primary_dark="*neutral_800",
    input_background_fill="*neutral_50",
    input_background_fill_dark="*neutral_950",
    input_border_color="*neutral_300",
    input_border_color_dark="*neutral_700",
    input_border_width="1px",
    button_primary_background_fill="*primary_600",
    button_primary_background_fill_hover="*primary_700",
    button_primary_background_fill_dark="*primary_300",
    button_primary_background_fill_hover_dark="*primary_200",
    button_primary_text_color="white",
    button_primary_text_color_dark="*primary_950",
    button_secondary_background_fill="white",
    button_secondary_background_fill_hover="*neutral_100",
    button_secondary_background_fill_dark="*neutral_800",
    button_secondary_background_fill_hover_dark="*neutral_700",
    button_secondary_border_color="*neutral_300",
    button_secondary_border_color_dark="*neutral_700",
    button_border_width="1px",
    button_large_text_weight="700",
    slider_color="*primary_600",
    slider_color_dark="*primary_300",
    color_accent="*primary_600",
    checkbox_label_background_fill_selected="*primary_50",
    checkbox_label_background_fill_selected_dark="*primary_900",
    checkbox_label_border_color_selected="*primary_600",
    checkbox_label_border_color_selected_dark="*primary_300",
    checkbox_background_color_selected="*primary_600",
    checkbox_background_color_selected_dark="*primary_500",
)


def html(value: str = "", **options: Any) -> gr.HTML:
    """The page's own HTML, without the margins and styles Gradio gives to running text."""
    return gr.HTML(value, apply_default_css=False, **options)
