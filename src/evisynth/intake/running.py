"""Run the workflow: the right arguments for snakemake, one run at a time in a folder, and what to say of it."""

import fcntl
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

SNAKEMAKE = (sys.executable, "-m", "snakemake")
_STEPS = re.compile(r"(\d+) of (\d+) steps \(")
_JOB = re.compile(r"(?:Job|job) \d+: (.+)")
_FAILED_RULE = re.compile(r"Error in (?:rule|checkpoint) (\w+)")
_REVIEW = re.compile(r"results/([a-z0-9][a-z0-9_-]*)/")
_END_OF_REASON = "(the whole log: "
# The same result on every machine: no random hashing, no windows, one thread a process (the cores go to jobs).
_ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    "MPLBACKEND": "Agg",
    **dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"),
        "1",
    ),
}


class AnotherRun(RuntimeError):
    """Another run is going on in the folder."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended.

    Attributes
    ----------
    code : int
        Exit code of snakemake.
    failed : dict of str to str
        The reviews that stopped and the step they stopped at.
    reasons : tuple of str
        What the steps that failed said.
    output : str
        Everything that snakemake wrote.
    """

    code: int
    failed: dict[str, str] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    output: str = ""


def workflow_home() -> Path:
    """Return the folder that holds the Snakefile: the repository's, or the copy inside an installed wheel.

    Raises
    ------
    FileNotFoundError
        If there is neither.
    """
    package = Path(find_spec("evisynth").submodule_search_locations[0])
    for folder in (package.parents[1], package / "_workflow"):
        if (folder / "Snakefile").is_file() and (folder / "scripts" / "harness.py").is_file():
            return folder
    raise FileNotFoundError("this installation of evisynth holds no workflow: install it from its wheel or repository")


def arguments_for(
    folders: Sequence[Path], *, cores: int, profile: str | None = None, dry_run: bool = False
) -> list[str]:
    """Return the arguments of snakemake that make reviews.

    Parameters
    ----------
    folders : sequence of pathlib.Path
        Review folders, all inside one folder.
    cores : int
        Cores to use.
    profile : str, optional
        Name of a profile of the workflow (``slurm``) or a folder with one of your own.
    dry_run : bool
        Say what would be done.

    Raises
    ------
    ValueError
        If a folder is no review, or they lie in different folders.
    """
    from evisynth.review.folder import check_name

    folders = [Path(os.path.abspath(folder)) for folder in folders]
    missing = [str(folder) for folder in folders if not (folder / "review.yaml").is_file()]
    if missing:
        inside = [f"data/{folder.name}" for folder in folders if (Path("data") / folder.name / "review.yaml").is_file()]
        advice = f"did you mean {', '.join(inside)}?" if inside else "`evisynth new NAME` starts a review"
        raise ValueError(f"no review.yaml in {', '.join(missing)}; {advice}")
    if len({folder.parent for folder in folders}) > 1:
        raise ValueError("the review folders lie in different folders: run them one after the other")
    names = [check_name(folder.name) for folder in folders]
    home, here, data = workflow_home(), Path.cwd(), folders[0].parent
    place = data.relative_to(here) if data.is_relative_to(here) else data
    words = ["--snakefile", str(home / "Snakefile"), "--cores", str(cores), "--keep-going"]
    if profile is not None:
        own = home / "workflow" / "profiles" / profile
        words += ["--workflow-profile", str(own if own.is_dir() else Path(profile).absolute())]
    if dry_run:
        words.append("--dry-run")
    return [*words, "--config", f"reviews={json.dumps(names)}", f"data_dir={place.as_posix()}"]


