"""Put the results of all shards together: one table, sorted by analysis, whatever the shards were."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from evisynth.corpus.analyse import result_schema
from evisynth.corpus.settings import CorpusSettings
from evisynth.corpus.shards import write

REFUSED = "rows of this analysis cannot be read: see bad_rows; mend them, or ask for bad_rows=leave-out"
NO_STUDIES = "no study of this analysis has an effect: see bad_rows"


def gather(parts: list[Path], analyses: Path, target: Path, settings: CorpusSettings) -> pa.Table:
    """Gather the shards' results.

    Parameters
    ----------
    parts : list of pathlib.Path
        Results of `analyse_shard`.
    analyses : pathlib.Path
        ``analyses.parquet`` of `split_table`.
    target : pathlib.Path
        Gets one row per analysis of the table: ``rows, bad_rows, left_out`` and the columns of `analyse.result_schema`.
    settings : CorpusSettings

    Returns
    -------
    pyarrow.Table
        What was written.

    Raises
    ------
    ValueError
        If an analysis is missing or there twice: shards of different runs.
    """
    schema = result_schema(settings)
    tables = [pq.read_table(path).replace_schema_metadata() for path in parts]
    counts = pq.read_table(analyses)
    refused = counts.filter(pc.equal(counts["k"], 0))
    found = pa.concat_tables([*tables, _without(refused, settings)])
    found = found.take(pc.sort_indices(found, sort_keys=[("analysis", "ascending")])).combine_chunks()
    if found.num_rows != counts.num_rows or not found["analysis"].equals(counts["analysis"]):
        raise ValueError(
            f"the shards hold {found.num_rows} analyses and the table {counts.num_rows}, or others: they are not of "
            "one run; delete the folder of shards and run again"
        )
    columns = {"analysis": found["analysis"]}
    columns |= {name: counts[name].cast(pa.int32()) for name in ("rows", "bad_rows", "left_out")}
    columns |= {name: found[name] for name in schema.names if name != "analysis"}
    result = pa.table(columns)
    write(result, target)
    return result


def _without(refused: pa.Table, settings: CorpusSettings) -> pa.Table:
    """Rows of the analyses that have no result, with the reason."""
    schema = result_schema(settings)
    m = refused.num_rows
    unread = pc.and_(pc.greater(refused["bad_rows"], 0), settings.bad_rows == "refuse")
    status = pc.if_else(unread, "bad_rows", "empty").combine_chunks() if m else pa.nulls(0, pa.string())
    reason = pc.if_else(unread, REFUSED, NO_STUDIES).combine_chunks() if m else pa.nulls(0, pa.string())
    known = {"analysis": refused["analysis"], "k": pa.array([0] * m, pa.int32()), "status": status, "reason": reason}
    if settings.bayes:
        known |= {"bayes_status": status, "bayes_reason": reason}
    return pa.table([known.get(f.name, pa.nulls(m, f.type)) for f in schema], schema=schema)
