"""What a question shows beside its core: the result under other assumptions, and checks of the models."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from evisynth.effects.measures import find_measure
from evisynth.provenance.folder import ResultsFolder
from evisynth.report.pictures import Picture
from evisynth.report.places import Place, some
from evisynth.report.rounding import to_number

# Probabilities at which the curve of an effect beyond x is read off.
_READ_AT = (0.975, 0.9, 0.75, 0.5, 0.25, 0.1, 0.025)
# Sorts of figures that stand with their text; the others stand under the headings of the tables.
_WITH_TEXT = frozenset(
    {"quality_informed", "risk_bars", "prior_sensitivity", "prior_surface", "specification", "averaging"}
    | {"probability", "predictive", "bubble", "funnel", "leave_one_out"}
)


@dataclass(frozen=True)
class Deeper:
    """The tables of one question on its planned measure, each empty where the review has none.

    Attributes
    ----------
    folder : ResultsFolder
        The results.
    synthesis, measure : str
        The question.
    pictures : tuple of Picture
        Its figures.
    """

    folder: ResultsFolder
    synthesis: str
    measure: str
    pictures: tuple[Picture, ...]

    def _of(self, table: str, **cells: str) -> tuple[Place, ...]:
        return some(self.folder, table, synthesis=self.synthesis, measure=self.measure, **cells)

    def drawn(self, *kinds: str) -> list[Picture]:
        """Return the figures of some sorts."""
        return [picture for picture in self.pictures if picture.kind in kinds]

    @property
    def undescribed(self) -> list[Picture]:
        """The figures that belong to no part of the text."""
        return [picture for picture in self.pictures if picture.kind not in _WITH_TEXT]

    @cached_property
    def informed(self) -> tuple[Place, ...]:
        """Estimates that take risk of bias into account, without the plain one; the Bayesian ones stand below."""
        places = self._of("quality/informed.csv")
        return tuple(place for place in places if place.row["analysis"] != "all" and place.row["school"] != "bayes")

    @cached_property
    def risk_weights(self) -> tuple[Place, ...]:
        """The share of the weight at each overall risk of bias."""
        return self._of("quality/risk_weights.csv", domain="overall")

    @cached_property
    def adjusted(self) -> tuple[Place, ...]:
        """Bayesian estimates under assumptions about bias and conversions."""
        return self._of("bayes/adjusted.csv")

    @property
    def adjusted_first(self) -> list[Place]:
        """The first prior of each adjusted model."""
        found: dict[str, Place] = {}
        for place in self.adjusted:
            found.setdefault(place.row["method"], place)
        return list(found.values())

    @cached_property
    def conversions(self) -> tuple[Place, ...]:
        """The estimates in which uncertain conversions are parameters."""
        return tuple(place for place in self.adjusted if place.row["method"] == "bayes_conversions")

    @property
    def some_narrower(self) -> bool:
        """Whether an interval got no wider with the conversions as parameters."""
        return any((to_number(place.row.get("share_of_width", "")) or 0) < 0 for place in self.conversions)

    @cached_property
    def bias_terms(self) -> tuple[Place, ...]:
        """Terms of the adjusted models."""
        return self._of("bayes/bias_terms.csv")

    @cached_property
    def averaged(self) -> dict[str, Place]:
        """What the averaged models say, by component."""
        return {place.row["component"]: place for place in self._of("bayes/averaged.csv")}

    @property
    def components(self) -> list[Place]:
        """The components of the model average that have a Bayes factor."""
        return [place for place in self.averaged.values() if place.row.get("bayes_factor")]

    @cached_property
    def models(self) -> tuple[Place, ...]:
        """The models that were averaged, the most probable first."""
        places = self._of("bayes/averaging.csv")
        return tuple(sorted(places, key=lambda place: -float(place.row["posterior_probability"] or 0)))

    @cached_property
    def surface(self) -> tuple[Place, ...]:
        """The exact posterior under every prior, in the order of its estimate."""
        places = [place for place in self._of("bayes/prior_surface.csv") if place.row.get("natural_estimate")]
        return tuple(sorted(places, key=lambda place: float(place.row["natural_estimate"])))

    @property
    def surface_words(self) -> str:
        """Under how many of the priors the interval includes no difference."""
        return _share(includes_null(place.row) for place in self.surface)

    @cached_property
    def paths(self) -> Place | None:
        """What all defensible paths say together."""
        found = [*self._of("pooled/multiverse_summary.csv")]
        return found[0] if found and found[0].row.get("natural_median") else None

    @cached_property
    def regression(self) -> tuple[Place, ...]:
        """Coefficients of the meta-regressions."""
        return self._of("pooled/regression.csv")

    @cached_property
    def subgroups(self) -> tuple[Place, ...]:
        """Estimates of the subgroups."""
        return self._of("pooled/subgroups.csv")

    @property
    def splits(self) -> list[Place]:
        """The first group of each way of grouping, for the test between the groups."""
        return list({place.row["subgroup"]: place for place in reversed(self.subgroups)}.values())[::-1]

    @cached_property
    def curve(self) -> list[tuple[Place, Place | None]]:
        """Points of the curve of an effect beyond x: of the mean, and of the next study at the same value."""
        places = self._of("bayes/probabilities.csv")
        mean = [place for place in places if place.row["curve"] == "mean effect"]
        ahead = {place.row["point"]: place for place in places if place.row["curve"] == "next study"}
        marked = [place for place in mean if place.row["mark"]]
        near = [min(mean, key=lambda place: abs(float(place.row["probability"]) - level)) for level in _READ_AT if mean]
        chosen = {place.key: place for place in [*marked, *near]}.values()
        return [(place, ahead.get(place.row["point"])) for place in sorted(chosen, key=lambda p: int(p.row["point"]))]

    @property
    def beyond_null(self) -> tuple[Place, Place | None] | None:
        """The point of the curve at no difference."""
        return next((pair for pair in self.curve if pair[0].row["mark"] == "no effect"), None)

    @cached_property
    def checks(self) -> tuple[Place, ...]:
        """Each study against what the sampled model expects of it."""
        return self._of("bayes/checks.csv")

    @property
    def unreliable(self) -> list[Place]:
        """The studies whose leave-one-out figure cannot be trusted."""
        return [place for place in self.checks if place.row.get("loo_reliable") == "no"]

    @property
    def failed_check(self) -> Place | None:
        """The reason why nothing was checked, where the sampled fit missed its gate."""
        return next((place for place in self.checks if place.row.get("status") == "failed"), None)

    @property
    def unexpected(self) -> list[Place]:
        """The studies outside what the model expects of them."""
        limit = 0.05
        return [place for place in self.checks if 0 <= (to_number(place.row.get("p_two_sided", "")) or 1) < limit]

    @cached_property
    def power(self) -> tuple[Place, ...]:
        """How sensitive each parameter is to its priors and to the data."""
        return self._of("bayes/power_scaling.csv")

    @property
    def any_firmness(self) -> bool:
        """Whether there is anything to put beside the headline."""
        return bool(self.informed or self.adjusted or self.averaged or self.surface or self.paths)


def includes_null(row: Mapping[str, str]) -> bool:
    """Whether an interval on the scale of readers includes no difference."""
    if not row.get("natural_ci_low") or not row.get("natural_ci_high"):
        return False
    null = find_measure(row["measure"]).natural_null
    return float(row["natural_ci_low"]) <= null <= float(row["natural_ci_high"])


def _share(answers: Iterable[bool]) -> str:
    found = list(answers)
    if not any(found):
        return "none of them"
    if all(found):
        return "every one of them"
    return "most of them" if sum(found) * 2 > len(found) else "some of them"
