"""What all rules share: the reviews, their tables, the digest of the code behind a script."""

import sys
from pathlib import Path

from snakemake.utils import validate

# The folder of the Snakefile, also where another workflow uses this one as a module, or where it lies in a wheel,
# inside the installed package.
HOME = Path(workflow.current_basedir).parents[1]
SCRIPTS = HOME / "scripts"
SOURCE = HOME / "src" if (HOME / "src").is_dir() else HOME.parents[1]
sys.path.insert(0, str(SOURCE))

from evisynth.provenance.code import digest_of
from evisynth.review.folder import check_name
from evisynth.review.stored import PLAN_FILE, RECEIVED, stored_files
from evisynth.review.tables import TABLES

validate(config, str(HOME / "workflow" / "schemas" / "config.schema.json"))
REVIEWS = [check_name(name) for name in config["reviews"]]
DATA = config["data_dir"]
CORRECTED = ("studies", "arms", "contrasts", "published_pools")


wildcard_constraints:
    review="[a-z0-9][a-z0-9_-]*",


def facts(wildcards):
    """Return the files of a review folder that exist."""
    folder = Path(DATA) / wildcards.review
    files = [folder / "review.yaml", *(folder / spec.file for spec in TABLES.values())]
    return [str(path) for path in files if path.is_file()]


def checked(*tables):
    """Return an input function: the checked plan and the named checked tables of a review.

    The check is a checkpoint: after it Snakemake compares the checked tables with those that a step read
    before, so that an edited cell reruns the steps that read its table and no others. This holds only if
    every step names what it reads through this function.
    """

    def found(wildcards):
        checkpoints.check_review.get(review=wildcards.review)
        folder = f"results/{wildcards.review}/checked"
        files = [f"{folder}/{RECEIVED}/{TABLES[name].file}" for name in tables if name in CORRECTED]
        return [f"{folder}/{PLAN_FILE}", *(f"{folder}/{TABLES[name].file}" for name in tables), *files]

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
