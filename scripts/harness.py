"""What every step does besides its work: one log, one seed, one record of what went in and came out."""

import hashlib
import json
import logging
import os
import platform
import random
import sys
import threading
import time
import traceback
import warnings
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("numpy", "scipy", "pandas", "statsmodels", "pymc", "nutpie", "arviz", "matplotlib", "typst", "snakemake")


def run(main, job) -> None:
    """Run one step of the workflow.

    Parameters
    ----------
    main : callable
        ``main(inputs, outputs, params)`` with plain mappings of names to paths and values.
    job : snakemake.iocontainers.Snakemake
        The job; its output named ``record`` gets the record of the step.
    """
    started, clock = time.time(), time.perf_counter()
    _end_with_parent()
    inputs, outputs, params = (dict(part.items()) for part in (job.input, job.output, job.params))
    seed = int(params.get("seed", 0))
    random.seed(seed)
    with _logged(Path(job.log[0])):
        main(
            inputs,
            {name: value for name, value in outputs.items() if name not in ("record", "facts")},
            params,
        )
    _write_record(job, inputs, outputs, params, seed)
    facts = {
        "rule": job.rule,
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
        "seconds": round(time.perf_counter() - clock, 2),
        "host": platform.node(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
    }
    Path(outputs["facts"]).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def _end_with_parent() -> None:
    """End when the workflow that started this step was killed, so that no orphan writes results."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(70)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _logged(path: Path):
    """Send output, warnings and tracebacks to the log; repeat the last lines on the terminal after a failure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    terminal = os.dup(2)
    with path.open("w", encoding="utf-8") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
        logging.captureWarnings(True)
        warnings.simplefilter("default")
        try:
            yield
        except BaseException as error:
            traceback.print_exc()
            sys.stderr.flush()
            os.dup2(terminal, 2)
            known = hasattr(error, "problems")
            text = str(error) if known else "".join(traceback.format_exception(error)[-3:])
            os.write(terminal, f"\n{text}\n(the whole log: {path})\n".encode())
            os._exit(1)
        sys.stdout.flush()
        sys.stderr.flush()


def _write_record(job, inputs: dict, outputs: dict, params: dict, seed: int) -> None:
    code = params.pop("code", "")
    record = {
        "rule": job.rule,
        "inputs": {path: _hash(path) for path in _paths(inputs)},
        "outputs": {
            path: _hash(path) for name in outputs if name not in ("record", "facts") for path in _paths(outputs[name])
        },
        "params": {name: _plain(value) for name, value in sorted(params.items())},
        "code": code,
        "seed": seed,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }
    Path(outputs["record"]).write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _plain(value):
    return json.loads(json.dumps(value, default=str))


def _paths(value) -> list[str]:
    if isinstance(value, dict):
        return [path for item in value.values() for path in _paths(item)]
    if isinstance(value, str | os.PathLike):
        path = Path(value)
        if path.is_dir():
            return sorted(
                str(file) for file in path.rglob("*") if file.is_file() and not file.name.startswith(".snakemake")
            )
        return [str(path)]
    return [path for item in value for path in _paths(item)]


def _hash(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
