"""pastiche's own command line, run as it is, with the seconds it has drawn for noted at each frame it saves.

    python benchmarks/timed_pastiche.py FOLDER SECONDS STEP,STEP,… ARGUMENTS OF pastiche …

The clock runs while it draws and stands while it starts and saves: a frame takes it about as long as a step,
as it goes through the pixels one by one. Of its workspace frames only those of the steps named are saved.
FOLDER gets frames.jsonl, a line a frame. After SECONDS of drawing the picture that is there is saved and the
program ends.
"""

import json
import sys
import time
from functools import wraps
from pathlib import Path

from pastiche import pastiche as program


class Watch:
    """What the program has done so far: its steps and the seconds they took."""

    def __init__(self, folder: Path, limit: float, kept: set[int]) -> None:
        self.folder, self.limit, self.kept = folder, limit, kept
        self.steps, self.seconds = 0, 0.0

    def drawing(self, draw):
        @wraps(draw)
        def timed(artist) -> None:
            if self.seconds >= self.limit:
                program.save_image(artist.pastiche, self.folder / "last.png")
                sys.exit(0)
            began = time.time()
            start = time.perf_counter()
            draw(artist)
            self.seconds += time.perf_counter() - start
            self.steps += 1
            if self.steps == 1:
                self.note({"began": began})

        return timed

    def saving(self, save):
        @wraps(save)
        def kept(picture, path) -> None:
            path = Path(path)
            last = path.name == "last.png"
            if last or self.steps in self.kept:
                save(picture, path)
                self.note({"steps": self.steps, "seconds": round(self.seconds, 3), "name": path.name})

        return kept

    def note(self, line: dict) -> None:
        with open(self.folder / "frames.jsonl", "a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")


def main(folder: str, seconds: str, kept: str, *arguments: str) -> None:
    watch = Watch(Path(folder), float(seconds), {int(step) for step in kept.split(",") if step})
    program.PasticheArtist.draw = watch.drawing(program.PasticheArtist.draw)
    program.save_image = watch.saving(program.save_image)
    sys.exit(program.main(["pastiche", *arguments]))


if __name__ == "__main__":
    main(*sys.argv[1:])
