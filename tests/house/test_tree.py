"""What no file of the repository may hold, and what git must leave out."""

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {".git", ".venv", ".snakemake", "results", "__pycache__"}

# Letters in brackets, so that this file does not hold what it looks for.
FORBIDDEN = {
    "a path of somebody's machine": r"(?<![\w.*])/(?:[r]oot|[w]ork|[t]mp|[h]ome/\w+|[U]sers/\w+)/",
    "a package registry's host": (
        r"py[p]i\.org|python[h]osted\.org|registry\.[n]pmjs|deb\.[d]ebian\.org|docker\.[i]o/|ghcr\.[i]o|"
        r"conda\.[a]naconda\.org|crates\.[i]o|cran\.[r]-project\.org"
    ),
    "a file outside the repository": r"\.\./[s]hared|\b[s]hared/(?:DESIGN|evidence|methods)",
    "a merge that was not finished": r"^(?:<{7}|>{7}) ",
}


@cache
def files() -> tuple[Path, ...]:
    """Every file that git has or would take; where there is no git, every file outside the made folders."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        found = {ROOT / name for name in run.stdout.split("\0") if name}
    else:
        found = {path for path in ROOT.rglob("*") if not NOT_OURS & set(path.relative_to(ROOT).parts)}
    return tuple(sorted(path for path in found if path.is_file()))


@cache
def texts() -> tuple[tuple[Path, str], ...]:
    """Each text file with its text; what holds a zero byte is no text."""
    pairs = ((path, path.read_bytes()) for path in files())
    return tuple((path, data.decode("utf-8", errors="replace")) for path, data in pairs if b"\0" not in data)


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what):
    pattern = re.compile(FORBIDDEN[what], flags=re.MULTILINE)
    found = [
        f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, hit.start()) + 1}: {hit.group()}"
        for path, text in texts()
        for hit in pattern.finditer(text)
    ]
    assert not found, f"{what} in {found}"


@pytest.mark.parametrize(
    ("what", "example"),
    [
        ("a path of somebody's machine", "open('/" + "home/ada/data.csv')"),
        ("a path of somebody's machine", "/" + "tmp/x"),
        ("a package registry's host", "https://py" + "pi.org/simple"),
        ("a file outside the repository", ".." + "/shared/x"),
        ("a merge that was not finished", "<" * 7 + " main"),
    ],
)
def test_the_patterns_find_what_they_are_for(what, example):
    assert re.search(FORBIDDEN[what], example, flags=re.MULTILINE)


def test_the_patterns_let_ordinary_text_pass():
    for text in (
        "#!/usr/bin/env bash",
        "results/homework/notes",
        "https://doi.org/10.1/x",
        "a shared/common cause",
    ):
        assert not [what for what, pattern in FORBIDDEN.items() if re.search(pattern, text)]


def test_no_file_is_too_big_to_read():
    big = [path.relative_to(ROOT) for path in files() if path.stat().st_size > 2_000_000]
    assert not big


@pytest.mark.skipif(
    not (ROOT / ".git").exists() or shutil.which("git") is None,
    reason="this is no git checkout: nothing to ask",
)
@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("results/naltrexone/report/index.html", True),
        ("results/README.md", False),
        (".venv/bin/python", True),
        (".snakemake/metadata/x", True),
        ("src/evisynth/__pycache__/x.pyc", True),
        ("data/naltrexone/arms.csv", False),
        ("tests/golden/estimates.csv", False),
        ("src/evisynth/report/build/page.html", False),
    ],
)
def test_git_leaves_out_what_machines_write(path, ignored):
    run = subprocess.run(["git", "check-ignore", "--quiet", "--no-index", path], cwd=ROOT)
    assert run.returncode == (0 if ignored else 1)