def run_snakemake(
    arguments: Sequence[str], *, folder: Path = Path(), on_line: Callable[[str], None] | None = None
) -> int:
    """Run snakemake in a folder, also after a run that was killed.

    A killed snakemake leaves its lock behind and half-written outputs; the next one refuses to start until a
    person unlocks the folder. Here the operating system holds the lock, and lets go of it however the process
    ends: who gets it knows that no other run is going on, takes snakemake's stale lock away and has the
    half-written outputs made again.

    Parameters
    ----------
    arguments : sequence of str
        Options of snakemake.
    folder : pathlib.Path
        Where it runs: results are written below.
    on_line : callable, optional
        Gets each line of the output; without it the output goes to the terminal.

    Returns
    -------
    int
        The exit code.

    Raises
    ------
    AnotherRun
        If another run is going on in the folder.
    """
    kept = Path(folder) / ".snakemake"
    kept.mkdir(exist_ok=True)
    with (kept / "evisynth.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AnotherRun("Another run is going on in this folder: wait until it has ended.") from None
        locks = kept / "locks"
        if locks.is_dir() and any(locks.iterdir()):
            print("The last run did not end by itself: what it left unfinished is made again.", file=sys.stderr)
            unlocked = subprocess.run([*SNAKEMAKE, *_unlock(arguments)], cwd=folder, capture_output=True, text=True)
            if unlocked.returncode != 0:
                print(unlocked.stdout + unlocked.stderr, file=sys.stderr)
                return unlocked.returncode
        try:
            return _start([*SNAKEMAKE, "--rerun-incomplete", *arguments], folder, on_line)
        except KeyboardInterrupt:
            # snakemake has had the signal too and ends its jobs by itself.
            return 130


def _unlock(arguments: Sequence[str]) -> list[str]:
    """Keep what names the workflow; unlocking needs it too."""
    kept = ["--unlock"]
    for word, value in pairwise(arguments):
        if word in ("--snakefile", "--directory"):
            kept += [word, value]
    if "--config" in arguments:
        kept += arguments[arguments.index("--config") :]
    return kept


def _start(command: list[str], folder: Path, on_line: Callable[[str], None] | None) -> int:
    if on_line is None:
        return subprocess.run(command, cwd=folder).returncode
    with subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | _ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stdout:
            on_line(line.rstrip("\n"))
    return process.returncode


@dataclass(slots=True)
class Watcher:
    """Follow the output of snakemake: how far it is, what it does, what failed.

    `show` gets the steps done, the steps in all and what is being done whenever one of them changes.
    """

    show: Callable[[int, int, str], None]
    done: int = 0
    total: int = 0
    what: str = "reading the workflow"
    failed: dict[str, str] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    _rule: str = ""

    def __call__(self, line: str) -> None:
        """Take in one line."""
        self.lines.append(line)
        if steps := _STEPS.search(line):
            self.done, self.total = int(steps[1]), int(steps[2])
        elif (words := line.split()) and words[0] == "total" and len(words) == 2 and words[1].isdigit():
            self.total = int(words[1])
        elif job := _JOB.search(line):
            self.what = job[1]
        elif error := _FAILED_RULE.search(line):
            self._rule = error[1]
        elif self._rule and (review := _REVIEW.search(line)):
            self.failed.setdefault(review[1], self._rule)
            self._rule = ""
        elif line.startswith(_END_OF_REASON):
            self._take_reason()
        self.show(self.done, self.total, self.what)

    def _take_reason(self) -> None:
        """Steps print a blank line, their reason, and where the log is."""
        reason: list[str] = []
        for line in reversed(self.lines[:-1]):
            if not line and reason:
                break
            if line:
                reason.append(line)
        text = "\n".join([*reversed(reason), self.lines[-1]])
        if text not in self.reasons:
            self.reasons.append(text)


def run_reviews(
    folders: Sequence[Path],
    *,
    cores: int,
    profile: str | None = None,
    dry_run: bool = False,
    show: Callable[[int, int, str], None] = lambda done, total, what: None,
) -> RunResult:
    """Run the workflow on reviews; an error in one leaves the others whole.

    Parameters
    ----------
    folders : sequence of pathlib.Path
        Review folders; results are written to ``results/<name>`` of the working directory.
    cores, profile, dry_run
        See `arguments_for`.
    show : callable
        Gets steps done, steps in all, and what is being done.

    Raises
    ------
    AnotherRun
        If another run is going on in the working directory.
    ValueError
        If a folder is no review.
    """
    watcher = Watcher(show)
    words = arguments_for(folders, cores=cores, profile=profile, dry_run=dry_run)
    code = run_snakemake(words, on_line=watcher)
    return RunResult(code, watcher.failed, tuple(watcher.reasons), "\n".join(watcher.lines))
