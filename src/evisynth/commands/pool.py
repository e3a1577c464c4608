"""`evisynth pool`: pool a table of studies, frequentist."""

import json
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from evisynth.commands.pool_options import Options, check_options, table_measure

if TYPE_CHECKING:
    import pandas as pd

    from evisynth.effects import EffectTable
    from evisynth.effects.text_table import TextTable
    from evisynth.pooling import PoolResult, RegressionResult

_RESULT = [
    "k",
    "estimate",
    "se",
    "ci_low",
    "ci_high",
    "p",
    "tau2",
    "tau2_ci_low",
    "tau2_ci_high",
    "tau2_ci_empty",
    "i2",
    "h2",
    "q",
    "q_df",
    "q_p",
    "pi_low",
    "pi_high",
    "residual",
    "boundary",
    "status",
    "reason",
    "model",
    "tau2_method",
    "ci_method",
    "pi_method",
    "level",
]


class Format(StrEnum):
    """Formats of the output."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything that one call of the command found.

    Attributes
    ----------
    table
        The table as read, text cells.
    effects
        What each study says.
    result
        The pooled result.
    regression
        The meta-regression, where moderators were given.
    extra
        What `--all` adds, by its name in the JSON.
    """

    table: "TextTable"
    effects: "EffectTable"
    result: "PoolResult"
    regression: "RegressionResult | None"
    extra: dict[str, Any]
    options: Options


def pool(
    table: Annotated[Path, typer.Argument(help="CSV with one row per study; a column `study` names the rows.")],
    measure: Annotated[
        str,
        typer.Option(
            help="OR RR RD PETO AS (events_1 n_1 events_2 n_2); MD SMD SMDH ROM (mean_1 sd_1 n_1 mean_2 sd_2 n_2); "
            "IRR IRD (events_1 time_1 events_2 time_2); PLO PFT PR (events n); COR ZCOR (r n); "
            "generic (yi vi, or yi sei). 1 is the intervention, 2 the comparison."
        ),
    ],
    tau2: Annotated[str, typer.Option(help="Estimator of tau2: DL HE HS SJ ML REML EB PM DL2.")] = "REML",
    ci: Annotated[str, typer.Option(help="Interval of the mean: HKSJ-safe, HKSJ, wald, profile or HC.")] = "HKSJ-safe",
    pi: Annotated[str, typer.Option(help="Prediction interval: t (k - 1), riley (k - 2) or normal.")] = "t",
    model: Annotated[str, typer.Option(help="random or common.")] = "random",
    level: Annotated[float, typer.Option(help="Level of all intervals.")] = 0.95,
    zero_cells: Annotated[
        str, typer.Option(help="Correction of zero cells for inverse variance: study, treatment-arm or none.")
    ] = "study",
    double_zero: Annotated[
        str, typer.Option(help="Studies without events in both arms: drop (and name them) or keep.")
    ] = "drop",
    smd_variance: Annotated[str, typer.Option(help="Variance formula of the SMD.")] = "LS",
    moderators: Annotated[
        str, typer.Option(help='Meta-regression on columns of the table, such as "latitude + alloc".')
    ] = "",
    format: Annotated[Format, typer.Option(help="How to print the answer.")] = Format.TEXT,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Also: all estimators, Mantel-Haenszel, Peto, small-study tests, leave-one-out."),
    ] = False,
    selection_side: Annotated[
        str, typer.Option(help="Side that selection favours: auto (that of the estimate), right or left.")
    ] = "auto",
) -> None:
    """Pool the studies of a table.

    Estimates of ratios are logarithms in JSON and CSV and ratios in text. Everything that is wrong with the table
    or the options is listed on the error stream, and the command then ends with 1.
    """
    options = Options(
        measure, tau2, ci, pi, model, level, zero_cells, double_zero, smd_variance, moderators.strip(),
        everything, selection_side,
    )  # fmt: skip
    from evisynth.effects.text_table import read_text_table

    try:
        answer = compute(read_text_table(table), options)
    except (ValueError, ArithmeticError, OSError) as error:
        _, problems = check_options(options)
        problems += [problem for problem in getattr(error, "problems", [str(error)]) if problem not in problems]
        typer.echo("\n  ".join([f"evisynth pool: {table} was not pooled:", *problems]), err=True)
        raise typer.Exit(1) from None
    if format is Format.JSON:
        typer.echo(json.dumps(to_json(answer), indent=2, ensure_ascii=False, allow_nan=False))
    elif format is Format.CSV:
        shown = answer.result if answer.regression is None else answer.regression
        shown.to_frame().to_csv(sys.stdout, index=False, lineterminator="\n")
    else:
        from evisynth.commands.pool_text import show

        show(answer)


def read_table(path: Path) -> "pd.DataFrame":
    """Return the table as a frame of text cells that knows the line of each row."""
    from evisynth.effects.text_table import read_text_table

    return read_text_table(path).to_frame()


def compute(table: "TextTable", options: Options) -> Answer:
    """Turn rows into effects, pool them, and compute what else was asked for.

    Raises
    ------
    ValueError
        With every problem of the options and the table.
    """
    from evisynth import pooling
    from evisynth.effects import TableError, effects_of_table

    options, problems = check_options(options)
    try:
        # with options that cannot be used the table is only checked
        if table_measure(options.measure):
            effects = effects_of_table(table, options.measure, **({} if problems else options.effects()))
    except TableError as error:
        problems += error.problems
    if problems:
        raise TableError(problems)
    result = pooling.random_effects(effects.yi, effects.vi, studies=effects.study, **options.pooling())
    regression = _regression(table, effects, options) if options.moderators else None
    extra = _everything(table, effects, options) if options.everything else {}
    return Answer(table, effects, result, regression, extra, options)


