"""Published heterogeneity and effect priors, looked up by name and key.

The figures are in the CSV files of ``prior_tables/``; a suspected misprint is marked there and travels with the
prior as its `note`.
"""

import csv
import difflib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

TURNER2012 = (
    "Turner RM, Davey J, Clarke MJ, Thompson SG, Higgins JPT. Predicting the extent of heterogeneity in meta-analysis, "
    "using empirical data from the Cochrane Database of Systematic Reviews. Int J Epidemiol 2012;41:818-27"
)
TURNER2015 = (
    "Turner RM, Jackson D, Wei Y, Thompson SG, Higgins JPT. Predictive distributions for between-study heterogeneity "
    "and simple methods for their application in Bayesian meta-analysis. Stat Med 2015;34:984-98, Table IV"
)
RHODES2015 = (
    "Rhodes KM, Turner RM, Higgins JPT. Predictive distributions were developed for the extent of heterogeneity in "
    "meta-analyses of continuous outcome data. J Clin Epidemiol 2015;68:52-60"
)
BARTOS2021 = (
    "Bartoš F, Gronau QF, Timmers B, Otte WM, Ly A, Wagenmakers EJ. Bayesian model-averaged meta-analysis in medicine. "
    "Stat Med 2021;40:6743-61"
)
BARTOS2023 = (
    "Bartoš F, Otte WM, Gronau QF, Timmers B, Ly A, Wagenmakers EJ. Empirical prior distributions for Bayesian "
    "meta-analyses of binary and time-to-event outcomes. arXiv:2306.11468 (2023)"
)
ROVER2021 = (
    "Röver C, Bender R, Dias S, Schmid CH, Schmidli H, Sturtz S, Weber S, Friede T. On weakly informative prior "
    "distributions for the heterogeneity parameter in Bayesian random-effects meta-analysis. "
    "Res Synth Methods 2021;12:448-74"
)
_HEAVY_T = (
    "standardised mean differences only; the upper tail of the log-t with 5 degrees of freedom is very heavy: with 3 "
    "studies or fewer compare with a half-normal prior"
)
_LOG_OR_ONLY = "log odds ratios only"

KEY_WORDS = {
    "turner2012": "OUTCOME,COMPARISON",
    "turner2015": "OUTCOME,COMPARISON",
    "rhodes2015": "OUTCOME,COMPARISON",
    "bartos2021": "SUBFIELD",
    "bartos2023": "SUBFIELD,MEASURE",
    "rover2021": "MEASURE[,cautious]",
}
_TAU_AND_MU = ("bartos2021", "bartos2023")

# Half-normal scales usually quoted from Röver 2021; the article itself could not be read (see the caution).
_ROVER = {
    "log OR": 0.5,
    "log RR": 0.5,
    "log HR": 0.5,
    "log OR,cautious": 1.0,
    "log RR,cautious": 1.0,
    "log HR,cautious": 1.0,
    "SMD": 0.5,
}
_ROVER_CAUTION = (
    "the scale usually quoted from this article, which could not be read to confirm it; vary it (half and double)"
)


class UnknownKeyError(KeyError):
    """A key that is not in a published table; the message lists near ones."""

    def __str__(self) -> str:
        """Return the message without KeyError's quotes."""
        return str(self.args[0])


@dataclass(frozen=True)
class Entry:
    """One cell of a published table."""

    kind: str
    parameters: tuple[float, ...]
    source: str
    caution: str = ""
    note: str = ""


def names(role: str) -> list[str]:
    """The published priors available for ``"tau"`` or ``"mu"``."""
    return list(KEY_WORDS) if role == "tau" else list(_TAU_AND_MU)


@cache
def keys(name: str) -> list[str]:
    """Every key of one published prior, as it may be typed after the colon."""
    if name == "rover2021":
        return list(_ROVER)
    if name == "bartos2021":
        return [r["subfield"] for r in _table("bartos") if r["measure"] == "SMD"]
    if name == "bartos2023":
        return [f"{r['subfield']},{r['measure']}" for r in _table("bartos") if r["measure"] != "SMD"]
    return ["any" if r["outcome"] == "any" else f"{r['outcome']},{r['comparison']}" for r in _table(name)]


def look_up(name: str, key: str, role: str) -> Entry:
    """Find one published prior.

    Parameters
    ----------
    name : str
        One of `names(role)`.
    key : str
        The part after the colon. Case and spacing don't matter; an outcome that the table groups with others may be
        named alone (``pain``), ``pharma`` may stand for ``pharmacological``.
    role : {"tau", "mu"}

    Raises
    ------
    UnknownKeyError
        With the allowed keys nearest to the one asked for.
    """
    if name == "rover2021":
        canonical = _match(name, key, _rover_aliases())
        return Entry("halfnormal", (_ROVER[canonical],), ROVER2021, _ROVER_CAUTION)
    if name in _TAU_AND_MU:
        return _bartos(name, key, role)
    index = _match(name, key, _outcome_aliases(name))
    row = _table(name)[int(index)]
    if name == "rhodes2015":
        values = (float(row["location"]), float(row["scale"]), 5.0)
        return Entry("logt2", values, RHODES2015, _HEAVY_T, row["note"])
    source = TURNER2012 if name == "turner2012" else TURNER2015
    return Entry("lognormal2", (float(row["mean"]), float(row["sd"])), source, _LOG_OR_ONLY, row["note"])


