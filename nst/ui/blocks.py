"""gr.Blocks in which a request that fits no function, or no choice, is answered with a sentence."""

import logging
import secrets
from typing import Any

import gradio as gr
from gradio_client.exceptions import AppError

log = logging.getLogger(__name__)

NOT_FITTING = (
    "This could not be done with what was sent: please reload the page, try again, and report the "
    "number {} if it happens again."
)
NOT_TAKEN = "One of the values or files that were sent cannot be taken here: please choose another."


class Page(gr.Blocks):
    """gr.Blocks that logs what goes wrong unforeseen under a number, which the visitor is told: Gradio would
    say nothing but "Error". Clients may send any value to any function, the page's private ones included."""

    async def process_api(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        try:
            return await super().process_api(*args, **kwargs)
        except AppError:
            raise
        except Exception:
            number = secrets.token_hex(4)
            log.exception("a function failed, number %s", number)
            raise gr.Error(NOT_FITTING.format(number), print_exception=False) from None

    async def preprocess_data(self, *args: Any, **kwargs: Any) -> list[Any]:
        """Gradio's inputs repeat a value that they refuse, however long, beside a list of Python's."""
        try:
            return await super().preprocess_data(*args, **kwargs)
        except gr.Error as error:
            if not error.print_exception:  # said by an input of ours
                raise
            raise gr.Error(NOT_TAKEN, print_exception=False) from None
