"""The digest of a script's code does not depend on where the checkout lies."""

import shutil
from pathlib import Path

from evisynth.provenance.code import digest_of, files_of

ROOT = Path(__file__).parents[2]


def test_a_checkout_in_a_folder_named_like_the_package_has_the_same_digests(tmp_path):
    copy = tmp_path / "evisynth"
    for name in ("src", "scripts"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for script in ("audit_claims", "judge_quality", "fit_posteriors", "test_small_studies"):
        here, there = (folder / "scripts" / f"{script}.py" for folder in (ROOT, copy))
        files = [path.relative_to(ROOT) for path in files_of(here, ROOT / "src")]
        assert files == [path.relative_to(copy) for path in files_of(there, copy / "src")]
        assert digest_of(here, ROOT / "src") == digest_of(there, copy / "src")


def test_modules_that_a_package_names_in_strings_are_found():
    names = {path.name for path in files_of(ROOT / "scripts" / "audit_claims.py", ROOT / "src")}
    assert {"comparisons.py", "cells.py"} <= names
