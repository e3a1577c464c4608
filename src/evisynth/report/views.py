"""What each part of the page shows: which rows of which tables, in which order. No number passes through here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evisynth.effects.measures import MEASURES
from evisynth.provenance.folder import ResultsFolder
from evisynth.report.deeper import Deeper
from evisynth.report.pictures import Picture
from evisynth.report.places import Place, some
from evisynth.report.wording import Sides, certainty_marks, certainty_words, finding, side_of, sides_of, turned
from evisynth.review.tables import key_of

ARM_FIGURES = (
    *("timepoint_weeks", "n", "events", "percent", "mean", "sd", "se", "ci_low", "ci_high", "median"),
    *("q1", "q3", "iqr_width", "unlabelled_spread"),
)
CONTRAST_FIGURES = (
    *("timepoint_weeks", "value", "ci_low", "ci_high", "se", "iqr_width", "p_value", "n_1", "n_2", "correlation"),
)
WORDS = {
    **{"timepoint_weeks": "weeks", "percent": "per cent", "sd": "SD", "se": "SE", "ci_low": "interval from"},
    **{"ci_high": "to", "q1": "first quartile", "q3": "third quartile", "iqr_width": "width of the quartiles"},
    **{"unlabelled_spread": "± (not said of what)", "p_value": "p", "n_1": "n, first side", "n_2": "n, second side"},
}
CERTAINTY_DOMAINS = (
    *("start", "risk of bias", "inconsistency", "indirectness", "imprecision", "publication bias"),
    *("large effect", "dose-response", "opposing confounding"),
)


@dataclass(frozen=True, slots=True)
class MeasureView:
    """The estimates of one synthesis on one measure."""

    measure: str
    words: str
    planned: bool
    estimates: tuple[Place, ...]
    studies: tuple[Place, ...]
    headline: Place | None
    pictures: tuple[Picture, ...]

    @property
    def pooled(self) -> bool:
        """Whether there is any estimate to show."""
        return any(place.row["status"] not in ("not_pooled", "empty") for place in self.estimates)

    @property
    def random(self) -> Place | None:
        """The random-effects estimate whose heterogeneity is told."""
        found = [place for place in self.estimates if place.row["school"] == "frequentist" and place.row["tau2"]]
        return next((place for place in found if place.row["method"] == "reml_hksj_safe"), found[0] if found else None)

    @property
    def guarded(self) -> Place | None:
        """The estimate in which max(1, q) acted."""
        for place in self.estimates:
            q = place.row.get("hksj_scale") if place.row["method"] == "reml_hksj_safe" else ""
            if q and float(q) < 1:
                return place
        return None

    @property
    def checked(self) -> list[Place]:
        """The Bayesian fits, with their priors and checks."""
        return [place for place in self.estimates if place.row["school"] == "bayes"]


@dataclass(frozen=True, slots=True)
class SynthesisView:
    """One question of the review."""

    id: str
    entry: Mapping
    place: str
    sides: Sides
    benefit: str
    measures: tuple[MeasureView, ...]
    headline: Place | None
    bayes: Place | None
    certainty: Place | None
    domains: tuple[Place, ...]
    beside_domains: tuple[Place, ...]
    finding: Place | None
    left_out: tuple[Place, ...]
    sensitivity: tuple[Place, ...]
    leave_one_out: tuple[Place, ...]
    priors: tuple[Place, ...]
    paired: tuple[Place, ...]
    reported: tuple[Place, ...]
    beside: tuple[Place, ...]
    risk: tuple[dict[str, Place], ...]
    tests: tuple[Place, ...]
    selection: tuple[Place, ...]
    influence: tuple[Place, ...]
    cumulative: tuple[Place, ...]
    deeper: Deeper
    beside_files: tuple[Picture, ...] = ()
    pictures: tuple[Picture, ...] = field(default=())

    @property
    def pooled(self) -> bool:
        """Whether anything of it was pooled."""
        return any(measure.pooled for measure in self.measures)

    @property
    def outcome_better(self) -> str:
        """Which values of its outcome, as measured, are better."""
        return self.benefit or "lower"

    @property
    def turned(self) -> bool:
        """Whether its differences have the opposite sign of those that trials report."""
        return turned(self.entry.get("measure") or "", self.outcome_better)

    @property
    def risk_tables(self) -> list[tuple[list[dict[str, Place]], list[Place]]]:
        """The judged rows of each tool, with the domains of that tool; its overall judgement last.

        Two tools may give different domains the same number. The forms of RoB 2 share their domains.
        """
        tools: dict[str, list[dict[str, Place]]] = {}
        for row in self.risk:
            tool = next(iter(row.values())).row["tool"]
            tools.setdefault("rob2" if tool.startswith("rob2") else tool, []).append(row)
        tables = []
        for rows in tools.values():
            found = {domain: place for row in rows for domain, place in row.items()}
            tables.append((rows, [found[domain] for domain in sorted(found, key=_domain_order)]))
        return tables

    @property
    def level(self) -> str:
        """Its certainty in words."""
        return self.certainty.row["final"] if self.certainty else "not assessed"

    @property
    def marks(self) -> str:
        """Its certainty as GRADE draws it; blank where nobody has judged it."""
        return certainty_marks(self.level)

    @property
    def lowered(self) -> list[Place]:
        """The domains for which its certainty was lowered."""
        return [place for place in self.domains if place.row["level"].startswith("-")]

    @property
    def says(self) -> str:
        """What its headline says, in words."""
        return finding(self.headline.row, self.sides, self.level) if self.headline else "Nothing was pooled."

    @property
    def means(self) -> str:
        """How its certainty is to be read."""
        return certainty_words(self.level)

    @property
    def surprise(self) -> bool:
        """Whether the interval of the mean excludes no difference while the prediction interval does not."""
        if not self.headline or not self.headline.row.get("natural_pi_low"):
            return False
        names = {"natural_ci_low": "natural_pi_low", "natural_ci_high": "natural_pi_high"}
        ahead = {**self.headline.row, **{name: self.headline.row[other] for name, other in names.items()}}
        return side_of(self.headline.row, self.sides) != "either" and side_of(ahead, self.sides) == "either"


def synthesis_views(
    folder: ResultsFolder, pictures: list[Picture], beside: Sequence[Picture] = ()
) -> list[SynthesisView]:
    """Return what the page shows of every synthesis of the plan.

    Parameters
    ----------
    folder : ResultsFolder
        The results.
    pictures : list of Picture
        Every figure of the review.
    beside : sequence of Picture
        Figures that are files beside the page.
    """
    outcomes = {row["outcome_id"]: row for row in folder.rows("outcomes.csv").values()}
    return [_view(folder, entry, pictures, outcomes, beside) for entry in folder.plan.get("syntheses", ())]


def _view(
    folder: ResultsFolder, entry: Mapping, pictures: list[Picture], outcomes: Mapping, beside: Sequence[Picture]
) -> SynthesisView:
    name, measure = entry["id"], entry.get("measure") or ""
    own = [picture for picture in pictures if picture.synthesis == name]
    sides = sides_of(entry, folder.plan, outcomes)
    measures = tuple(_measure(folder, name, found, measure, own) for found in _measures(folder, name, measure))
    planned = next((view for view in measures if view.planned), None)
    headline = planned.headline if planned and planned.headline and planned.pooled else None
    shown = tuple(picture for view in measures for picture in view.pictures)
    certainty = some(folder, "quality/certainty.csv", synthesis=name)
    by_domain = {place.row["domain"]: place for place in certainty}
    found = some(folder, "quality/findings.csv", synthesis=name)
    bayes = some(folder, "bayes/estimates.csv", synthesis=name, measure=measure, headline="yes")
    return SynthesisView(
        id=name,
        entry=entry,
        place=f"syntheses.{name}",
        sides=sides,
        benefit=outcomes.get(entry.get("outcome") or "", {}).get("benefit", ""),
        measures=measures,
        headline=headline,
        bayes=bayes[0] if bayes and bayes[0].row["status"] != "failed" else None,
        certainty=by_domain.get("certainty"),
        domains=tuple(by_domain[domain] for domain in CERTAINTY_DOMAINS if domain in by_domain),
        beside_domains=tuple(
            place for domain, place in by_domain.items() if domain not in (*CERTAINTY_DOMAINS, "certainty")
        ),
        finding=found[0] if found else None,
        left_out=some(folder, "effects/left_out.csv", synthesis=name, measure=measure),
        sensitivity=some(folder, "pooled/sensitivity.csv", synthesis=name, headline="yes"),
        leave_one_out=some(folder, "pooled/leave_one_out.csv", synthesis=name, measure=measure),
        priors=some(folder, "bayes/sensitivity.csv", synthesis=name, measure=measure),
        paired=some(folder, "effects/paired.csv", synthesis=name),
        reported=() if planned and planned.pooled else _reported(folder, entry),
        beside=tuple(
            Place("published_pools.csv", key, folder.rows("published_pools.csv")[key])
            for key in entry.get("beside", ())
            if key in folder.rows("published_pools.csv")
        ),
        risk=_risk(folder, entry, planned),
        tests=some(folder, "bias/tests.csv", synthesis=name, measure=measure),
        selection=some(folder, "bias/selection.csv", synthesis=name, measure=measure),
        influence=some(folder, "bias/influence.csv", synthesis=name, measure=measure),
        cumulative=some(folder, "bias/cumulative.csv", synthesis=name, measure=measure),
        deeper=Deeper(folder, name, measure, tuple(picture for picture in own if picture not in shown)),
        beside_files=tuple(picture for picture in beside if picture.synthesis == name),
        pictures=tuple(picture for picture in own if picture not in shown),
    )


def _domain_order(domain: str) -> tuple[bool, int, str]:
    """D2 before D10, the crossover's domain S after the first, the overall judgement last."""
    digits = "".join(character for character in domain if character.isdigit())
    return domain == "overall", int(digits or (1 if domain in ("S", "DS") else 0)), domain


