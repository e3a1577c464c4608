"""A model of bias, straying studies or conversions under one assumption: its numbers, or why there are none."""

from dataclasses import dataclass, field

from evisynth.bayes import adjusted
from evisynth.bayes.adjusted import BiasClass
from evisynth.synthesis import bias_settings as settings
from evisynth.synthesis.bias_evidence import Evidence
from evisynth.synthesis.bias_settings import CLASS_NAMES, HIGH, LOW, SOME, BiasSetting, MixtureSetting
from evisynth.synthesis.posterior import Task, probabilities

LEVEL = 0.95
_SUMMARY = ("mean", "sd", "median", "ci_low", "ci_high")


@dataclass(frozen=True, slots=True)
class Answer:
    """One model under one setting: its numbers, or the reason why there are none."""

    prior: str
    bias_prior: str
    source: str
    estimate: dict = field(default_factory=dict)
    terms: tuple[dict, ...] = ()
    status: str = "ok"
    reason: str = ""
    share_of_width: float | None = None
    error_bound: float | None = None


def additive_classes(evidence: Evidence, setting: BiasSetting) -> list[BiasClass] | None:
    """Return the assumption about every class that occurs, on the synthesis's scale; None where there is none.

    A learned bias needs two studies in its class and two at lower risk, which are taken as unbiased.
    """
    unit, direction = settings.unit_of(evidence.task), settings.direction_of(evidence.task)
    if unit is None:
        return None
    present = [name for name in (LOW, SOME, HIGH) if (evidence.classes["class"] == name).any()]
    if setting.learned:
        others = present[1:]
        counts = evidence.classes["class"].value_counts()
        if not others or min(counts[name] for name in present) < 2:
            return None
        mean = f"normal:0,{setting.mean_sd * unit:.4g}"
        spread = f"halfnormal:{setting.spread * unit:.4g}"
        return [BiasClass(name, mean, spread, setting.source) for name in others]
    found = []
    for name in present:
        share = {LOW: 0.0, SOME: settings.SHARE_OF_SOME, HIGH: 1.0}[name] * unit
        if share:
            mean = f"normal:{direction * setting.mean * share:.4g},{setting.mean_sd * share:.4g}"
            found.append(BiasClass(name, mean, round(setting.spread * share, 6), setting.source))
    return found or None


def additive_answer(evidence: Evidence, setting: BiasSetting, biases: list[BiasClass]) -> Answer:
    """Fit Welton's additive bias by class under given assumptions.

    Parameters
    ----------
    evidence : Evidence
    setting : BiasSetting
        Its id, title and source are shown.
    biases : list of BiasClass
        What is assumed about each biased class.
    """
    task = evidence.task
    y, v = evidence.numbers
    named = [bias.name for bias in biases]
    classes = evidence.classes["class"].tolist()
    free = tuple(sorted(set(classes) - set(named)))
    fit = adjusted.additive_bias(y, v, classes, biases, task.tau_prior, task.mu_prior, unbiased=free, level=LEVEL)
    assumed = "; ".join(
        f"{CLASS_NAMES[bias.name]}: mean bias {bias.mean}, spread between studies {bias.spread}" for bias in biases
    )
    if setting.learned:
        besides = f"taken as unbiased: {CLASS_NAMES[free[0]]}"
    else:
        besides = f"bias lies towards the treatment; {settings.HALVES}"
    words = f"{setting.title}: {assumed} ({settings.unit_words(task)}; {besides})"
    terms = []
    for kind, title in (("means", "mean bias"), ("spreads", "spread of the biases")):
        for name, summary in getattr(fit.quantities, kind).items():
            bias = next(bias for bias in biases if bias.name == name)
            prior = bias.mean if kind == "means" else bias.spread
            terms.append(
                {"term": f"{kind[:-1]}.{name}", "about": f"{title}, {CLASS_NAMES[name]}", "assumed": str(prior)}
                | _fields(summary)
            )
    return Answer(setting.id, words, setting.source, _estimate(task, fit), tuple(terms), error_bound=fit.error_bound)


