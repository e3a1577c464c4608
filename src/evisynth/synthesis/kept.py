"""A store of made things, by the hash of all that they depend on: what has not changed is not made again."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Kept:
    """Folders of made things.

    Attributes
    ----------
    folder : pathlib.Path
        Where they are kept.
    common : tuple
        What all of them depend on: code, versions of packages, settings. Every part must have a `repr` that says all
        of it and nothing else (no addresses, no dates).
    """

    folder: Path
    common: tuple

    def place(self, *parts) -> Path:
        """Return the folder of what depends on `parts`, whether it is there or not."""
        return self.folder / hashlib.sha256(repr([*self.common, *parts]).encode()).hexdigest()[:24]

    def get(self, make: Callable[[Path], None], *parts) -> Path:
        """Return the folder of what depends on `parts`, made now if it isn't there.

        Parameters
        ----------
        make : callable
            Writes into the empty folder that it is given; a folder counts as made when it returns.
        *parts
            What this thing depends on, besides what all do.
        """
        place = self.place(*parts)
        if not place.is_dir():
            half_made = place.with_name(f"{place.name}.part")
            shutil.rmtree(half_made, ignore_errors=True)
            half_made.mkdir(parents=True)
            make(half_made)
            half_made.rename(place)
        return place
