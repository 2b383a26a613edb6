"""The pictures that are measured with."""

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
