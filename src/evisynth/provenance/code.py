"""Which library files a script uses, found without running it, and a digest of them."""

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

DATA = {".yaml", ".csv", ".jinja", ".css", ".js", ".mplstyle", ".typ"}
_DOTTED = re.compile(r"\.?[a-z_]\w*(\.[a-z_]\w*)*$")
# Where a file names no module of the library in a string, only its statements have to be looked at: a tenth of all.
_NAMED = re.compile(r"""["']evisynth[.\w]*["']""")


def files_of(script: Path, source: Path) -> tuple[Path, ...]:
    """Return the script and every file of the library that it imports, directly or not.

    Imports inside functions count. A module counts with the ``__init__`` files of its packages. A module that lies
    beside the script (what all scripts share) counts like the script itself.
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
        todo += _direct(path, source) - found
    data = (_data(folder) for folder in {path.parent for path in found if source in path.parents})
    return tuple(sorted(found.union(*data)))


def digest_of(script: Path, source: Path) -> str:
    """Return 16 hexadecimal digits that change when the script or library code it uses changes."""
    sha = hashlib.sha256()
    for path in files_of(script, source):
        name = path.relative_to(source).as_posix() if source in path.parents else path.name
        sha.update(name.encode())
        told = path.stat()
        sha.update(_content(path, told.st_mtime_ns, told.st_size))
    return sha.hexdigest()[:16]


def digest_of_files(files: Iterable[Path]) -> str:
    """Return 16 hexadecimal digits that change when one of some files changes, whatever their order.

    Parameters
    ----------
    files : iterable of pathlib.Path
        Files that no script imports, such as the rules of the workflow; told apart by their names.
    """
    sha = hashlib.sha256()
    for path in sorted(files, key=lambda path: path.name):
        sha.update(path.name.encode())
        sha.update(hashlib.sha256(path.read_bytes()).digest())
    return sha.hexdigest()[:16]


# The workflow asks for the digests of more than twenty scripts before it starts, which share most of their files; what
# was read once is kept for the life of the process.
@cache
def _direct(path: Path, source: Path) -> frozenset[Path]:
    """Return the files that a file imports itself."""
    found = {file for name in set(_imports(path)) for file in _files(name, source)}
    return frozenset(found if source in path.parents else found.union(_beside(path)))


@cache
def _data(folder: Path) -> frozenset[Path]:
    """Return the data files of a package, those of its folders that are no packages included."""
    return frozenset(
        file
        for file in folder.rglob("*")
        if file.suffix in DATA and (file.parent == folder or not (file.parent / "__init__.py").exists())
    )


@cache
def _content(path: Path, changed: int, size: int) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


@cache
def _imports(path: Path) -> tuple[str, ...]:
    if path.suffix != ".py":
        return ()
    names = []
    text = path.read_text(encoding="utf-8")
    nodes = ast.walk if path.name == "__init__.py" or _NAMED.search(text) else _statements
    for node in nodes(ast.parse(text)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _DOTTED.match(node.value):
            # A folder's __init__ may name its modules in strings, to import them when they are asked for.
            names += [node.value, f"{_package(path)}.{node.value.lstrip('.')}"]
    return tuple(name for name in names if name.split(".")[0] == "evisynth")


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Walk the statements, without the expressions in them: an import is a statement."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        yield node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            todo += getattr(node, name, ())


@cache
def _beside(path: Path) -> tuple[Path, ...]:
    """Return the files in a script's own folder that it imports: Python looks there first."""
    if path.suffix != ".py":
        return ()
    names: list[str] = []
    for node in _statements(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
    files = (path.parent / f"{name.split('.')[0]}.py" for name in names)
    return tuple(file for file in files if file.is_file())


def _package(path: Path) -> str:
    """Return the package whose ``__init__`` a file is; a checkout may lie in a folder of the package's name."""
    parts = path.parent.parts
    if path.name != "__init__.py" or "evisynth" not in parts:
        return "-"
    return ".".join(parts[len(parts) - 1 - parts[::-1].index("evisynth") :])


@cache
def _files(name: str, source: Path) -> list[Path]:
    parts = name.split(".")
    files = [source.joinpath(*parts[: i + 1]) / "__init__.py" for i in range(len(parts))]
    files.append(source.joinpath(*parts[:-1]) / f"{parts[-1]}.py")
    return [file for file in files if file.is_file()]