def mixture_answer(evidence: Evidence, setting: MixtureSetting) -> Answer:
    """Fit Verde's mixture of unbiased and biased studies under one setting.

    Parameters
    ----------
    evidence : Evidence
    setting : MixtureSetting
    """
    from evisynth.bayes.adjusted.contamination import LEAST_STUDIES
    from evisynth.bayes.priors import PriorError

    task, unit = evidence.task, settings.unit_of(evidence.task)
    y, v = evidence.numbers
    high = int((evidence.classes["class"] == HIGH).sum())
    p_prior = (1.0 + high, 1.0 + len(y) - high) if setting.judged else (1.0, 1.0)
    if unit is None:
        return Answer(setting.id, "", setting.source, status="not_pooled", reason="the numbers of people are not known")
    size = f"uniform:0,{setting.largest * unit:.4g}" if setting.largest else f"normal:0,{setting.typical * unit:.4g}"
    words = (
        f"{setting.title}: size of the bias {size} towards the treatment ({settings.unit_words(task)}), probability "
        f"that a study is biased beta:{p_prior[0]:g},{p_prior[1]:g}"
    )
    if len(y) < LEAST_STUDIES:
        reason = f"{len(y)} studies; at least {LEAST_STUDIES} are needed to tell biased from unbiased ones"
        return Answer(setting.id, words, setting.source, status="not_pooled", reason=reason)
    names, labels = task.effects["study_id"].tolist(), task.labels
    try:
        fit = adjusted.contaminated(
            y,
            v,
            task.tau_prior,
            task.mu_prior,
            bias_prior=size,
            p_prior=p_prior,
            direction=settings.direction_of(task),
            known=None if setting.extremes else [""] * len(y),
            studies=names,
            level=LEVEL,
        )
    except PriorError as error:
        return Answer(setting.id, words, setting.source, status="failed", reason=str(error))
    mean, sd = fit.p_biased
    terms = [
        {"term": "size", "about": "size of the bias, with its sign", "assumed": size} | _fields(fit.bias),
        {"term": "p_biased", "about": "probability that a study is biased", "assumed": fit.priors["p_biased"]}
        | {"mean": mean, "sd": sd},
    ]
    for row in fit.studies.itertuples(index=False) if setting.by_study else ():
        assumed = "fixed by its place" if row.fixed else ""
        about = f"probability that {labels[row.study]} is biased"
        terms.append({"term": f"p_biased.{row.study}", "about": about, "assumed": assumed, "mean": row.p_biased})
    return Answer(setting.id, words, setting.source, _estimate(task, fit), tuple(terms), error_bound=fit.error_bound)


def student_answer(evidence: Evidence, degrees: float) -> Answer:
    """Fit Student-t random effects.

    Parameters
    ----------
    evidence : Evidence
    degrees : float
        Degrees of freedom.
    """
    task = evidence.task
    y, v = evidence.numbers
    names, labels = task.effects["study_id"].tolist(), task.labels
    fit = adjusted.student_t(y, v, degrees, task.tau_prior, task.mu_prior, studies=names, level=LEVEL)
    words = f"effects of studies follow a t distribution with {degrees:g} degrees of freedom; tau is its scale"
    terms = tuple(
        {
            "term": f"scale.{row.study}",
            "about": f"scale of {labels[row.study]}: below 1 it strays",
            "assumed": f"gamma, {degrees:g} degrees of freedom, mean 1",
            "mean": row.scale,
        }
        for row in fit.studies.itertuples(index=False)
        if degrees == settings.DEGREES_BY_STUDY
    )
    source = "Lee and Thompson 2008, Stat Med 27:418; the degrees of freedom are assumed"
    return Answer(f"df{degrees:g}", words, source, _estimate(task, fit), terms, error_bound=fit.error_bound)