def _measures(folder: ResultsFolder, name: str, planned: str) -> list[str]:
    """Return the measures of a synthesis, the planned one first."""
    tables = ("pooled/estimates.csv", "bayes/estimates.csv", "effects/effects.csv")
    found = dict.fromkeys(place.row["measure"] for table in tables for place in some(folder, table, synthesis=name))
    return sorted(found, key=lambda measure: measure != planned)


def _measure(folder: ResultsFolder, name: str, measure: str, planned: str, pictures: list[Picture]) -> MeasureView:
    keys = {"synthesis": name, "measure": measure}
    pooled = some(folder, "pooled/estimates.csv", **keys)
    first = sorted(pooled, key=lambda place: place.row["headline"] != "yes")
    extra = "" if measure in ("", planned) else f"_{measure.lower()}"
    mine = [picture for picture in pictures if picture.kind == "forest" and picture.name == f"forest_{name}{extra}"]
    return MeasureView(
        measure=measure,
        words=MEASURES[measure].long_name if measure in MEASURES else "",
        planned=measure == planned,
        estimates=(*first, *some(folder, "bayes/estimates.csv", **keys)),
        studies=some(folder, "effects/effects.csv", **keys),
        headline=first[0] if first and first[0].row["status"] not in ("failed",) else None,
        pictures=tuple(mine),
    )


