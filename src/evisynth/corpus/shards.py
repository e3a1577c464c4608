"""Cut a corpus into shards whose results do not depend on the cut, and keep those that are done.

The unit of work is fixed by the table alone: analyses with the same number of studies, in blocks by the hash of their
name. A shard is a set of whole units, so each unit is one batch in one shard or in twenty, and its bytes are the same.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from functools import cache
from heapq import heapify, heapreplace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from evisynth.corpus.settings import CorpusSettings
from evisynth.corpus.studies import Studies, read_studies, read_table

# Analyses of a unit, at most about: enough for batches to be fast, few enough for twenty shards of a small corpus.
_UNIT = 2000
_KEY = b"evisynth.key"


def plan_units(analyses: pd.DataFrame, shards: int) -> pd.DataFrame:
    """Say which unit and shard each analysis belongs to.

    Parameters
    ----------
    analyses : DataFrame
        ``analysis, k``; those of k = 0 have nothing to analyse and belong to no unit.
    shards : int
        From 1 on.

    Returns
    -------
    DataFrame
        ``analysis, k, block, shard``, sorted by k, block and analysis.
    """
    here = analyses.loc[analyses["k"] > 0, ["analysis", "k"]]
    hashes = np.array([_hash(name) for name in here["analysis"]], dtype=np.uint64)
    size = here.groupby("k")["k"].transform("size").to_numpy()
    bits = np.ceil(np.log2(np.maximum(size / _UNIT, 1.0))).astype(np.uint64)
    # numpy shifts a 64-bit number by 64 places to itself, not to 0
    block = np.where(bits > 0, hashes >> np.where(bits > 0, 64 - bits, 0).astype(np.uint64), 0)
    units = here.assign(block=block.astype(np.int64)).sort_values(["k", "block", "analysis"], ignore_index=True)
    cost = units.groupby(["k", "block"], sort=True)["k"].size().reset_index(name="m")
    # what a batch takes grows with its studies; each analysis costs about as much as 8 studies besides
    cost["work"] = cost["m"] * (cost["k"] + 8)
    chosen = share_out({(unit.k, unit.block): unit.work for unit in cost.itertuples()}, shards)
    keys = pd.MultiIndex.from_arrays([list(a) for a in zip(*chosen, strict=True)]) if chosen else None
    if keys is None:
        return units.assign(shard=pd.Series(dtype="int64"))
    of_unit = pd.Series(list(chosen.values()), index=keys)
    return units.assign(shard=of_unit.reindex(pd.MultiIndex.from_frame(units[["k", "block"]])).to_numpy())


def share_out(work: Mapping[Any, float], shards: int) -> dict[Any, int]:
    """Give whole units of work to shards.

    The heaviest comes first, and each goes to the shard with the least work so far. Nothing but the units decides, so
    that every process that asks gets the same answer. The units of a corpus are shared out so, and the cells of the
    simulations of coverage and calibration.

    Parameters
    ----------
    work : mapping
        What each unit takes, in any unit of time, by a name that can be sorted.
    shards : int
        From 1 on.

    Returns
    -------
    dict
        The number of each unit's shard, from 0.
    """
    if shards < 1:
        raise ValueError(f"shards is {shards}; it must be 1 or more")
    load = [(0, i) for i in range(shards)]
    heapify(load)
    chosen = {}
    for name in sorted(work, key=lambda name: (-work[name], name)):
        so_far, shard = load[0]
        heapreplace(load, (so_far + work[name], shard))
        chosen[name] = shard
    return chosen


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def split_table(table: Path, settings: CorpusSettings, shards: list[Path], folder: Path) -> Studies:
    """Read a table, name its bad rows, and write the studies of each shard.

    Parameters
    ----------
    table : pathlib.Path
        CSV or Parquet.
    settings : CorpusSettings
    shards : list of pathlib.Path
        Files to write, one per shard; a small table leaves some without rows.
    folder : pathlib.Path
        Gets ``studies.parquet``, ``bad_rows.parquet`` and ``analyses.parquet``.

    Returns
    -------
    Studies
    """
    studies = read_studies(read_table(table, settings.measure), settings)
    folder.mkdir(parents=True, exist_ok=True)
    text = {"analysis": pa.string(), "study": pa.string(), "kind": pa.string(), "column": pa.string()}
    for name, frame in (
        ("studies", studies.frame),
        ("bad_rows", studies.bad_rows),
        ("analyses", studies.analyses),
    ):
        types = text | {"reason": pa.string(), "yi": pa.float64(), "vi": pa.float64()}
        schema = pa.schema([(c, types.get(c, pa.int64())) for c in frame.columns])
        write(
            pa.Table.from_pandas(frame, schema, preserve_index=False).replace_schema_metadata(),
            folder / f"{name}.parquet",
        )
    units = plan_units(studies.analyses, len(shards))
    _write_shards(studies.frame, units, shards)
    return studies


def _write_shards(frame: pd.DataFrame, units: pd.DataFrame, shards: list[Path]) -> None:
    # the studies are sorted by analysis: bring each analysis' rows to its place in the order of the units
    names, first = np.unique(frame["analysis"].to_numpy(dtype=object), return_index=True)
    at = first[np.searchsorted(names, units["analysis"].to_numpy(dtype=object))] if len(names) else first
    k = units["k"].to_numpy()
    offset = np.arange(k.sum()) - np.repeat(np.cumsum(k) - k, k)
    rows = np.repeat(at, k) + offset
    table = pa.table(
        {
            "analysis": pa.array(np.repeat(units["analysis"].to_numpy(dtype=object), k), pa.string()),
            "k": pa.array(np.repeat(k, k), pa.int32()),
            "block": pa.array(np.repeat(units["block"].to_numpy(), k), pa.int64()),
            "yi": pa.array(frame["yi"].to_numpy()[rows]),
            "vi": pa.array(frame["vi"].to_numpy()[rows]),
        }
    )
    shard = np.repeat(units["shard"].to_numpy(), k)
    for number, path in enumerate(shards):
        path.parent.mkdir(parents=True, exist_ok=True)
        write(table.filter(pa.array(shard == number)), path)


def analyse_shard(source: Path, target: Path, settings: CorpusSettings, kept: Path | None = None) -> bool:
    """Analyse one shard, unless its result is there already.

    Parameters
    ----------
    source, target : pathlib.Path
        Studies of the shard, as `split_table` writes them, and where its results go. The target is whole or
        absent: it is written beside itself and put in place at the end.
    settings : CorpusSettings
    kept : pathlib.Path, optional
        Folder of finished shards by content, for callers whose targets are deleted before a step runs again.

    Returns
    -------
    bool
        Whether anything was computed.
    """
    studies = pq.read_table(source)
    key = shard_key(studies, settings)
    places = [target] if kept is None else [target, kept / f"{key}.parquet"]
    for place in places:
        if _is_whole(place, key):
            if place != target:
                _put(lambda part, place=place: shutil.copyfile(place, part), target)
            return False
    from evisynth.corpus.analyse import analyse_studies

    result = analyse_studies(studies, settings).replace_schema_metadata({_KEY: key.encode()})
    for place in reversed(places):
        write(result, place)
    return True


def shard_key(studies: pa.Table, settings: CorpusSettings) -> str:
    """Digest of all that a shard's result depends on: its studies, the settings, the code and the packages."""
    import scipy

    sha = hashlib.sha256()
    facts = [settings.to_dict(), np.__version__, scipy.__version__, pa.__version__]
    facts.append(_code())
    sha.update(json.dumps(facts, sort_keys=True).encode())
    for name in ("yi", "vi"):
        sha.update(studies.column(name).to_numpy().tobytes())
    for name in ("k", "block"):
        sha.update(studies.column(name).to_numpy().astype(np.int64).tobytes())
    sha.update("\0".join(studies.column("analysis").to_pylist()).encode("utf-8", "surrogatepass"))
    return sha.hexdigest()


@cache
def _code() -> str:
    from evisynth.provenance.code import digest_of

    here = Path(__file__).resolve()
    return digest_of(here.with_name("analyse.py"), here.parents[2])


def _is_whole(path: Path, key: str) -> bool:
    """Whether a file is the finished result of this key, down to its last page."""
    if not path.is_file():
        return False
    try:
        metadata = pq.read_schema(path).metadata or {}
        if metadata.get(_KEY) != key.encode():
            return False
        pq.read_table(path, page_checksum_verification=True)
    except (pa.ArrowException, OSError):
        return False
    return True


def write(table: pa.Table, path: Path) -> None:
    """Write a Parquet file: the same table gives the same bytes, and the file is whole or absent."""
    _put(
        lambda part: pq.write_table(
            table.combine_chunks(), part, compression="zstd", row_group_size=100_000, write_page_checksum=True
        ),
        path,
    )


def _put(make, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        make(part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
