"""pyproject.toml, requirements.lock and environment.yml name the same packages in the same versions."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]

# conda's name for a package, where it is not the index's name.
CONDA_NAMES = {
    "matplotlib": "matplotlib-base",
    "snakemake": "snakemake-minimal",
    "typst": "typst-py",
}
# What an extra asks for (snakemake[reports]); conda packages have no extras.
CONDA_EXTRAS = {"pygments"}
# No package of conda-forge or bioconda: environment.yml has these in its pip section.
ONLY_PIP = {"axe-playwright-python", "playwright", "pymare", "pymetaanalysis", "rocrate"}

PLATFORMS = [
    {"sys_platform": system, "platform_machine": machine, "python_version": f"3.{minor}"}
    for system, machine in [
        ("linux", "x86_64"),
        ("linux", "aarch64"),
        ("darwin", "arm64"),
        ("darwin", "x86_64"),
    ]
    for minor in (12, 13, 14)
]


def direct_requirements() -> dict[str, Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = project["dependencies"] + project["optional-dependencies"]["dev"]
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def lock_pins() -> list[tuple[str, Version, Marker | None, list[str]]]:
    """Name, version, marker and hashes of each entry of the lock."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    entries = "\n".join(lines).replace("\\\n", " ").splitlines()
    pins = []
    for entry in entries:
        head, *hashes = re.split(r"\s+--hash=", entry.strip())
        requirement = Requirement(head)
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", f"not an exact pin: {entry[:80]}"
        name = canonicalize_name(requirement.name)
        pins.append((name, Version(specifier.version), requirement.marker, hashes))
    return pins


def locked_on(platform: dict[str, str]) -> dict[str, Version]:
    surroundings = platform | {
        "python_full_version": platform["python_version"] + ".0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "os_name": "posix",
    }
    found: dict[str, Version] = {}
    for name, version, marker, _ in lock_pins():
        if marker is None or marker.evaluate(surroundings):
            assert name not in found, f"two versions of {name} for {platform}"
            found[name] = version
    return found


def conda_and_pip() -> tuple[dict[str, str], dict[str, str]]:
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    (pip,) = [entry["pip"] for entry in listed if isinstance(entry, dict)]
    plain = [entry.rpartition("::")[2] for entry in listed if isinstance(entry, str)]
    conda = dict(split(entry) for entry in plain)
    return conda, {canonicalize_name(name): version for name, version in (pin.split("==") for pin in pip)}


def split(entry: str) -> tuple[str, str]:
    """`numpy=2.5` becomes `numpy` and `=2.5`."""
    name = re.match(r"[\w.-]+", entry)[0]
    return name, entry[len(name) :]


def test_each_pin_of_the_lock_has_hashes():
    pins = lock_pins()
    assert len(pins) > 100
    bare = [name for name, _, _, hashes in pins if not hashes]
    assert not bare
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for *_, hashes in pins for digest in hashes)


def test_the_lock_names_no_place():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.findall(r"\w+://\S+| @ \S+", text)
    assert not re.findall(r"^\s*(?:--(?!hash=)|-\w)\S*", text, flags=re.MULTILINE)
    comments = [line for line in text.splitlines() if line.lstrip().startswith("#")]
    assert not [line for line in comments if re.search(r"(^|\s)[/~]\w", line)]


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda p: "-".join(p.values()))
def test_the_lock_holds_what_the_project_asks_for(platform):
    locked = locked_on(platform)
    missing = [name for name in direct_requirements() if name not in locked]
    assert not missing
    outside = {
        name: f"{locked[name]} is not {requirement.specifier}"
        for name, requirement in direct_requirements().items()
        if not requirement.specifier.contains(locked[name])
    }
    assert not outside


def test_the_lock_can_build_what_it_must_compile():
    # tools/build_venv.sh installs this one first: without a line of its own it would find nothing.
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert re.search(r"^setuptools==\S+ \\$", text, flags=re.MULTILINE)


def test_no_package_that_brings_gigabytes():
    names = {name for name, *_ in lock_pins()}
    assert not names & {"torch", "jax", "jaxlib", "tensorflow"}
    assert not [name for name in names if name.startswith("nvidia-")]


def test_conda_environment_names_the_same_packages():
    conda, pip = conda_and_pip()
    wanted = set(direct_requirements())
    assert set(pip) == ONLY_PIP & wanted
    expected = {CONDA_NAMES.get(name, name) for name in wanted - ONLY_PIP} | CONDA_EXTRAS
    assert set(conda) - {"python", "pip"} == expected


def test_conda_environment_has_the_versions_of_the_lock():
    locked = locked_on({"sys_platform": "linux", "platform_machine": "x86_64", "python_version": "3.13"})
    conda, pip = conda_and_pip()
    index_names = {conda_name: name for name, conda_name in CONDA_NAMES.items()}
    wrong = []
    for conda_name, version in conda.items():
        if conda_name in {"python", "pip"}:
            continue
        have = locked[index_names.get(conda_name, conda_name)]
        if version != f"={have.major}.{have.minor}":
            wrong.append(f"{conda_name}{version}: the lock has {have}, so ={have.major}.{have.minor}")
    wrong += [
        f"{name}=={version}: the lock has {locked[name]}"
        for name, version in pip.items()
        if Version(version) != locked[name]
    ]
    assert not wrong


def test_every_place_names_the_same_pythons():
    conda, _ = conda_and_pip()
    assert conda["python"] == ">=3.12,<3.15"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=3.12"
    finder = (ROOT / "tools" / "find_python.sh").read_text(encoding="utf-8")
    assert "newest=14" in finder
    assert "(3, 12) <= sys.version_info" in finder
