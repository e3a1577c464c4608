"""One figure of a review, and drawing many of them in several processes."""

import gc
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from evisynth.figures import style

_FIGURES_KEPT = 20  # drawn figures that may wait in memory
COLUMNS = ("name", "kind", "synthesis", "title", "alt", "from")


@dataclass(frozen=True, slots=True)
class Drawing:
    """One figure.

    Attributes
    ----------
    name, kind, synthesis, title : str
        File name, sort of figure, the synthesis it belongs to (blank for the whole review), its title.
    frame : pandas.DataFrame
        What it draws.
    plot, alt : callable
        The figure and its words, from the frame.
    on_page : bool
        Whether the report shows it; otherwise it is a file that the report leads to.
    origins : tuple of str
        What it was drawn from, where its rows are too many to be listed.
    """

    name: str
    kind: str
    synthesis: str
    title: str
    frame: pd.DataFrame
    plot: Callable
    alt: Callable
    on_page: bool = True
    origins: tuple[str, ...] = ()

    def save(self, folder: Path) -> None:
        """Write the SVG, the PNG and the PDF."""
        with style.drawing(self.name):
            figure = self.plot(self.frame)
        style.save(figure, folder / self.name, self.name, style.FORMATS, title=self.title, alt=self.alt(self.frame))

    def row(self) -> dict[str, str]:
        """Return its row of ``figures/index.csv`` or ``figures/files.csv``."""
        origins = self.origins or dict.fromkeys(
            part for cell in self.frame["from"] for part in str(cell).split(";") if part
        )
        return {
            "name": self.name,
            "kind": self.kind,
            "synthesis": self.synthesis,
            "title": self.title,
            "alt": self.alt(self.frame),
            "from": ";".join(origins) or f"review.yaml:{self.synthesis}",
        }


def draw(todo: Sequence[tuple[Drawing, Path]], processes: int = 1) -> None:
    """Draw figures, each into a folder of its own; the bytes do not depend on the number of processes.

    Parameters
    ----------
    todo : sequence of (Drawing, pathlib.Path)
        Figures and their folders; a folder is complete once it is there.
    processes : int
        How many at the same time.

    Raises
    ------
    RuntimeError
        Where a process ended before its figures were drawn; its log says why.
    """
    # the widest frames first, so that no process is left with a large figure when the others are done
    todo = sorted(todo, key=lambda item: -item[0].frame.size)
    context = multiprocessing.get_context("fork") if hasattr(os, "fork") else None
    if processes < 2 or len(todo) < 4 or context is None:
        for drawing, place in todo:
            _draw(drawing, place)
        return
    style.warm()
    gc.freeze()  # what is there before the processes part is not looked through by each of them again
    turn = context.Value("i", 0)
    helpers = [context.Process(target=_take_turns, args=(todo, turn, os.getpid())) for _ in range(processes - 1)]
    for helper in helpers:
        helper.start()
    _take_turns(todo, turn, None)
    for helper in helpers:
        helper.join()
    if any(helper.exitcode for helper in helpers):
        raise RuntimeError("a process that drew figures ended early; what it printed stands above")


def _take_turns(todo: Sequence[tuple[Drawing, Path]], turn, parent: int | None) -> None:
    drawn = 0
    with _seldom_collected():
        while parent is None or os.getppid() == parent:  # a helper whose parent was ended draws no more
            with turn.get_lock():
                mine, turn.value = turn.value, turn.value + 1
            if mine >= len(todo):
                return
            _draw(*todo[mine])
            drawn += 1
            if drawn % _FIGURES_KEPT == 0:
                gc.collect()


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Let no garbage be collected on the way: a figure is thousands of objects that refer to one another.

    Looking through them again and again took a seventh of the time.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _draw(drawing: Drawing, place: Path) -> None:
    half_made = place.with_name(f"{place.name}.part")
    shutil.rmtree(half_made, ignore_errors=True)
    half_made.mkdir(parents=True)
    drawing.save(half_made)
    half_made.rename(place)
