"""`evisynth bayes`: pool a table of studies, Bayesian."""

import json
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

if TYPE_CHECKING:
    import pandas as pd

    from evisynth.effects import EffectTable

_SUMMARY = ("mean", "sd", "median", "ci_low", "ci_high")
_PARTS = ("mu", "tau", "predictive")
_CHECKS = ("rhat_max", "ess_bulk_min", "ess_tail_min", "divergences", "ebfmi_min")
_COUNTS = {
    "binomial": ("OR", ("events_1", "n_1", "events_2", "n_2")),
    "poisson": ("IRR", ("events_1", "time_1", "events_2", "time_2")),
}
# Priors of a model average where none are asked for: unit-information scales of the measure.
_AVERAGE_PRIORS = {
    "SMD": ("invgamma:1,0.15", "normal:0,1"),
    "SMDH": ("invgamma:1,0.15", "normal:0,1"),
    "log": ("halfnormal:0.5", "normal:0,1"),
}


class Format(StrEnum):
    """Formats of the output."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


class Likelihood(StrEnum):
    """What the data of a study are taken to be."""

    NORMAL = "normal"
    BINOMIAL = "binomial"
    POISSON = "poisson"


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for."""

    measure: str
    tau_prior: str
    mu_prior: str
    likelihood: str
    average: bool
    direction: str
    bias: str
    level: float
    zero_cells: str
    double_zero: str
    seed: int


def bayes(
    table: Annotated[Path, typer.Argument(help="CSV with one row per study; columns as for `evisynth pool`.")],
    measure: Annotated[
        str,
        typer.Option(
            help="OR RR RD PETO AS (events_1 n_1 events_2 n_2); MD SMD SMDH ROM (mean_1 sd_1 n_1 mean_2 sd_2 n_2); "
            "IRR IRD (events_1 time_1 events_2 time_2); PLO PFT PR (events n); COR ZCOR (r n); "
            "generic (yi vi, or yi sei). 1 is the intervention, 2 the comparison."
        ),
    ],
    tau_prior: Annotated[
        str,
        typer.Option(
            help="Prior of the between-study standard deviation, such as halfnormal:0.5, halfcauchy:0.5, "
            "lognormal2:-3.95,1.34 (on tau2), 'turner2015:pain,pharmacological vs placebo/control' or flat. "
            "Default: halfnormal:0.5."
        ),
    ] = "",
    mu_prior: Annotated[
        str,
        typer.Option(help="Prior of the mean effect, such as normal:0,2, t:0,0.5,4 or flat. Default: flat."),
    ] = "",
    likelihood: Annotated[
        Likelihood,
        typer.Option(help="normal: exact. binomial (OR) and poisson (IRR): sampled, studies without events are used."),
    ] = Likelihood.NORMAL,
    average: Annotated[
        bool,
        typer.Option("--average", help="Average over effect, heterogeneity and publication bias: 36 models."),
    ] = False,
    direction: Annotated[
        str,
        typer.Option(
            help="With --average: the side that selection favours: auto (that of the estimate), positive, negative."
        ),
    ] = "auto",
    bias: Annotated[
        str, typer.Option(help="With --average: bias models psma (all), weights, pet-peese or none.")
    ] = "psma",
    level: Annotated[float, typer.Option(help="Level of all intervals.")] = 0.95,
    zero_cells: Annotated[
        str,
        typer.Option(help="Correction of zero cells for the normal likelihood: study, treatment-arm or none."),
    ] = "study",
    double_zero: Annotated[
        str,
        typer.Option(help="Studies without events in both arms, normal likelihood: drop (and name them) or keep."),
    ] = "drop",
    seed: Annotated[int, typer.Option(help="Seed of the sampled likelihoods.")] = 1,
    format: Annotated[Format, typer.Option(help="How to print the answer.")] = Format.TEXT,
) -> None:
    """Pool the studies of a table in the normal-normal model, exactly, or sample a count model.

    Estimates of ratios are logarithms in JSON and CSV and ratios in text. Everything that is wrong with the table
    or the options is listed on the error stream, and the command then ends with 1.
    """
    options = Options(
        measure,
        tau_prior,
        mu_prior,
        likelihood.value,
        average,
        direction,
        bias,
        level,
        zero_cells,
        double_zero,
        seed,
    )
    try:
        answer = compute(_read(table), options)
    except (ValueError, ArithmeticError, RuntimeError, OSError) as error:
        typer.echo(f"evisynth bayes: {error}", err=True)
        raise typer.Exit(1) from None
    if format is Format.JSON:
        typer.echo(json.dumps(_finite(answer), indent=2, ensure_ascii=False, allow_nan=False))
    elif format is Format.CSV:
        _frame(_finite(answer)).to_csv(sys.stdout, index=False, lineterminator="\n")
    else:
        typer.echo(_text(answer))


