"""The profiles name steps that exist and options that snakemake knows."""

import re
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


def test_a_job_that_failed_gets_more_memory_and_time():
    profile = yaml.safe_load(PROFILES[1].read_text(encoding="utf-8"))
    assert profile["retries"] >= 1
    given = [profile["default-resources"], *profile["set-resources"].values()]
    assert all("attempt" in str(step[name]) for step in given for name in ("mem_mb", "runtime") if name in step)
