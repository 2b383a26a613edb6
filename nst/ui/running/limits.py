"""What one app gives to whom: Limits is the one table of defaults, variables and meanings."""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, cast

from ...errors import SettingsError, shown
from ...settings import BOUNDS, NAMED_WEIGHTS, Settings


class Variable(NamedTuple):
    """One row of the README's table: an environment variable, its default, its least value, its meaning."""

    name: str
    default: int
    least: int
    meaning: str


def _limit(default: int, least: int, meaning: str) -> Any:
    return field(default=default, metadata={"least": least, "meaning": meaning})


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of one app, each settable by the environment variable NST_<NAME>."""

    concurrency: int = _limit(1, 1, "Runs at the same time.")
    queue: int = _limit(8, 0, "Runs that may wait for their turn.")
    per_visitor: int = _limit(2, 1, "Places one visitor may hold, waiting or running.")
    per_address: int = _limit(4, 1, "Places all visitors of one network address may hold together.")
    max_seconds: int = _limit(600, 1, "Seconds a run may take; then it ends with its best picture.")
    max_size: int = _limit(1024, 96, "Longest side of a result, in pixels.")
    max_evaluations: int = _limit(1000, 2, "Evaluations of one run.")
    keep_seconds: int = _limit(3600, 60, "Seconds for which a result or an upload is kept.")
    keep_megabytes: int = _limit(2000, 10, "Megabytes of results and uploads kept; the oldest go first.")
    upload_megabytes: int = _limit(
        500, 20, "Megabytes one network address may upload within `NST_KEEP_SECONDS`."
    )
    free_megabytes: int = _limit(200, 0, "Megabytes that must be free on the disk for a run or an upload.")

    @classmethod
    def variables(cls) -> Iterator[Variable]:
        for f in fields(cls):
            yield Variable(
                _variable(f.name), int(cast(int, f.default)), f.metadata["least"], f.metadata["meaning"]
            )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Limits":
        """The limits set there, defaults elsewhere. Raises SettingsError naming a bad variable."""
        found = {}
        for f in fields(cls):
            text = environment.get(_variable(f.name), "").strip()
            if text:
                found[f.name] = _whole(_variable(f.name), text, f.metadata["least"])
        return cls(**found)

    @property
    def places(self) -> int:
        """People inside at once, running and waiting."""
        return self.concurrency + self.queue

    @property
    def at_once(self) -> int:
        """Requests that Gradio works on at once: a few more than there are places, so that whoever finds none
        is told at once."""
        return self.places + 4

    def fitted(self, settings: Settings, chosen: Collection[str] = ()) -> Settings:
        """The settings within what this app gives, but for those that somebody chose: check() refuses these,
        and nobody gets another picture than was asked for."""
        return settings.with_(
            **{
                name: min(getattr(settings, name), limit)
                for name, limit in self.most.items()
                if name not in chosen
            }
        )

    def lowered(self, settings: Settings) -> str:
        """A sentence on what fitted() lowers, "" where that is nothing."""
        each = [f"{name} {most}" for name, most in self.most.items() if getattr(settings, name) > most]
        return f"Lowered to what this app gives: {', '.join(each)}." if each else ""

    def check(self, settings: Settings) -> None:
        """Raise SettingsError for a run larger than this app gives."""
        self.check_numbers({name: getattr(settings, name) for name in self.most})
        self.check_weights(settings.weights)

    def check_numbers(self, chosen: Mapping[str, Any]) -> None:
        """Raise SettingsError for a number beyond what this app gives, among what a client chose: Settings
        would name bounds that this app does not have."""
        for name, limit in self.most.items():
            number = chosen.get(name)
            if isinstance(number, int | float) and number > limit:
                raise SettingsError(
                    f"This app paints with {name} up to {limit}, not {shown(number)}: choose {limit} "
                    "or less, or run it on your own computer."
                )

    @property
    def most(self) -> dict[str, int]:
        """{setting: the most of it that this app gives}."""
        return {"size": self.max_size, "evaluations": self.max_evaluations}

    @staticmethod
    def check_weights(weights: str) -> None:
        """Raise SettingsError unless a visitor may choose these weights; a path is the operator's."""
        if weights not in NAMED_WEIGHTS:
            raise SettingsError(f"Weights must be one of {', '.join(NAMED_WEIGHTS)}.")


def _variable(name: str) -> str:
    return f"NST_{name.upper()}"


def _whole(name: str, text: str, least: int) -> int:
    most = {"NST_MAX_SIZE": "size", "NST_MAX_EVALUATIONS": "evaluations"}
    high = int(BOUNDS[most[name]].high) if name in most else 10**9
    if not (text.isascii() and text.isdigit()) or not least <= int(text[:12]) <= high:
        raise SettingsError(f"{name} must be a whole number from {least} to {high}, not {shown(text)}.")
    return int(text)