def _bartos(name: str, key: str, role: str) -> Entry:
    row = _table("bartos")[int(_match(name, key, _bartos_aliases(name)))]
    source, measure = (BARTOS2021 if name == "bartos2021" else BARTOS2023), row["measure"]
    scale_caution = f"for effects on the {measure} scale only"
    if role == "mu":
        return Entry("t", (0.0, float(row["effect_scale"]), float(row["effect_df"])), source, scale_caution)
    if not row["tau_family"]:
        with_tau = "the table gives an effect prior but no heterogeneity prior for this subfield"
        raise UnknownKeyError(f"{row['subfield']}, {measure}: {with_tau}; use '{_fallback(name, measure)}'")
    values = [float(row[c]) for c in ("tau_1", "tau_2") if row[c]]
    return Entry(row["tau_family"], tuple(values), source, scale_caution)


def _fallback(name: str, measure: str) -> str:
    return f"{name}:Cochrane" + ("" if name == "bartos2021" else f",{measure}")


@cache
def _table(name: str) -> list[dict[str, str]]:
    text = files("evisynth.bayes").joinpath("prior_tables", f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _normal_form(text: str) -> str:
    """Case, spacing and the usual abbreviations taken out, so that small differences in typing don't matter."""
    text = text.casefold().replace("nonpharm", "non-pharm").replace("pharmacological", "pharma")
    text = text.replace("versus", "vs").replace("vs.", "vs").replace(" & ", " and ")
    for mark in ("/", ","):
        text = mark.join(part.strip() for part in text.split(mark))
    return " ".join(text.split())


@cache
def _outcome_aliases(name: str) -> dict[str, str]:
    """Normalised key -> row number; members of a grouped outcome count as keys unless two groups share them."""
    rows, aliases, shared = _table(name), {}, set()
    for i, row in enumerate(rows):
        outcome, comparison = row["outcome"], row["comparison"]
        if outcome == "any":
            for word in ("", "any", "any,any", "marginal"):
                aliases[word] = str(i)
            continue
        aliases[_normal_form(f"{outcome},{comparison}")] = str(i)
        members = [m.strip() for group in outcome.split(",") for m in group.split("/")]
        for member in {_normal_form(m) for m in members} if len(members) > 1 else ():
            alias = f"{member},{_normal_form(comparison)}"
            if alias in aliases:
                shared.add(alias)
            aliases[alias] = str(i)
    return {alias: row for alias, row in aliases.items() if alias not in shared}


_MEASURES = {
    "log OR": ("log or", "or", "logor"),
    "log RR": ("log rr", "rr", "logrr"),
    "log HR": ("log hr", "hr", "loghr"),
    "RD": ("rd",),
    "SMD": ("smd",),
}


@cache
def _bartos_aliases(name: str) -> dict[str, str]:
    aliases = {}
    for i, row in enumerate(_table("bartos")):
        subfield, measure = _normal_form(row["subfield"]), row["measure"]
        if (measure == "SMD") != (name == "bartos2021"):
            continue
        words = (*_MEASURES[measure], *(("",) if measure == "SMD" else ()))
        for word in words:
            aliases[f"{subfield},{word}" if word else subfield] = str(i)
            if subfield == "cochrane":
                aliases[word or "any"] = str(i)
    return aliases


@cache
def _rover_aliases() -> dict[str, str]:
    aliases = {}
    for key in _ROVER:
        measure, _, rest = key.partition(",")
        for word in _MEASURES[measure]:
            aliases[f"{word},{rest}" if rest else word] = key
    return aliases


def _match(name: str, key: str, aliases: dict[str, str]) -> str:
    wanted = _normal_form(key)
    if wanted in aliases:
        return aliases[wanted]
    forms = {_normal_form(k): k for k in keys(name)}
    near = [forms[n] for n in difflib.get_close_matches(wanted, forms, n=3, cutoff=0.5)]
    every = keys(name)
    shown = "; ".join(every) if len(every) <= 60 else "; ".join(every[:12]) + f"; ... ({len(every)} in all)"
    found = f"{key!r} is not a key of {name}" if key else f"{name} needs a key ({KEY_WORDS[name]})"
    nearest = f"; nearest: {' | '.join(near)}" if near else ""
    raise UnknownKeyError(f"{found}{nearest}. Allowed: {shown}. All of them: priors.keys('{name}')")
