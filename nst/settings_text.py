"""Layers and numbers of Settings as people and programs write them: relu1_1,relu3_1=0.5 and 0.7,0.3."""

from collections.abc import Iterable, Mapping

from .errors import SettingsError, shown
from .settings import MOST_WEIGHT


def read_layers(entries: Iterable[str]) -> dict[str, float]:
    """{"relu1_1": 1.0, "relu3_1": 0.5} from ["relu1_1", "relu3_1=0.5"].

    Raises SettingsError for a weight that is no number and a layer given twice; Settings checks the names.
    """
    layers = {}
    for entry in entries:
        layer, _, weight = str(entry).partition("=")
        if layer.strip() in layers:
            raise SettingsError(f"{shown(layer.strip())} is there twice: name each layer once.")
        try:
            layers[layer.strip()] = float(weight) if weight.strip() else 1.0
        except ValueError:
            raise SettingsError(
                f"The weight of a layer must be a number, as in relu3_1=0.5, not {shown(entry)}."
            ) from None
    return layers


def read_numbers(text: str) -> tuple[float, ...]:
    """(0.7, 0.3) from "0.7,0.3". Raises SettingsError for what is no number."""
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise SettingsError(f"Give numbers, as in 0.7,0.3, and not {shown(text)}.") from None


def write_number(value: float) -> str:
    """The shortest text that reads as exactly this number: 10, 0.25, 0.7542563073429059."""
    short = f"{value:.10g}"
    return short if float(short) == value else repr(value)


def write_layers(layers: Mapping[str, float]) -> list[str]:
    """The inverse of read_layers(), but for a common factor: the smallest or the largest weight is 1 where
    the others are then short. Equal weights are not written."""
    if len(set(layers.values())) == 1:
        return list(layers)
    least, most = min(layers.values()), max(layers.values())
    for one in (least, most, 1.0) if most / least <= MOST_WEIGHT else (most, 1.0):
        written = {layer: round(weight / one, 4) for layer, weight in layers.items()}
        if all(abs(written[layer] * one - weight) < 1e-15 for layer, weight in layers.items()):
            break
    else:
        written = layers
    return [f"{layer}={write_number(weight)}" for layer, weight in written.items()]