def _reported(folder: ResultsFolder, entry: Mapping) -> tuple[Place, ...]:
    """Return what the studies of a synthesis reported, where nothing is pooled."""
    outcomes = set(entry.get("outcomes") or ()) | ({entry["outcome"]} if entry.get("outcome") else set())
    outcomes |= {item["outcome"] for item in entry.get("inputs", ()) if item.get("outcome")}
    studies = [*entry.get("studies", ()), *(item["study"] for item in entry.get("exclude", ()) if item.get("study"))]
    found = []
    for study in dict.fromkeys(studies):
        for table in ("arms.csv", "contrasts.csv"):
            rows = some(folder, table, study_id=study)
            if study in entry.get("studies", ()):
                rows = tuple(place for place in rows if not outcomes or place.row["outcome_id"] in outcomes)
            else:
                rows = ()
            found += rows
    return tuple(found)


def _risk(folder: ResultsFolder, entry: Mapping, planned: MeasureView | None) -> tuple[dict[str, Place], ...]:
    """Return the judgements of each study, outcome and tool of a synthesis, by domain."""
    studies = [place.row["study_id"] for place in planned.studies] if planned else []
    studies = studies or list(entry.get("studies", ()))
    own = {item["study"]: item.get("outcome") for item in entry.get("inputs", ()) if item.get("outcome")}
    outcome = entry.get("outcome")
    places = tuple(
        place
        for study in studies
        for place in some(folder, "quality/judgements.csv", study_id=study)
        if outcome is None or place.row["outcome_id"] in (outcome, own.get(study))
    )
    rows = group(places, "study_id", "outcome_id", "tool").values()
    return tuple({place.row["domain"]: place for place in row} for row in rows)


def places_of_table(folder: ResultsFolder, table: str) -> tuple[Place, ...]:
    """Return every row of a table; none where the table does not exist."""
    return some(folder, table)


def integrity_places(folder: ResultsFolder) -> tuple[Place, ...]:
    """Return the checks of reported figures that found something, the worst first."""
    order = ("inconsistent", "possible with a named assumption", "not checkable")
    found = [place for place in some(folder, "quality/integrity.csv") if place.row["verdict"] in order]
    return tuple(sorted(found, key=lambda place: order.index(place.row["verdict"])))


def group(places: tuple[Place, ...], *names: str) -> dict[str, list[Place]]:
    """Return rows by some of their cells, in order of appearance."""
    found: dict[str, list[Place]] = {}
    for place in places:
        found.setdefault(key_of(place.row.get(name, "") for name in names), []).append(place)
    return found
