"""The pictures that are measured with."""

from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parent.parent


def paths() -> tuple[str, str]:
    """A content and a style image of our own, 4 : 3 and 5 : 6."""
    examples = ROOT / "examples"
    return str(examples / "content" / "lake.jpg"), str(examples / "styles" / "knife.jpg")


def pictures() -> list:
    from nst import load_picture

    return [load_picture(path) for path in paths()]


def enlarged(side: int) -> list:
    """Pictures of at least this size: the examples are smaller than the largest measured."""
    found = pictures()
    factors = [max(1, side / max(picture.size)) for picture in found]
    return [p.resize((round(p.width * f), round(p.height * f))) for p, f in zip(found, factors, strict=True)]


def pairs() -> dict[str, tuple[Path, Path]]:
    """Name → content and style image of the second judge's pairs: ours, and photographs that gradio and
    scikit-image bring, so that nothing is fetched."""
    content, styles = (ROOT / "examples" / folder for folder in ("content", "styles"))
    gradio, skimage = _inside("gradio") / "media_assets" / "images", _inside("skimage") / "data"
    return {
        "portrait": (skimage / "astronaut.png", styles / "knife.jpg"),
        "cat": (skimage / "chelsea.png", styles / "etching.jpg"),
        "street": (gradio / "tower.jpg", styles / "woodcut.jpg"),
        "garage": (skimage / "motorcycle_left.png", styles / "pointillism.jpg"),
        "landscape": (content / "lake.jpg", styles / "mosaic.jpg"),
        "still_life": (content / "still_life.jpg", styles / "watercolour.jpg"),
        "coffee": (skimage / "coffee.png", styles / "glass.jpg"),
        "night": (skimage / "rocket.jpg", styles / "night_wind.jpg"),
    }


def pair(name: str) -> list:
    from nst import load_picture

    return [load_picture(path) for path in pairs()[name]]


def _inside(package: str) -> Path:
    """The folder of a package, without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"the package {package}, whose pictures are measured with, is not installed")
    return Path(spec.submodule_search_locations[0])
