"""Public names of a folder that are loaded from its modules when they are first used."""

from collections.abc import Callable, Mapping
from importlib import import_module


def lazily(package: str, home_of: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return what a folder's ``__init__`` needs as ``__getattr__`` and ``__dir__``.

    Importing a folder stays quick, whatever its modules import themselves.

    Parameters
    ----------
    package : str
        The folder: its ``__name__``.
    home_of : mapping of str to str
        The module of the folder that each public name lies in; blank where the name is a module itself.
    """

    def load(name: str) -> object:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home = home_of[name]
        return getattr(import_module(f"{package}.{home}"), name) if home else import_module(f"{package}.{name}")

    return load, lambda: sorted(home_of)
