"""Many meta-analyses of one table: `snakemake corpus --config corpus_table=studies.parquet corpus_shards=20`.

The results are the same bytes whatever the number of shards and of cores. Not part of `all`.
"""


rule corpus:
    input:
        corpus_outputs,


rule shard_corpus:
    input:
        table=corpus_table,
    output:
        **corpus_record("shard_corpus"),
        studies="results/corpora/{corpus}/studies.parquet",
        bad_rows="results/corpora/{corpus}/bad_rows.parquet",
        analyses="results/corpora/{corpus}/analyses.parquet",
        shards=expand("results/corpora/{{corpus}}/shards/studies-{part}.parquet", part=CORPUS_PARTS),
    log:
        "results/corpora/{corpus}/logs/shard_corpus.log",
    conda:
        "../../environment.yml"
    resources:
        **needs(2000, 20),
    params:
        settings=CORPUS_SETTINGS,
        code=code("shard_corpus"),
    message:
        "reading {input.table}"
    script:
        "../../scripts/shard_corpus.py"


rule analyse_corpus:
    input:
        shard="results/corpora/{corpus}/shards/studies-{part}.parquet",
    output:
        record="results/corpora/{corpus}/provenance/records/analyse_corpus-{part}.json",
        facts="results/corpora/{corpus}/provenance/run_facts/analyse_corpus-{part}.json",
        results="results/corpora/{corpus}/shards/results-{part}.parquet",
    log:
        "results/corpora/{corpus}/logs/analyse_corpus-{part}.log",
    conda:
        "../../environment.yml"
    resources:
        **needs(1000, 60),
    params:
        cache="results/.kept/corpora",
        settings=CORPUS_SETTINGS,
        code=code("analyse_corpus"),
    message:
        "shard {wildcards.part} of {wildcards.corpus}"
    script:
        "../../scripts/analyse_corpus.py"


rule gather_corpus:
    input:
        shards=expand("results/corpora/{{corpus}}/shards/results-{part}.parquet", part=CORPUS_PARTS),
        analyses="results/corpora/{corpus}/analyses.parquet",
        bad_rows="results/corpora/{corpus}/bad_rows.parquet",
    output:
        **corpus_record("gather_corpus"),
        results="results/corpora/{corpus}/results.parquet",
        summary="results/corpora/{corpus}/summary.json",
        figure=multiext("results/corpora/{corpus}/corpus", ".svg", ".png"),
        page="results/corpora/{corpus}/report.html",
    log:
        "results/corpora/{corpus}/logs/gather_corpus.log",
    conda:
        "../../environment.yml"
    resources:
        **needs(2000, 20),
    params:
        settings=CORPUS_SETTINGS,
        code=code("gather_corpus"),
    message:
        "gathering {wildcards.corpus}"
    script:
        "../../scripts/gather_corpus.py"