def _regression(table: "TextTable", effects: "EffectTable", options: Options) -> "RegressionResult":
    from evisynth import pooling
    from evisynth.commands.pool_moderators import moderator_columns

    return pooling.meta_regression(
        effects.yi,
        effects.vi,
        options.moderators,
        moderator_columns(table, effects.row, options.moderators),
        tau2=options.tau2,
        ci=options.ci,
        level=options.level,
        studies=effects.study,
    )


def _numbers(result: Any) -> dict[str, Any]:
    return {name: getattr(result, name) for name in _RESULT}


def _everything(table: "TextTable", effects: "EffectTable", options: Options) -> dict[str, Any]:
    from evisynth import bias, pooling
    from evisynth.pooling.tau2 import METHODS

    asked = options.pooling() | {"model": "random"}
    extra: dict[str, Any] = {
        "estimators": {
            name: {
                field: _plain(value)
                for field, value in _numbers(
                    pooling.random_effects(effects.yi, effects.vi, **(asked | {"tau2": name}))
                ).items()
            }
            for name in METHODS
        }
    }
    extra |= _count_methods(table, effects, options.level)
    series = pooling.leave_one_out(effects.yi, effects.vi, studies=effects.study, **options.pooling())
    extra["leave_one_out"] = [
        {"study": study}
        | {
            name: _plain(getattr(series.result, name)[i])
            for name in ("k", "estimate", "se", "ci_low", "ci_high", "p", "tau2", "i2")
        }
        for i, study in enumerate(series.labels)
    ]
    return extra | bias.small_study_summary(
        effects.yi, effects.vi, studies=effects.study, selection_side=options.selection_side, **asked
    )


def _count_methods(table: "TextTable", effects: "EffectTable", level: float) -> dict[str, Any]:
    """Return Mantel-Haenszel and Peto of the studies pooled; None where the measure has no such method."""
    from evisynth import pooling

    found: dict[str, Any] = {"mh": None, "peto": None}
    if effects.measure in ("OR", "RR", "RD", "PETO"):
        counts = [_column(table, effects, name) for name in ("events_1", "n_1", "events_2", "n_2")]
        measure = "OR" if effects.measure == "PETO" else effects.measure
        found["mh"] = pooling.mantel_haenszel(*counts, measure=measure, level=level, studies=effects.study)
        found["peto"] = pooling.peto(*counts, level=level, studies=effects.study)
    elif effects.measure in ("IRR", "IRD"):
        counts = [_column(table, effects, name) for name in ("events_1", "time_1", "events_2", "time_2")]
        found["mh"] = pooling.mantel_haenszel_rates(
            *counts, measure=effects.measure, level=level, studies=effects.study
        )
    return {name: None if result is None else _count_result(result) for name, result in found.items()}


def _column(table: "TextTable", effects: "EffectTable", name: str) -> np.ndarray:
    """Return the numbers of a column, one for each study pooled."""
    cells = table[name]
    return np.array([float(cells[i]) for i in effects.row])


def _count_result(result: Any) -> dict[str, Any]:
    names = ["k", "estimate", "se", "ci_low", "ci_high", "p", "q", "q_df", "q_p", "measure", "reason"]
    left_out = [{"study": study, "reason": reason} for study, reason in result.left_out]
    return {name: getattr(result, name) for name in names} | {"left_out": left_out}


def _plain(value: Any) -> Any:
    """Return a value that JSON knows; a number that does not exist is null."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def to_json(answer: Answer) -> dict[str, Any]:
    """Return the answer under the names of the JSON output, on the analysis scale."""
    effects, result = answer.effects, answer.result
    out: dict[str, Any] = {"measure": effects.measure, "scale": "log" if effects.is_log else "analysis"}
    out |= {name: _plain(value) for name, value in _numbers(result).items()}
    out["rules"] = dict(effects.rules)
    out["studies"] = [
        {"study": study, "yi": float(y), "vi": float(v), "weight": float(w)}
        for study, y, v, w in zip(effects.study, effects.yi, effects.vi, result.weights, strict=True)
    ]
    out["left_out"] = [{"study": study, "reason": reason} for study, reason in effects.left_out]
    if answer.regression is not None:
        out["moderators"] = {"formula": answer.options.moderators} | _regression_json(answer.regression)
    return out | answer.extra


def _regression_json(regression: "RegressionResult") -> dict[str, Any]:
    columns = ("estimate", "se", "ci_low", "ci_high", "statistic", "p")
    coefficients = [
        {"term": term} | {name: _plain(getattr(regression, name)[i]) for name in columns}
        for i, term in enumerate(regression.terms)
    ]
    names = [
        "k",
        "tau2",
        "tau2_ci_low",
        "tau2_ci_high",
        "tau2_ci_empty",
        "i2",
        "h2",
        "r2",
        "tau2_without",
        "qe",
        "qe_df",
        "qe_p",
        "qm",
        "qm_df",
        "qm_df_residual",
        "qm_p",
        "residual",
        "boundary",
    ]
    return {"coefficients": coefficients} | {name: _plain(getattr(regression, name)) for name in names}
