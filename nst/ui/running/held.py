"""What each network address holds of the server at once: past a number it gets no more, and others do."""

from contextlib import AbstractContextManager

from .clients import Tally

# What stays open as long as a page does: a page has two streams, and a whole school may have one address.
MOST_STREAMS = 400
# Requests with a body, which is kept until the answer: of a MiB at most, or of 28 (guard.py). A page sends
# some five when it opens, and a class opens it together.
MOST_POSTS, MOST_TOOL_CALLS = 200, 16
# Connections whose client does not take what was sent, each with up to a MB of the page. Browsers open six,
# and a slow line may have a class behind it.
MOST_UNREAD = 400


class Held:
    """How many of one thing each network address holds, and the sentence for who asks for one more than the
    most."""

    def __init__(self, most: int, sentence: str) -> None:
        self.most, self.sentence = most, sentence.format(most)
        self._held = Tally()

    def is_full(self, network: str) -> bool:
        return self._held.count(network) >= self.most

    def one_more(self, network: str) -> AbstractContextManager[None]:
        """Within the with statement the address holds one more."""
        return self._held.one_more(network)


def streams() -> Held:
    return Held(
        MOST_STREAMS,
        "Your network address holds {} connections, and no more are given: please close some pages.",
    )


def posts(most: int) -> Held:
    return Held(
        most,
        "Your network address has {} requests under way, and gets no more: please try again in a moment.",
    )


# Of this process's one server: its connections count them (silence.py).
UNREAD = Held(
    MOST_UNREAD,
    "Your network address leaves {} answers unread, and gets no more: please try again in a minute.",
)