def conversion_answer(evidence: Evidence, name: str, prior: str) -> Answer:
    """Fit with every conversion's assumption as a parameter, and the share of the width that comes from them.

    Parameters
    ----------
    evidence : Evidence
    name, prior : str
        The setting, and the prior of every assumption that was not given.
    """
    task = evidence.task
    needed = sorted({part for reading in evidence.readings for part in reading.shared})
    shared: dict[str, float | str] = {part: evidence.given.get(part, prior) for part in needed}
    fits = adjusted.conversion_fits(evidence.readings, shared, task.tau_prior, task.mu_prior, level=LEVEL)
    table, fit = adjusted.shares_of(fits).set_index("varied"), list(fits.values())[-1]
    whole = table.iloc[-1]
    assumed = "; ".join(f"{part} {value}" for part, value in shared.items())
    rounded = [reading.study for reading in evidence.readings if reading.own]
    words = "; ".join(
        filter(
            None,
            [
                assumed,
                f"printed figures as intervals: {', '.join(rounded)}" if rounded else "",
                "every other effect as it stands",
            ],
        )
    )
    terms = [
        {"term": row.parameter, "about": f"assumed {row.parameter.replace('_', ' ')}", "assumed": row.prior}
        | {column: getattr(row, column) for column in _SUMMARY}
        | {"share_of_width": table.loc[row.parameter, "share_of_width"]}
        for row in fit.parameters.itertuples(index=False)
    ]
    if "rounding" in table.index:
        about = f"what was printed: p values, limits and percentages of {len(rounded)} studies"
        share = table.loc["rounding", "share_of_width"]
        terms.append({"term": "rounding", "about": about, "assumed": "as printed", "share_of_width": share})
    source = "assumed: the prior of the correlation" if prior else "the printed figures themselves"
    return Answer(
        name,
        words,
        source,
        _estimate(task, fit),
        tuple(terms),
        share_of_width=float(whole["share_of_width"]),
        error_bound=max(fit.error_bound, float(whole["error_bound"])),
    )


def design_answer(evidence: Evidence, randomised: list[bool], weight: float) -> Answer:
    """Pool randomised and non-randomised studies, the latter at a discount and with a bias that may go either way.

    Parameters
    ----------
    evidence : Evidence
    randomised : list of bool
        Which studies are randomised.
    weight : float
        The discount w: their variance is v / w.
    """
    task = evidence.task
    y, v = evidence.numbers
    unit = settings.unit_of(task) or 0.0
    bias = BiasClass("non-randomised", f"normal:0,{0.5 * unit:.4g}", 0.0) if unit else None
    fit = adjusted.design_adjusted(y, v, randomised, weight, bias, task.tau_prior, task.mu_prior, level=LEVEL)
    words = f"{sum(not x for x in randomised)} non-randomised studies with variances divided by {weight:g}"
    words += f" and a mean bias {bias.mean}" if bias else ""
    source = "Efthimiou et al. 2017, Stat Med 36:1210; weight and bias are assumed"
    return Answer(f"w{weight:g}", words, source, _estimate(task, fit), error_bound=fit.error_bound)


def _fields(summary) -> dict[str, float | None]:
    return {name: getattr(summary, name) for name in _SUMMARY}


def _estimate(task: Task, fit) -> dict:
    """Return the columns of an estimate; what a model doesn't have stays blank."""
    ahead = getattr(fit, "predictive", None)
    return {
        "estimate": fit.mu.median,
        "ci_low": fit.mu.ci_low,
        "ci_high": fit.mu.ci_high,
        "mean": fit.mu.mean,
        "sd": fit.mu.sd,
        "pi_low": ahead.ci_low if ahead else None,
        "pi_high": ahead.ci_high if ahead else None,
        "tau": fit.tau.median,
        "tau2": fit.tau.median**2,
        "tau2_ci_low": fit.tau.ci_low**2,
        "tau2_ci_high": fit.tau.ci_high**2,
        **probabilities(task, fit.p_mu_below),
    }
