"""What the engines' intervals hold, by simulation: targets `coverage`, `calibration`, `model_calibration`.

None is part of `all`. They write into docs/ of the working directory. The cells of a grid are shared out like the units of
a corpus (`evisynth.corpus.share_out`), and every cell has its own stream of random numbers: nothing depends on the number
of parts. A model of `model_calibration` is a job of its own.
"""

REPLICATES = 2000
OUTCOMES = ["normal", "rare"]
GRID_SHARDS = int(config.get("grid_shards", 4))
GRID_PARTS = [f"{i:04d}-of-{GRID_SHARDS:04d}" for i in range(1, GRID_SHARDS + 1)]
MODEL_SIMULATIONS = 500
CALIBRATED = [
    "normal",
    "binomial",
    "log_binomial",
    "poisson",
    "regression",
    "hierarchy",
    "additive_bias",
    "contaminated",
    "conversions",
    "student_t",
]


wildcard_constraints:
    calibrated="[a-z_]+",


rule coverage:
    input:
        "docs/coverage/frequentist_intervals.csv",
        collect("docs/images/coverage_{outcome}.png", outcome=OUTCOMES),


rule calibration:
    input:
        "docs/coverage/calibration_ranks.csv",
        "docs/coverage/posterior_intervals.csv",
        "docs/images/calibration_ranks.png",
        "docs/images/coverage_posterior.png",


rule measure_coverage:
    output:
        record="results/coverage/records/measure_coverage-{part}.json",
        facts="results/coverage/run_facts/measure_coverage-{part}.json",
        cells="results/coverage/intervals-{part}.csv",
    log:
        "results/coverage/logs/measure_coverage-{part}.log",
    conda:
        "../../environment.yml"
    resources:
        **needs(1000, 60),
    params:
        part=lambda wildcards: wildcards.part,
        outcomes=OUTCOMES,
        k=[2, 3, 5, 10, 20],
        i2=[0.0, 50.0, 90.0],
        replicates=REPLICATES,
        seed=20261122,
        code=code("measure_coverage"),
    message:
        "coverage of frequentist intervals, part {wildcards.part}"
    script:
        "../../scripts/measure_coverage.py"


rule draw_coverage:
    input:
        cells=collect("results/coverage/intervals-{part}.csv", part=GRID_PARTS),
    output:
        record="results/coverage/records/draw_coverage.json",
        facts="results/coverage/run_facts/draw_coverage.json",
        table="docs/coverage/frequentist_intervals.csv",
        normal="docs/images/coverage_normal.png",
        rare="docs/images/coverage_rare.png",
    log:
        "results/coverage/logs/draw_coverage.log",
    conda:
        "../../environment.yml"
    resources:
        **needs(1000, 10),
    params:
        code=code("draw_coverage"),
    message:
        "heat maps of coverage"
    script:
        "../../scripts/draw_coverage.py"


rule measure_calibration:
    output:
        record="results/coverage/records/measure_calibration-{part}.json",
        facts="results/coverage/run_facts/measure_calibration-{part}.json",
        ranks="results/coverage/calibration_ranks-{part}.csv",
        coverage="results/coverage/calibration_coverage-{part}.csv",
    log:
        "results/coverage/logs/measure_calibration-{part}.log",
    conda:
        "../../environment.yml"
    resources:
        **needs(1000, 60),
    params:
        part=lambda wildcards: wildcards.part,
        k=[2, 3, 4, 5, 6, 7, 8, 9, 10],
        draws=5000,
        replicates=REPLICATES,
        seed=20261122,
        settings=[
            [2, "halfnormal:0.5", "normal:0,1"],
            [6, "halfnormal:0.5", "normal:0,1"],
            [20, "halfnormal:0.5", "normal:0,1"],
            [3, "halfcauchy:0.5", "t:0,0.58,4"],
            [5, "lognormal2:-2.56,1.74", "normal:0,2"],
            [10, "invgamma:1.77,0.55", "normal:0,1"],
        ],
        tau=[0.0, 0.1, 0.3, 0.5],
        tau_priors=["halfnormal:0.5", "halfnormal:1", "halfcauchy:0.5"],
        code=code("measure_calibration"),
    message:
        "calibration of the exact posterior, part {wildcards.part}"
    script:
        "../../scripts/measure_calibration.py"


rule draw_calibration:
    input:
        ranks=collect("results/coverage/calibration_ranks-{part}.csv", part=GRID_PARTS),
        coverage=collect("results/coverage/calibration_coverage-{part}.csv", part=GRID_PARTS),
    output:
        record="results/coverage/records/draw_calibration.json",
        facts="results/coverage/run_facts/draw_calibration.json",
        ranks="docs/coverage/calibration_ranks.csv",
        intervals="docs/coverage/posterior_intervals.csv",
        histograms="docs/images/calibration_ranks.png",
        heat_map="docs/images/coverage_posterior.png",
    log:
        "results/coverage/logs/draw_calibration.log",
    conda:
        "../../environment.yml"
    resources:
        **needs(1000, 10),
    params:
        code=code("draw_calibration"),
    message:
        "histograms and heat map of the calibration"
    script:
        "../../scripts/draw_calibration.py"


rule model_calibration:
    input:
        "docs/coverage/model_calibration.csv",
        collect("docs/images/calibration_{calibrated}.png", calibrated=CALIBRATED),


rule calibrate_model:
    output:
        record="results/coverage/records/calibrate_model-{calibrated}.json",
        facts="results/coverage/run_facts/calibrate_model-{calibrated}.json",
        table="results/coverage/model-{calibrated}.csv",
    log:
        "results/coverage/logs/calibrate_model-{calibrated}.log",
    conda:
        "../../environment.yml"
    resources:
        **needs(2000, 240),
    params:
        model=lambda wildcards: wildcards.calibrated,
        simulations=MODEL_SIMULATIONS,
        seed=20261122,
        code=code("calibrate_model"),
    message:
        "calibration of the model {wildcards.calibrated}"
    script:
        "../../scripts/calibrate_model.py"


rule draw_model_calibration:
    input:
        tables=collect("results/coverage/model-{calibrated}.csv", calibrated=CALIBRATED),
    output:
        record="results/coverage/records/draw_model_calibration.json",
        facts="results/coverage/run_facts/draw_model_calibration.json",
        table="docs/coverage/model_calibration.csv",
        images=collect("docs/images/calibration_{calibrated}.png", calibrated=CALIBRATED),
    log:
        "results/coverage/logs/draw_model_calibration.log",
    conda:
        "../../environment.yml"
    resources:
        **needs(1000, 10),
    params:
        code=code("draw_model_calibration"),
    message:
        "histograms of the calibration of the models"
    script:
        "../../scripts/draw_model_calibration.py"
