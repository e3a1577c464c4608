"""What is asked of every analysis of a corpus: one object, checked once, before a million studies are read."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

BAD_ROWS = ("refuse", "leave-out")


class CorpusError(ValueError):
    """A table or settings that cannot be used. ``problems`` lists everything that is wrong."""

    def __init__(self, problems: list[str] | str) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to pool that the headline is compared with.

    Attributes
    ----------
    name : str
        Prefix of its columns: ``<name>_estimate``, ``<name>_ci_low``, ``<name>_ci_high``.
    kind : {"estimator", "interval", "both", "model", "prior"}
        What differs from the headline.
    title : str
        In words.
    options : mapping
        Options of `pooling.random_effects`, or the priors.
    """

    name: str
    kind: str
    title: str
    options: Mapping[str, str]


@dataclass(frozen=True)
class CorpusSettings:
    """How every analysis is made.

    Attributes
    ----------
    measure : str
        As for `effects.effects_of_table`; "generic" reads yi with vi or sei.
    tau2, ci, pi, level : str, str, str, float
        The headline, as for `pooling.random_effects`.
    estimators, intervals : tuple of str
        Others that the headline is compared with: each estimator of tau2 with the headline's interval, each interval
        with the headline's estimator.
    bayes : bool
        Whether to fit the normal-normal model as well, exactly.
    tau_prior, mu_prior : str
        Stated priors, in units of the effects; as for `bayes.normal_normal`.
    other_tau_priors : tuple of str
        Priors that the stated one is compared with, under the same prior of mu.
    zero_cells, double_zero, smd_variance : str
        As for `effects.effects_of_table`.
    bad_rows : {"refuse", "leave-out"}
        An analysis with a row that cannot be read gets no result, or is made from its other rows.
    """

    measure: str = "generic"
    tau2: str = "REML"
    ci: str = "HKSJ-safe"
    pi: str = "t"
    level: float = 0.95
    estimators: tuple[str, ...] = ("DL", "PM", "ML")
    intervals: tuple[str, ...] = ("wald", "HKSJ")
    bayes: bool = True
    tau_prior: str = "halfnormal:0.5"
    mu_prior: str = "flat"
    other_tau_priors: tuple[str, ...] = ("halfnormal:1", "halfcauchy:0.5")
    zero_cells: str = "study"
    double_zero: str = "drop"
    smd_variance: str = "LS"
    bad_rows: str = "refuse"

    def __post_init__(self) -> None:
        """Refuse what no analysis could use; everything at once."""
        from evisynth.bayes import priors
        from evisynth.effects import TABLE_MEASURES, find_measure
        from evisynth.pooling.errors import PoolingInputError
        from evisynth.pooling.fit import random_effects

        object.__setattr__(self, "measure", _try_name(find_measure, self.measure))
        for name in ("estimators", "intervals", "other_tau_priors"):
            object.__setattr__(self, name, tuple(dict.fromkeys(getattr(self, name))))
        problems = []
        if not isinstance(self.bayes, bool):
            problems.append(f"bayes is {self.bayes!r}; allowed: true or false")
        if not isinstance(self.level, int | float):
            raise CorpusError([*problems, f"level is {self.level!r}; it must lie between 0 and 1, such as 0.95"])
        if self.measure not in TABLE_MEASURES:
            problems.append(f"measure is {self.measure!r}; allowed: {', '.join(TABLE_MEASURES)} (GEN: generic)")
        if self.bad_rows not in BAD_ROWS:
            problems.append(f"bad_rows is {self.bad_rows!r}; allowed: {', '.join(BAD_ROWS)}")
        for options in [self.headline, *(v.options for v in self.variants if v.kind != "prior")]:
            try:
                random_effects([0.0, 1.0], [1.0, 1.0], **options)
            except PoolingInputError as error:
                problems += error.problems
        for text, role in [(p, "tau") for p in (self.tau_prior, *self.other_tau_priors)] + [(self.mu_prior, "mu")]:
            try:
                priors.parse(text, role)
            except ValueError as error:
                problems.append(str(error))
        if problems:
            raise CorpusError(list(dict.fromkeys(problems)))

    @property
    def headline(self) -> dict[str, Any]:
        """Options of `pooling.random_effects`."""
        return {"tau2": self.tau2, "ci": self.ci, "pi": self.pi, "level": self.level}

    @property
    def variants(self) -> tuple[Variant, ...]:
        """What the headline is compared with, in the order of the columns."""
        found = [
            Variant(_column(e), "estimator", f"{e} for tau2", self.headline | {"tau2": e})
            for e in self.estimators
            if e != self.tau2
        ]
        found += [
            Variant(_column(i), "interval", f"{i} interval", self.headline | {"ci": i})
            for i in self.intervals
            if i != self.ci
        ]
        if (self.tau2, self.ci) != ("DL", "wald"):
            found.append(Variant("dl_wald", "both", "DL with Wald", self.headline | {"tau2": "DL", "ci": "wald"}))
        found.append(Variant("common", "model", "common effect", self.headline | {"model": "common"}))
        if self.bayes:
            others = [p for p in self.other_tau_priors if p != self.tau_prior]
            found += [
                Variant(f"prior{i}", "prior", f"tau {text}", {"tau_prior": text, "mu_prior": self.mu_prior})
                for i, text in enumerate(others, 1)
            ]
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON holds them."""
        return json.loads(json.dumps(asdict(self)))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "CorpusSettings":
        """Settings from plain values; unknown names are refused."""
        unknown = sorted(set(values) - set(cls.__dataclass_fields__))
        if unknown:
            raise CorpusError(
                [f"unknown setting {name!r}; allowed: {', '.join(cls.__dataclass_fields__)}" for name in unknown]
            )
        return cls(**{name: _plain(name, value) for name, value in values.items()})


def _try_name(find_measure, name: str) -> str:
    try:
        return find_measure(name).name
    except ValueError:
        return name


def _plain(name: str, value: Any) -> Any:
    """A value as its field holds it: a workflow's command line gives truth and numbers as text."""
    if name == "bayes" and str(value).lower() in ("true", "false"):
        return str(value).lower() == "true"
    if name == "level" and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return tuple(value) if isinstance(value, list) else value


def _column(name: str) -> str:
    return name.lower().replace("-", "_")