def _read(path: Path) -> "pd.DataFrame":
    from evisynth.commands.pool import read_table

    return read_table(path)


def compute(frame: "pd.DataFrame", options: Options) -> dict[str, Any]:
    """Turn rows into effects, fit, and return the answer under the names of the JSON output.

    Parameters
    ----------
    frame : DataFrame
        The table as text cells.
    options : Options

    Raises
    ------
    ValueError
        A table, prior or option that can't be used.
    """
    if options.likelihood != "normal":
        if options.average:
            raise ValueError("--average needs --likelihood normal: its models are for effects with variances")
        return _counts(frame, options)
    from evisynth.effects import effects_of_table

    effects = effects_of_table(frame, options.measure, zero_cells=options.zero_cells, double_zero=options.double_zero)
    if len(effects.yi) == 0:
        left = "".join(f"\n  {study}: {reason}" for study, reason in effects.left_out)
        raise ValueError(f"no study of the table has an effect{': ' + left if left else ''}")
    answer = _average(effects, options) if options.average else _normal(effects, options)
    return answer | {"left_out": [{"study": s, "reason": r} for s, r in effects.left_out]}


def _head(effects: "EffectTable", options: Options, tau_prior: str, mu_prior: str) -> dict[str, Any]:
    return {
        "measure": effects.measure,
        "scale": "log" if effects.is_log else "analysis",
        "likelihood": options.likelihood,
        "k": len(effects.yi),
        "level": options.level,
        "tau_prior": tau_prior,
        "mu_prior": mu_prior,
    }


def _normal(effects: "EffectTable", options: Options) -> dict[str, Any]:
    from evisynth.bayes import normal_normal

    tau_prior, mu_prior = options.tau_prior or "halfnormal:0.5", options.mu_prior or "flat"
    fit = normal_normal(effects.yi, effects.vi, tau_prior, mu_prior, level=options.level)
    answer = _head(effects, options, tau_prior, mu_prior)
    for part in _PARTS:
        summary = getattr(fit, part)
        answer[part] = {f: getattr(summary, f) for f in (*_SUMMARY, "shortest_low", "shortest_high")}
    for name in (
        "p_mu_below_0",
        "log_marginal",
        "bf_mu0",
        "bf_tau0",
        "bf_reason",
        "error_bound",
        "method",
        "reason",
    ):
        answer[name] = getattr(fit, name)
    answer["bf_reason"] = "; ".join(part for part in (answer["bf_reason"], _boundless(answer)) if part)
    columns = [getattr(fit.studies, name) for name in _SUMMARY]
    answer["studies"] = [
        {"study": s, "yi": float(y), "vi": float(v), **dict(zip(_SUMMARY, map(float, numbers), strict=True))}
        for s, y, v, *numbers in zip(effects.study, effects.yi, effects.vi, *columns, strict=True)
    ]
    answer["notes"] = list(fit.notes)
    return answer


def _boundless(answer: dict[str, Any]) -> str:
    """Why a Bayes factor is missing that exists."""
    found = [name for name, value in answer.items() if name.startswith("bf_") and value == np.inf]
    return f"{' and '.join(found)}: above 1e308, too large to write" if found else ""


