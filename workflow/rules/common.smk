"""What every rule needs: the reviews, their tables, the digest of the code behind a script."""

import sys
from pathlib import Path

from snakemake.utils import validate

SOURCE = Path(workflow.basedir) / "src"
SCRIPTS = Path(workflow.basedir) / "scripts"
sys.path.insert(0, str(SOURCE))

from evisynth.provenance.code import digest_of
from evisynth.review.folder import check_name
from evisynth.review.stored import stored_files
from evisynth.review.tables import TABLES

validate(config, f"{workflow.basedir}/workflow/schemas/config.schema.json")
REVIEWS = [check_name(name) for name in config["reviews"]]
DATA = config["data_dir"]


wildcard_constraints:
    review="[a-z0-9][a-z0-9_-]*",


def facts(*tables):
    """Return an input function: the named tables of a review that exist, and its plan."""

    def found(wildcards):
        folder = Path(DATA) / wildcards.review
        files = [folder / "review.yaml", *(folder / TABLES[name].file for name in tables)]
        return [str(path) for path in files if path.is_file()]

    return found


def code(*scripts):
    """Return the digest of the named scripts and of every library file that they import."""
    return "-".join(digest_of(SCRIPTS / f"{name}.py", SOURCE) for name in scripts)


def record(stage):
    """Return where a stage keeps its record: what is the same in every run, and what is not."""
    return {
        "record": f"results/{{review}}/provenance/records/{stage}.json",
        "facts": f"results/{{review}}/provenance/run_facts/{stage}.json",
    }
