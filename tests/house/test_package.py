"""The wheel holds all of src/evisynth: the code, and the tables and templates that it reads."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_wheel_holds_every_file_of_the_package(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    (wheel,) = tmp_path.glob("evisynth-*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    source = ROOT / "src"
    wanted = {
        path.relative_to(source).as_posix()
        for path in (source / "evisynth").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name != ".DS_Store"
    }
    # `evisynth run` works from a wheel: it holds the workflow, as the repository has it.
    for name in ("Snakefile", "environment.yml", "config", "scripts", "workflow"):
        paths = [ROOT / name] if (ROOT / name).is_file() else [p for p in (ROOT / name).rglob("*") if p.is_file()]
        wanted |= {
            f"evisynth/_workflow/{path.relative_to(ROOT).as_posix()}"
            for path in paths
            if "__pycache__" not in path.parts and path.name != ".DS_Store"
        }
    assert packed == wanted
