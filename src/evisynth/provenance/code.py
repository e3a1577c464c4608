"""Which library files a script uses, found without running it, and a digest of them."""

import ast
import hashlib
import re
from functools import cache
from pathlib import Path

_DOTTED = re.compile(r"\.?[a-z_]\w*(\.[a-z_]\w*)*$")


def files_of(script: Path, source: Path) -> tuple[Path, ...]:
    """Return the script and every file of the library that it imports, directly or not.

    Imports inside functions count. A module counts with the ``__init__`` files of its packages.
    Data files of a package that a module lies in (``.yaml``, ``.csv``, ``.jinja``, ``.css``, ``.js``) count too.

    Parameters
    ----------
    script : pathlib.Path
        The Python file to begin with.
    source : pathlib.Path
        The folder that holds the package (``src``).

    Returns
    -------
    tuple of pathlib.Path
        Sorted.
    """
    found: set[Path] = set()
    todo = [Path(script)]
    while todo:
        path = todo.pop()
        if path in found:
            continue
        found.add(path)
        for name in _imports(path):
            todo += [file for file in _files(name, source) if file not in found]
    data = {
        file
        for folder in {path.parent for path in found if source in path.parents}
        for pattern in ("*.yaml", "*.csv", "*.jinja", "*.css", "*.js", "*.mplstyle", "*.typ")
        for file in folder.rglob(pattern)
        if file.parent == folder or not (file.parent / "__init__.py").exists()
    }
    return tuple(sorted(found | data))


def digest_of(script: Path, source: Path) -> str:
    """Return 16 hexadecimal digits that change when the script or library code it uses changes."""
    sha = hashlib.sha256()
    for path in files_of(script, source):
        name = path.relative_to(source).as_posix() if source in path.parents else path.name
        sha.update(name.encode())
        sha.update(hashlib.sha256(path.read_bytes()).digest())
    return sha.hexdigest()[:16]


@cache
def _imports(path: Path) -> tuple[str, ...]:
    if path.suffix != ".py":
        return ()
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _DOTTED.match(node.value):
            # A folder's __init__ may name its modules in strings, to import them when they are asked for.
            names += [node.value, f"{_package(path)}.{node.value.lstrip('.')}"]
    return tuple(name for name in names if name.split(".")[0] == "evisynth")


def _package(path: Path) -> str:
    """Return the package whose ``__init__`` a file is; a checkout may lie in a folder of the package's name."""
    parts = path.parent.parts
    if path.name != "__init__.py" or "evisynth" not in parts:
        return "-"
    return ".".join(parts[len(parts) - 1 - parts[::-1].index("evisynth") :])


def _files(name: str, source: Path) -> list[Path]:
    parts = name.split(".")
    files = [source.joinpath(*parts[: i + 1]) / "__init__.py" for i in range(len(parts))]
    files.append(source.joinpath(*parts[:-1]) / f"{parts[-1]}.py")
    return [file for file in files if file.is_file()]