def _average(effects: "EffectTable", options: Options) -> dict[str, Any]:
    from evisynth.bayes import model_average

    default = _AVERAGE_PRIORS.get(effects.measure, _AVERAGE_PRIORS["log"] if effects.is_log else None)
    if default is None and not (options.tau_prior and options.mu_prior):
        raise ValueError(
            f"--average has no default priors for {effects.measure}: its unit isn't known; "
            "give --tau-prior and --mu-prior"
        )
    tau_prior, mu_prior = options.tau_prior or default[0], options.mu_prior or default[1]
    direction = options.direction
    if direction == "auto":
        direction = "positive" if np.sum(effects.yi / effects.vi) >= 0 else "negative"
    fit = model_average(
        effects.yi,
        effects.vi,
        tau_prior,
        mu_prior,
        bias=options.bias,
        direction=direction,
        level=options.level,
    )
    answer = _head(effects, options, tau_prior, mu_prior) | {
        "direction": direction,
        "bias_models": options.bias,
    }
    for part in ("mu", "tau", "mu_conditional", "tau_conditional"):
        answer[part] = {f: getattr(getattr(fit, part), f) for f in _SUMMARY}
    names = (
        "bf_effect",
        "bf_heterogeneity",
        "bf_bias",
        "p_effect",
        "p_heterogeneity",
        "p_bias",
        "error_bound",
        "method",
    )
    answer |= {name: getattr(fit, name) for name in names}
    none = "no model of publication bias was among those averaged" if fit.bf_bias is None else ""
    answer["bf_reason"] = "; ".join(part for part in (none, _boundless(answer)) if part)
    answer["models"] = fit.models.to_dict("records")
    columns = zip(effects.study, effects.yi, effects.vi, strict=True)
    answer["studies"] = [{"study": s, "yi": float(y), "vi": float(v)} for s, y, v in columns]
    return answer


def _counts(frame: "pd.DataFrame", options: Options) -> dict[str, Any]:
    from evisynth.bayes import sampled
    from evisynth.effects import effects_of_table

    measure, columns = _COUNTS[options.likelihood]
    if options.measure.upper() != measure:
        raise ValueError(f"--likelihood {options.likelihood} is for --measure {measure}; found {options.measure}")
    kind = {"binomial": "Binomial", "poisson": "Poisson"}[options.likelihood]
    if f"{kind}Problem" not in dir(sampled):
        raise ValueError(f"--likelihood {options.likelihood} isn't available in this version; use normal")
    # Keeping double-zero studies and correcting no cell: the table is checked, nothing else of it is used.
    effects = effects_of_table(frame, measure, zero_cells="study", double_zero="keep")
    rows = frame.iloc[effects.row].rename(columns=lambda name: str(name).strip())
    counts = [rows[name].astype(float).to_list() for name in columns]
    tau_prior, mu_prior = options.tau_prior or "halfnormal:0.5", options.mu_prior or "normal:0,2"
    problem = getattr(sampled, f"{kind}Problem")(
        "table", tuple(effects.study), *map(tuple, counts), tau_prior, mu_prior, level=options.level
    )
    fit = getattr(sampled, f"fit_{options.likelihood}")([problem], sampled.SamplerSettings(seed=options.seed))[0]
    summary = fit.summary()
    summary = summary[summary["study"] == ""].set_index("parameter")
    answer = _head(effects, options, tau_prior, mu_prior)
    for part in _PARTS:
        answer[part] = {f: float(summary.loc[part, f]) for f in (*_SUMMARY, "mcse_mean")}
    answer["p_mu_below_0"] = fit.p_below(0.0)
    answer |= {"log_marginal": None, "bf_mu0": None, "bf_tau0": None}
    answer["bf_reason"] = "no marginal likelihood and no Bayes factor: the model was sampled"
    answer["error_bound"] = None
    answer["method"] = f"sampled ({fit.model}, seed {options.seed}); the error of a mean is its mcse_mean"
    answer["reason"] = "; ".join(f"{part}: {summary.loc[part, 'note']}" for part in _PARTS if summary.loc[part, "note"])
    worst = fit.diagnostics.to_frame().iloc[0]
    answer["checks"] = {name: float(worst[name]) for name in _CHECKS} | {"attempts": len(fit.attempts)}
    answer["studies"] = fit.studies()[["study", "yi", "vi", *_SUMMARY]].to_dict("records")
    answer["left_out"] = [{"study": s, "reason": r} for s, r in effects.left_out]
    return answer


