"""The options of `evisynth pool`, checked all at once."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for."""

    measure: str
    tau2: str
    ci: str
    pi: str
    model: str
    level: float
    zero_cells: str
    double_zero: str
    smd_variance: str
    moderators: str
    everything: bool
    selection_side: str

    def pooling(self) -> dict[str, Any]:
        """Return the options of `pooling.random_effects`."""
        return {"tau2": self.tau2, "ci": self.ci, "pi": self.pi, "level": self.level, "model": self.model}

    def effects(self) -> dict[str, str]:
        """Return the options of `effects.effects_of_table`."""
        return {
            "zero_cells": self.zero_cells,
            "double_zero": self.double_zero,
            "smd_variance": self.smd_variance,
        }


def table_measure(name: str) -> str | None:
    """Return the measure's name if it can be computed from a table, else None."""
    from evisynth.effects.measures import TABLE_MEASURES, find_measure

    try:
        found = find_measure(name).name
    except ValueError:
        return None
    return found if found in TABLE_MEASURES else None


def check_options(options: Options) -> tuple[Options, list[str]]:
    """Return the options in their allowed spelling, and what is wrong with them.

    Parameters
    ----------
    options
        As typed; upper and lower case do not matter.

    Returns
    -------
    Options, list of str
        Each problem with what was found and what is allowed.
    """
    from evisynth.effects.measures import TABLE_MEASURES
    from evisynth.pooling.inputs import check_choice, check_level

    problems, spelled = [], {}
    if table_measure(options.measure) is None:
        names = ", ".join("generic" if name == "GEN" else name for name in TABLE_MEASURES)
        problems.append(f"--measure: found {options.measure!r}, allowed {names}")
    for name, allowed in _choices():
        found = getattr(options, name)
        try:
            spelled[name] = check_choice(name, found, list(allowed))
        except ValueError:
            problems.append(f"--{name.replace('_', '-')}: found {found!r}, allowed {', '.join(allowed)}")
    try:
        check_level(options.level)
    except ValueError as error:
        problems.append(f"--level: {error}")
    options = replace(options, **spelled)
    if options.moderators and options.model == "common":
        problems.append("--moderators: found with --model common, allowed with --model random")
    if options.moderators and options.ci in ("profile", "HC"):
        problems.append(f"--moderators: found with --ci {options.ci}, allowed with --ci wald, HKSJ, HKSJ-safe")
    return options, problems


def _choices() -> Iterable[tuple[str, Iterable[str]]]:
    from evisynth.bias.results import SIDES
    from evisynth.effects.two_arm_means import SMD_VARIANCES
    from evisynth.effects.zero_cells import DOUBLE_ZERO_RULES, ZERO_CELL_RULES
    from evisynth.pooling.fit import MODELS
    from evisynth.pooling.intervals import CI_METHODS, PI_METHODS
    from evisynth.pooling.tau2 import METHODS

    return (
        ("tau2", METHODS),
        ("ci", CI_METHODS),
        ("pi", PI_METHODS),
        ("model", MODELS),
        ("zero_cells", ZERO_CELL_RULES),
        ("double_zero", DOUBLE_ZERO_RULES),
        ("smd_variance", SMD_VARIANCES),
        ("selection_side", SIDES),
    )
