"""What the rules of a corpus share: the table, the shards, the settings."""

from snakemake.exceptions import WorkflowError

CORPUS_TABLE = config.get("corpus_table", "")
CORPUS_SHARDS = int(config.get("corpus_shards", 20))
CORPUS_NAME = Path(CORPUS_TABLE).stem
CORPUS_PARTS = [f"{i:04d}-of-{CORPUS_SHARDS:04d}" for i in range(1, CORPUS_SHARDS + 1)]
CORPUS_SETTINGS = {**config.get("corpus_settings", {}), "measure": config.get("corpus_measure", "generic")}


wildcard_constraints:
    corpus="[^/]+",
    part="[0-9]{4}-of-[0-9]{4}",


def corpus_table(wildcards):
    """Return the table, or say that none is named."""
    if not CORPUS_TABLE:
        raise WorkflowError("which table? Add: --config corpus_table=FILE (Parquet or CSV, one row per study)")
    return CORPUS_TABLE


def corpus_record(stage):
    """Return where a stage of a corpus keeps its record."""
    return {
        "record": f"results/corpora/{{corpus}}/provenance/records/{stage}.json",
        "facts": f"results/corpora/{{corpus}}/provenance/run_facts/{stage}.json",
    }


def corpus_outputs(wildcards):
    """Return what the target makes of the table that is named."""
    corpus_table(wildcards)
    return [f"results/corpora/{CORPUS_NAME}/{name}" for name in ("results.parquet", "summary.json", "report.html")]
