"""What the effects stage computes for a synthesis, and the columns of the tables it writes."""

from evisynth.review.plan import Synthesis

EFFECT_COLUMNS = (
    "synthesis",
    "measure",
    "study_id",
    "label",
    "year",
    "yi",
    "vi",
    "sei",
    "ci_low",
    "ci_high",
    "natural_estimate",
    "natural_ci_low",
    "natural_ci_high",
    "events_1",
    "n_1",
    "events_2",
    "n_2",
    "mean_1",
    "sd_1",
    "mean_2",
    "sd_2",
    "rule",
    "status",
    "unconfirmed",
    "assumptions",
    "note",
    "from",
)
STEP_COLUMNS = (
    "synthesis",
    "measure",
    "study_id",
    "step",
    "name",
    "formula",
    "inputs",
    "output",
    "assumption",
    "source",
    "from",
)
LEFT_OUT_COLUMNS = ("synthesis", "measure", "study_id", "label", "kind", "reason", "direction", "from")


def measures_of(synthesis: Synthesis) -> tuple[str, ...]:
    """Return the measures a synthesis is computed on: the planned one, and OR beside a binomial likelihood."""
    if synthesis.measure is None:
        return ()
    extra = ("OR",) if synthesis.likelihood == "binomial" and synthesis.measure != "OR" else ()
    return (synthesis.measure, *extra)
