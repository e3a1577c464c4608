"""Which sorts of figures there are, from how many studies on each says something, and where it is shown."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A rule about one sort of figure.

    Attributes
    ----------
    words : str
        What it is, for titles; blank where the title of the synthesis says it.
    least, most : int
        Studies (for `specification`, paths) from and up to which it is drawn.
    on_page : bool
        Whether the report shows it (``figures/index.csv``); the others are files beside it (``figures/files.csv``).
    why : str
        Why not for fewer or more.
    """

    words: str
    least: int
    most: int = 10_000
    on_page: bool = False
    why: str = ""


# One row per sort of figure of a synthesis: how many pictures a reviewer has to leaf through is decided here.
KINDS: dict[str, Kind] = {
    "forest": Kind("", 0, on_page=True, why="also says why nothing is pooled"),
    "leave_one_out": Kind("leaving out one study at a time", 3, on_page=True, why="of two studies one is left"),
    "cumulative": Kind("study by study, in order of year", 3, why="two studies have one order"),
    "influence": Kind("influence of single studies", 4, why="without one of three, two are left"),
    "baujat": Kind("who drives the heterogeneity (Baujat plot)", 5, why="with fewer each study drives it"),
    "gosh": Kind("every subset of the studies (GOSH plot)", 5, 20, why="a million subsets of 20 studies are enough"),
    "labbe": Kind("risks of both arms (L'Abbé plot)", 5, why="the forest plot lists fewer"),
    "radial": Kind("radial plot", 5, why="the forest plot shows fewer"),
    "drapery": Kind("p value of every effect (drapery plot)", 3, 30, why="more curves hide each other"),
    "funnel": Kind("funnel plot", 10, on_page=True, why="below ten chance makes its shape (Sterne et al. 2011)"),
    "caterpillar": Kind("studies in order of their estimate", 10, why="a forest plot of fewer is read at a glance"),
    "shrinkage": Kind("each study alone, and informed by the others", 3, why="two studies inform each other little"),
    "prior_sensitivity": Kind("other priors of the heterogeneity", 2, on_page=True, why="one study has none"),
    "prior_surface": Kind(
        "other priors of the heterogeneity and the effect", 2, on_page=True, why="one study has no heterogeneity"
    ),
    "prior_posterior": Kind("before and after the data", 2, why="one study has no heterogeneity"),
    "probability": Kind("probability of an effect beyond each value", 1, on_page=True),
    "predictive": Kind("data that the model predicts", 3, on_page=True, why="two studies test no model"),
    "averaging": Kind("models averaged", 3, on_page=True, why="nothing could tell models of bias apart"),
    "quality_informed": Kind("what risk of bias does to the estimate", 2, on_page=True, why="one study has no choice"),
    "risk_weights": Kind("risk of bias by weight", 3, on_page=True, why="two are read from their lights"),
    "bubble": Kind("meta-regression", 5, on_page=True, why="a line through fewer is no evidence"),
    "specification": Kind("every defensible path through the analysis", 4, on_page=True, why="fewer are a table"),
}


def wanted(kind: str, k: int) -> bool:
    """Return whether a figure is drawn for `k` studies.

    Parameters
    ----------
    kind : str
        A key of `KINDS`.
    k : int
        Number of studies.
    """
    return KINDS[kind].least <= k <= KINDS[kind].most
