"""What may be asked of Gradio's queue: functions that wait in line, by their parameters' names, so many at
once from one network address; and answers only of who has some."""

import json
import re
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from gradio.data_classes import CancelBody, PredictBody

from ...errors import shown
from .clients import Tally, network_in, network_of
from .limits import Limits
from .responses import API, Scope
from .unheard import has_room

JOIN, CANCEL = f"{API}/queue/join", f"{API}/cancel"
CALL = re.compile(rf"{API}/call/(v2/)?([^/]+)/?")
RUN = re.compile(rf"{API}/(?:run|api)/([^/]+)/?")
UNFINISHED = 3  # requests for each place in line that one network address may have

Refusal = tuple[int, str]

ANOTHERS: Refusal = (
    403,
    "This run was begun in another tab or by someone else, and only from there can it be stopped.",
)
NO_FUNCTION: Refusal = (
    404,
    f"There is no endpoint of this name or number: {API}/info lists those there are.",
)
NOT_QUEUED: Refusal = (400, f"This function does not wait in line: please send its request to {API}/run.")
NO_ANSWERS: Refusal = (
    404,
    "No answers wait under this name, as each is given once: please send a request first.",
)
TOO_FEW_VALUES = "This function takes {} values and {} came: please send one for each, in their order."
TOO_MANY_UNREAD: Refusal = (429, "Too many answers to this page wait to be read: please reload the page.")
TOO_MANY = (
    "Your network address has {} requests that are not finished, as many as one may have: please wait until "
    "one of them is."
)


class Calls:
    """What is refused of the requests that ask the queue for something.

    Of the requests that Gradio works on at once one is left for other addresses, whatever one has.
    """

    def __init__(self, limits: Limits) -> None:
        self._most = min(UNFINISHED * limits.per_address, limits.at_once - 1)
        self._parameters: dict[str, dict[str, bool]] = {}
        self._on_their_way = Tally()

    def refusal(self, path: str, body: bytes, scope: Scope) -> Refusal | None:
        """Status and sentence for what is refused. What Gradio itself refuses in order passes."""
        call, run = CALL.fullmatch(path), RUN.fullmatch(path)
        if not (call or run or path == JOIN or path.startswith(CANCEL)):
            return None
        try:
            asked = json.loads(body)
        except ValueError:
            return None
        if not isinstance(asked, dict):
            return None
        blocks = scope["app"].get_blocks()
        if path.startswith(CANCEL):
            return _refusal_to_cancel(asked, blocks._queue)
        if run:
            return _refusal_of_values(_function(blocks, asked, run[1]), asked)
        by_name = call is not None and call[1] is not None
        session = None if by_name else asked.get("session_hash")
        return (
            _refusal_of_function(blocks, asked, call[2] if call else None)
            or (self._refusal_of_names(blocks, asked, call[2]) if call and by_name else None)
            or (TOO_MANY_UNREAD if _leaves_unread(blocks._queue, session) else None)
            or self._refusal_of_one_more(blocks._queue, network_in(scope))
        )

    def on_its_way(self, path: str, network: str) -> AbstractContextManager[None]:
        """Within the with statement a request that was not refused is taken up, and not yet in the queue."""
        is_call = path == JOIN or CALL.fullmatch(path)
        return self._on_their_way.one_more(network) if is_call else nullcontext()

    def _refusal_of_names(self, blocks: Any, asked: dict[str, Any], name: str) -> Refusal | None:
        needed = self._parameters_of(blocks).get(name)
        if needed is None:
            return NO_FUNCTION
        unknown = [shown(each) for each in asked if each not in needed and each != "oauth_token"]
        if unknown:
            return 400, f"This endpoint has no parameter {_listed(unknown[:3])}: it has {_listed([*needed])}."
        missing = [each for each, is_needed in needed.items() if is_needed and each not in asked]
        return (
            (400, f"This endpoint also needs {_listed(missing)}: please send it, too.") if missing else None
        )

    def _parameters_of(self, blocks: Any) -> dict[str, dict[str, bool]]:
        """Of each public endpoint the names of its parameters, and whether each must be given."""
        if not self._parameters:
            for name, endpoint in blocks.get_api_info()["named_endpoints"].items():
                self._parameters[name.removeprefix("/")] = {
                    one["parameter_name"]: not one.get("parameter_has_default")
                    for one in endpoint["parameters"]
                }
        return self._parameters

    def _refusal_of_one_more(self, queue: Any, network: str) -> Refusal | None:
        clients = [event.request.client for event in queue.event_ids_to_events.values()]
        held = sum(network_of(client.host if client else "") == network for client in clients)
        held += self._on_their_way.count(network)
        return (429, TOO_MANY.format(self._most)) if held >= self._most else None


def session_of(event_id: str, queue: Any) -> str:
    """The session to which an event's answers go; of an event that has ended, by whose last answer was not
    fetched yet. "" where there is none: Gradio would wait without end for another answer."""
    if event := queue.event_ids_to_events.get(event_id):
        return event.session_hash
    pending = [*queue.pending_event_ids_session.items()]
    return next((session for session, events in pending if event_id in events), "")


def _refusal_to_cancel(asked: dict[str, Any], queue: Any) -> Refusal | None:
    """Gradio ends any event whose number is given, and leaves the session a message each time."""
    try:
        cancel = CancelBody.model_validate(asked)
    except ValueError:
        return None
    event = queue.event_ids_to_events.get(cancel.event_id)
    if event is not None and event.session_hash != cancel.session_hash:
        return ANOTHERS
    return TOO_MANY_UNREAD if _leaves_unread(queue, cancel.session_hash) else None


def _refusal_of_function(blocks: Any, asked: dict[str, Any], name: str | None) -> Refusal | None:
    """Gradio's queue also takes functions that the page calls outside it, and fails on one that is not."""
    if name is None and _number(asked) is None:
        return None
    function = _function(blocks, {} if name else asked, name)
    if function is not None and function.queue is False:
        return NOT_QUEUED
    return _refusal_of_values(function, asked, is_call=name is not None)


def _function(blocks: Any, asked: dict[str, Any], name: str | None) -> Any:
    """The function of the number that is asked for, or else of this name; None where there is none."""
    if (number := _number(asked)) is not None:
        return blocks.fns.get(number)
    return next((each for each in blocks.fns.values() if each.api_name == name), None)


def _number(asked: dict[str, Any]) -> int | None:
    try:
        return PredictBody.model_validate(asked).fn_index
    except ValueError:
        return None


def _refusal_of_values(function: Any, asked: dict[str, Any], is_call: bool = False) -> Refusal | None:
    """Gradio writes a traceback for values that are too few. Of a call by name it adds the states itself."""
    if function is None:
        return NO_FUNCTION
    values, needed = asked.get("data"), len(function.inputs)
    if not isinstance(values, list) or len(values) >= needed:
        return None
    sent = sum(not each.skip_api for each in function.inputs) if is_call else needed
    return None if len(values) == sent else (400, TOO_FEW_VALUES.format(sent, len(values)))


def _leaves_unread(queue: Any, session: Any) -> bool:
    return session in queue.pending_messages_per_session and not has_room(queue, session)


def _listed(names: list[str]) -> str:
    return ", ".join(names)
