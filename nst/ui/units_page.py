"""A page of units: their patches at once, and what drove them as a run, in its turn with all others.

One unit of a deep layer takes as long as an evaluation of a painting, and a page has nine.
"""

from collections.abc import Iterator
from dataclasses import replace
from html import escape
from threading import Lock
from typing import TYPE_CHECKING

from . import status
from .inlined import inline
from .running.clients import Client
from .running.frames import Frame
from .running.limits import Limits
from .running.runs import Runs
from .running.workspace import Workspace

if TYPE_CHECKING:
    from ..network.vgg import Network
    from ..studies.units import Scan

LATER = "What drove the units comes in turn."
TO_COME = '<span class="waiting" aria-hidden="true"></span>'


class UnitsPage:
    """Units of one layer that somebody looks at, `known` of them with what drove them."""

    def __init__(self, scan: "Scan", layer: str, units: range) -> None:
        self.scan, self.layer, self.units, self.known = scan, layer, units, 0
        self._panels: list[str] = []
        self._lock = Lock()

    @property
    def is_complete(self) -> bool:
        return self.known == len(self.units)

    @property
    def panels(self) -> list[str]:
        """HTML of each unit; cutting out the patches of all takes some hundredths of a second."""
        with self._lock:
            self._panels = self._panels or [panel(self.scan, self.layer, unit) for unit in self.units]
            return self._panels

    def look_on(self, network: "Network") -> None:
        """Find what drove one more unit."""
        self.panels[self.known] = panel(self.scan, self.layer, self.units[self.known], network)
        self.known += 1

    def html(self, said: str = "", has_ended: bool = False) -> str:
        """The units as far as they are known, under a sentence."""
        panels = "".join(self.panels)
        if has_ended:
            panels = panels.replace(TO_COME, "")
        return f'{status.note(said) if said else ""}<div class="units">{panels}</div>'


class UnitsPages:
    """The page each visitor looks at, while what drove its units is not all known.

    A visitor has one run for all their pages, which goes on with the newest: whoever turns them fast takes no
    more places in line and waits for nothing that is out of sight.
    """

    def __init__(self, runs: Runs) -> None:
        self.runs = runs
        self._newest: dict[str, UnitsPage] = {}
        self._runs: dict[str, object] = {}  # by session, whose run it is
        self._lock = Lock()

    def show(self, client: Client, page: UnitsPage) -> Iterator[str | None]:
        """The page as HTML: its patches at once, then with what drove them, unit by unit. None says that
        nothing has changed; the first is None where a newer page was asked for meanwhile."""
        session, own = client.session, object()
        with self._lock:
            self._newest[session] = page
            begins = self._runs.setdefault(session, own) is own
        try:
            html = page.html()
            yield html if self._newest.get(session, page) is page else None
            if begins:
                yield from self._run(client)
            else:
                # Gradio sends the last answer once more when an event ends; what was typed by then must stay.
                yield None
        finally:
            with self._lock:
                if self._runs.get(session) is own:
                    self._forget(session)

    def next(self, session: str) -> UnitsPage | None:
        """The page whose next unit this visitor waits for. None when there is none: the run is over then, and
        the next page begins another."""
        with self._lock:
            page = self._newest.get(session)
            if page is None or not page.is_complete:
                return page
            self._forget(session)
            return None

    def _forget(self, session: str) -> None:
        self._newest.pop(session, None)
        self._runs.pop(session, None)

    def _run(self, client: Client) -> Iterator[str | None]:
        said = ""
        for frame in self.runs.stream(client, drivers_run, self, client.session):
            page, before = self._newest.get(client.session), said
            said = f"{LATER} {frame.message}" if frame.ahead else ""
            if page is None or frame.state == "done":
                yield None
            elif frame.is_last:
                yield page.html(frame.message, has_ended=True)
            else:
                yield page.html(said) if said != before or frame.evaluation else None


def drivers_run(folder: str, limits: Limits, pages: UnitsPages, session: str) -> Iterator[Frame]:
    """The run behind a visitor's pages. It stays in this process, where the scans are."""
    from ..studies.guided import guided_network

    workspace, frame = Workspace(folder, limits.max_seconds), Frame("done", "All is there.", counted="unit")
    network, made_for = None, None
    while page := pages.next(session):
        if why := workspace.why_end:
            message = f"{why} after {page.known} of {len(page.units)} units."
            yield replace(frame, state="stopped", message=message)
            return
        if network is None or (page.scan.filters, page.layer) != made_for:
            made_for = page.scan.filters, page.layer
            network = guided_network(*made_for)
        page.look_on(network)
        frame = replace(frame, evaluation=page.known, of=len(page.units))
        yield replace(frame, state="working", message=f"Unit {page.units[page.known - 1]}.")
    yield frame


def panel(scan: "Scan", layer: str, unit: int, network: "Network | None" = None) -> str:
    """HTML of one unit: its nine patches and, given a guided_network(), what drove it in each."""
    from ..studies.units import driver_mosaic, patch_mosaic

    said = caption(scan, layer, unit)
    if not scan.top(layer, unit):
        return f"<figure><figcaption>{escape(said)}</figcaption></figure>"
    pictures = inline(patch_mosaic(scan, layer, unit), f"The patches unit {unit} of {layer} responds to most")
    if network:
        drivers = driver_mosaic(scan, layer, unit, network=network)
        pictures += inline(drivers, f"What in them drove unit {unit}")
    else:
        pictures += TO_COME
    return f"<figure><figcaption>{escape(said)}</figcaption>{pictures}</figure>"


def caption(scan: "Scan", layer: str, unit: int) -> str:
    """How strongly a unit responds to its patches."""
    found = scan.top(layer, unit)
    if not found:
        return f"Unit {unit}: silent on these pictures"
    return f"Unit {unit}: activations {found[0].activation:.4g} to {found[-1].activation:.4g}"