def _finite(value: Any) -> Any:
    """The same for JSON: numbers that don't exist or are infinite become null."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_finite(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _frame(answer: dict[str, Any]) -> "pd.DataFrame":
    import pandas as pd

    parts = [p for p in (*_PARTS, "mu_conditional", "tau_conditional") if p in answer]
    table = pd.DataFrame([{"quantity": p, **answer[p]} for p in parts])
    names = ["measure", "scale", "likelihood", "k", "level", "tau_prior", "mu_prior", "error_bound", "method"]
    others = ("bf_effect", "bf_heterogeneity", "bf_bias", "p_mu_below_0", "log_marginal", "bf_mu0", "bf_tau0")
    names += [n for n in (*others, "bf_reason", "reason") if n in answer]
    return table.assign(**{n: answer[n] for n in names})


def _text(answer: dict[str, Any]) -> str:
    """The answer for a person: ratios on their own scale."""
    from evisynth.effects.measures import find_measure

    measure = find_measure(answer["measure"])
    inverse = np.exp if answer["scale"] == "log" else (lambda x: x)
    percent = f"{100 * answer['level']:g} %"
    lines = [
        f"{measure.long_name}, {answer['k']} studies; {answer['likelihood']} likelihood, {answer['method']}",
        f"priors: tau {answer['tau_prior']}, mu {answer['mu_prior']}",
        "",
    ]
    for part, words in (
        ("mu", "mean effect"),
        ("mu_conditional", "mean effect, if there is one"),
        ("predictive", "effect in a further study"),
    ):
        if part in answer:
            s = answer[part]
            low, mid, high = (_number(inverse(s[f])) for f in ("ci_low", "median", "ci_high"))
            lines.append(f"{words:30} median {mid} ({percent} {low} to {high})")
    for part, words in (("tau", "tau"), ("tau_conditional", "tau, if there is any")):
        if part in answer:
            s = answer[part]
            low, mid, high = (_number(s[f]) for f in ("ci_low", "median", "ci_high"))
            lines.append(f"{words:30} median {mid} ({percent} {low} to {high})")
    lines += _text_evidence(answer)
    lines += [f"left out: {row['study']}: {row['reason']}" for row in answer["left_out"]]
    lines += [f"note: {note}" for note in answer.get("notes", [])]
    if answer.get("reason"):
        lines.append(f"note: {answer['reason']}")
    return "\n".join(lines)


def _text_evidence(answer: dict[str, Any]) -> list[str]:
    if "bf_effect" in answer:
        shown = [f"effect {answer['bf_effect']:.4g}", f"heterogeneity {answer['bf_heterogeneity']:.4g}"]
        shown += [f"publication bias {answer['bf_bias']:.4g}"] if answer["bf_bias"] is not None else []
        return [
            f"inclusion Bayes factors: {', '.join(shown)} (favoured direction: {answer['direction']}; "
            f"{len(answer['models'])} models)"
        ]
    lines = [f"{'P(mean effect below null)':30} {answer['p_mu_below_0']:.4f}"]
    if answer["bf_mu0"] is None:
        return [*lines, answer["bf_reason"]]
    lines.append(f"Bayes factors for no effect {answer['bf_mu0']:.4g}, for no heterogeneity {answer['bf_tau0']:.4g}")
    return [*lines, answer["bf_reason"]] if answer["bf_reason"] else lines


def _number(value: float) -> str:
    if value != 0 and abs(value) < 0.01:
        return f"{value:.2g}"
    return f"{value:.2f}" if abs(value) < 1e5 else f"{value:.4g}"
