"""The profiles name steps that exist and options that snakemake knows."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROFILES = sorted((ROOT / "workflow" / "profiles").glob("*/config.yaml"))


def rules():
    text = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "workflow" / "rules").glob("*.smk")))
    return set(re.findall(r"^(?:rule|checkpoint) (\w+):", text, re.MULTILINE))


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.parent.name)
def test_every_step_of_a_profile_exists(path):
    profile = yaml.safe_load(path.read_text(encoding="utf-8"))
    named = {name for key in ("set-resources", "set-threads", "groups") for name in profile.get(key, {})}
    assert named <= rules()


def test_there_is_a_profile_for_one_machine_and_one_for_slurm():
    assert [path.parent.name for path in PROFILES] == ["default", "slurm"]
    assert (ROOT / "workflow" / "profiles" / "slurm" / "README.md").is_file()


def steps():
    """The text of every rule that runs a script, by name."""
    found = {}
    for path in sorted((ROOT / "workflow" / "rules").glob("*.smk")):
        text = path.read_text(encoding="utf-8")
        parts = re.split(r"^(?:rule|checkpoint) (\w+):", text, flags=re.MULTILINE)
        found |= {name: body for name, body in zip(parts[1::2], parts[2::2], strict=True) if "script:" in body}
    return found


def test_every_step_says_what_it_needs():
    for name, body in steps().items():
        assert re.search(r"resources:\n {8}\*\*needs\(", body), name


def test_a_job_that_failed_gets_more_memory_and_time():
    names = {}
    exec((ROOT / "workflow" / "rules" / "resources.smk").read_text(encoding="utf-8"), names)
    asked = names["needs"](1500, 20)
    assert [asked["mem_mb"]({}, attempt) for attempt in (1, 2, 3)] == [1500, 3000, 4500]
    assert [asked["runtime"]({}, attempt) for attempt in (1, 2)] == [20, 40]
    profile = yaml.safe_load(PROFILES[1].read_text(encoding="utf-8"))
    assert profile["retries"] >= 1
    assert all("attempt" in str(profile["default-resources"][name]) for name in asked)


def test_steps_that_share_a_job_follow_each_other():
    """One reads what the one before it writes; else their cores would add up."""
    profile = yaml.safe_load(PROFILES[1].read_text(encoding="utf-8"))
    found = steps()
    chains = {}
    for name, group in profile["groups"].items():
        chains.setdefault(group, []).append(name)
    assert set(chains) == set(profile["group-components"])
    for chain in chains.values():
        for before, after in pairwise(chain):
            written = re.findall(r'"(results/[^"]+)"', found[before].split("log:")[0].split("output:")[1])
            read = found[after].split("output:")[0]
            assert any(path in read for path in written) or "records=" in read, (before, after)
