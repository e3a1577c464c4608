"""Estimates under assumptions about bias, straying studies and conversions: rows of ``bayes/adjusted.csv``.

None of these models finds bias out. Each says what follows from an assumption, and every assumption is varied.
"""

from collections.abc import Callable, Iterator

from evisynth.review.tables import RANDOMISED
from evisynth.synthesis import bias_answers as answers
from evisynth.synthesis import bias_settings as settings
from evisynth.synthesis.bias_answers import Answer
from evisynth.synthesis.bias_evidence import Evidence
from evisynth.synthesis.posterior import BAYES_COLUMNS, Posterior, Task, estimate_row, without_infinite

ADJUSTED_COLUMNS = (
    *BAYES_COLUMNS[:3],
    "prior",
    *BAYES_COLUMNS[3:-1],
    "bias_prior",
    "source",
    "classes",
    "moved",
    "share_of_width",
    "error_bound",
    "from",
)
TERM_COLUMNS = (
    "synthesis",
    "measure",
    "method",
    "prior",
    "term",
    "about",
    "assumed",
    "mean",
    "sd",
    "median",
    "ci_low",
    "ci_high",
    "share_of_width",
    "from",
)
TITLES = {
    "bayes_additive": "Bayesian, additive bias by risk of bias, by quadrature",
    "bayes_mixture": "Bayesian, biased and unbiased studies, by quadrature",
    "bayes_student": "Bayesian, Student-t effects, by quadrature",
    "bayes_conversions": "Bayesian, uncertain conversions, by quadrature",
    "bayes_design": "Bayesian, non-randomised evidence at a discount, by quadrature",
}
# Quadrature that can't promise this is not shown; in posterior standard deviations or probabilities.
MOST_ERROR = 2e-3


def plans_of(evidence: Evidence) -> Iterator[tuple[str, str, Callable[..., Answer], tuple]]:
    """Return every adjusted model of a synthesis under every setting, before anything is fitted.

    Parameters
    ----------
    evidence : Evidence

    Yields
    ------
    method, origin : str
        The method and the rows that its numbers rest on.
    make : callable
        The function that fits it.
    parts : tuple
        What it takes besides the evidence.
    """
    own, studies = evidence.task.origin, evidence.task.effects["study_id"]
    for setting in settings.ADDITIVE:
        if (biases := answers.additive_classes(evidence, setting)) is not None:
            yield "bayes_additive", evidence.judged_origin, answers.additive_answer, (setting, biases)
    for setting in settings.MIXTURE:
        yield "bayes_mixture", evidence.judged_origin if setting.judged else own, answers.mixture_answer, (setting,)
    for degrees in settings.DEGREES:
        yield "bayes_student", own, answers.student_answer, (degrees,)
    if evidence.readings:
        for named in settings.CORRELATIONS if evidence.assumes_correlation else (("as_printed", ""),):
            yield "bayes_conversions", f"{own};{evidence.reading_origin}", answers.conversion_answer, named
    randomised = [evidence.designs.get(study) in RANDOMISED for study in studies]
    if any(randomised) and not all(randomised):
        origin = ";".join([own, *(f"studies.csv:{study}" for study in studies)])
        for weight in settings.DESIGN_WEIGHTS:
            yield "bayes_design", origin, answers.design_answer, (randomised, weight)


def answers_of(evidence: Evidence) -> Iterator[tuple[str, str, Answer]]:
    """Fit every adjusted model of a synthesis under every setting.

    Parameters
    ----------
    evidence : Evidence

    Yields
    ------
    method, origin : str
    answer : Answer
    """
    for method, origin, make, parts in plans_of(evidence):
        yield method, origin, _guarded(make, evidence, *parts)


def _guarded(make: Callable[..., Answer], evidence: Evidence, *parts) -> Answer:
    """Return an answer; one whose numbers can't be trusted without them."""
    answer = make(evidence, *parts)
    bound = answer.error_bound
    if answer.status != "ok" or (bound is not None and bound <= MOST_ERROR):
        return answer
    reason = f"the error bound of the quadrature is {bound:.2g}; at most {MOST_ERROR:g} is allowed"
    return Answer(answer.prior, answer.bias_prior, answer.source, status="failed", reason=reason, error_bound=bound)


def adjusted_row(task: Task, method: str, origin: str, answer: Answer, plain: float, classes: str) -> dict:
    """Return a row of ``bayes/adjusted.csv``; the numbers of a failed fit are blank.

    Parameters
    ----------
    task : Task
        With the method ``bayes_exact``.
    method, origin : str
        From :func:`answers_of`.
    answer : Answer
    plain : float
        The exact estimate without any of this, for `moved`.
    classes : str
        How many studies each class of risk of bias has.
    """
    gate = "failed" if answer.status == "failed" else "exact" if answer.status == "ok" else ""
    posterior = Posterior(without_infinite(answer.estimate), (), {"gate": gate, "failed": answer.reason})
    row = estimate_row(task, posterior)
    return {
        **row,
        "method": method,
        "prior": answer.prior,
        "title": TITLES[method],
        "headline": False,
        "status": answer.status,
        "bias_prior": answer.bias_prior,
        "source": answer.source,
        "classes": classes if method == "bayes_additive" or answer.prior == "verde_judged" else "",
        "moved": answer.estimate["estimate"] - plain if answer.status == "ok" else None,
        "share_of_width": answer.share_of_width,
        "error_bound": answer.error_bound,
        "from": origin,
    }


def term_rows(task: Task, method: str, origin: str, answer: Answer) -> list[dict]:
    """Return rows of ``bayes/bias_terms.csv``, one a term of the model; none where the fit failed.

    Parameters
    ----------
    task, method, origin, answer : Task, str, str, Answer
        As for :func:`adjusted_row`.
    """
    key = {**task.key, "method": method, "prior": answer.prior}
    return [{**key, **without_infinite(term), "from": origin} for term in answer.terms]
