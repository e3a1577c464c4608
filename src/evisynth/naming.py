"""How settings, priors and identifiers are said in words: one place for figures, pages and documents."""

import re
from collections.abc import Mapping

_PRIORS = {
    "halfnormal": "half-normal",
    "halfcauchy": "half-Cauchy",
    "halft": "half-t",
    "exponential": "exponential",
    "uniform": "uniform",
    "lognormal": "log-normal of τ",
    "lognormal2": "log-normal of τ²",
    "logt2": "log-t of τ²",
    "invgamma": "inverse gamma",
    "normal": "normal",
    "vanzwet": "van Zwet",
    "flat": "flat",
}
_NUMBER = r"-?\d+(?:\.\d+)?"
_WRITTEN = re.compile(rf"\b(?:{'|'.join(_PRIORS)}):{_NUMBER}(?:,{_NUMBER})*")
# The settings of synthesis/bias_settings.py in the few words that a figure or a row of a table has room for; the
# assumption beside them says the rest.
SETTINGS: Mapping[str, str] = {
    "brando": "as in BRANDO",
    "metablind": "as in MetaBLIND",
    "brando_twice": "twice that of BRANDO",
    "learned": "learned from these studies",
    "verde": "wide",
    "verde_judged": "wide, by the judgements",
    "moderate": "of moderate size",
}
# What a setting is of, and settings that no figure names.
_SETTING_OF = {
    **dict.fromkeys(("brando", "metablind", "brando_twice", "learned", "verde", "verde_judged", "moderate"), "bias"),
    **dict.fromkeys(("uniform_wide", "uniform_narrow", "normal"), "correlation"),
}
_MORE_SETTINGS = {
    "uniform_wide": "uniform over a wide range",
    "uniform_narrow": "uniform over a narrow range",
    "normal": "normal",
    "as_printed": "printed figures as intervals",
}
_TOOLS = {
    "rob2": "RoB 2",
    "rob2_crossover": "RoB 2, crossover",
    "rob2_cluster": "RoB 2, cluster",
    "robins_i": "ROBINS-I",
    "robins_i_v2": "ROBINS-I, version 2",
    "nhlbi_before_after": "NHLBI, before and after",
    "jbi_case_series": "JBI, case series",
    "jbi_case_report": "JBI, case report",
    "jbi_cross_sectional": "JBI, cross-sectional",
    "newcastle_ottawa": "Newcastle-Ottawa",
}


def prior_words(prior: str) -> str:
    """Return a prior for a reader: ``half-normal (0.5)`` for ``halfnormal:0.5``.

    Parameters
    ----------
    prior : str
        A prior as plans and tables write it.
    """
    name, colon, rest = prior.partition(":")
    if name in _PRIORS and not rest.strip("0123456789.,-+= edf"):
        numbers = [*(["0"] if name == "uniform" and "," not in rest else []), *rest.split(",")]
        return f"{_PRIORS[name]} ({', '.join(numbers)})" if rest else _PRIORS[name]
    # a published prior: authors and year, then what it is for
    words = name.rstrip("0123456789").capitalize() + (f" {name.lstrip('abcdefghijklmnopqrstuvwxyz')}")
    return f"{words.strip()}: {', '.join(part.strip() for part in rest.split(','))}" if colon else words.strip()


def priors_in_words(text: str) -> str:
    """Return a sentence with each prior that stands in it, such as ``uniform:0,9.5``, in words."""
    return _WRITTEN.sub(lambda match: prior_words(match[0]), text)


def setting_words(setting: str) -> str:
    """Return a setting of an adjusted model for a reader: ``bias as in BRANDO`` for ``brando``.

    Parameters
    ----------
    setting : str
        As the column ``prior`` of ``bayes/adjusted.csv`` has it. A number of degrees of freedom (``df4``) and a weight
        of non-randomised studies (``w0.5``) are said too; what is not known is returned with spaces for its
        underscores.
    """
    words = SETTINGS.get(setting) or _MORE_SETTINGS.get(setting)
    if words:
        return " ".join(filter(None, (_SETTING_OF.get(setting), words)))
    if re.fullmatch(r"df[\d.]+", setting):
        return f"{setting[2:]} degrees of freedom"
    if re.fullmatch(r"w[\d.]+", setting):
        return f"weight {setting[1:]} for studies that were not randomised"
    return plain_name(setting)


def tool_words(tool: str) -> str:
    """Return a tool of risk of bias as its publication calls it."""
    return _TOOLS.get(tool, plain_name(tool))


def plain_name(name: str) -> str:
    """Return an identifier with spaces for its underscores."""
    return name.replace("_", " ")
