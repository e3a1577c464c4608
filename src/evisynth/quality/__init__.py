"""Quality of the evidence: risk-of-bias tools, certainty (GRADE), and what follows from them for a synthesis.

Names are loaded when they are first used.
"""

from evisynth.lazy import lazily

_HOMES = {
    "absolute": ("AbsoluteEffect",
        "ComparatorRisk",
        "comparator_risk", "per_thousand", "smd_to_odds_ratio", "smd_to_responders", "smd_to_units"),
    "assessors": ("Agreement", "AssessorComparison", "agreement", "compare_assessors"),
    "choosing": ("Choice", "Judgement", "choose_judgement"),
    "certainty_inputs": ("DESIGNS", "CertaintyInputs", "MissingTrial", "SmallStudyTest", "StudyEvidence"),
    "grade": ("CERTAINTY_COLUMNS", "Certainty", "PersonJudgement", "propose_certainty", "read_certainty"),
    "imprecision": (
        "crossed", "information_size_binary", "information_size_continuous", "propose_imprecision",
        "thresholds_from_mid",
    ),
    "answers": ("Answer", "AnswersError", "Assessment", "DomainJudgement", "Issue", "Override"),
    "judging": ("assess",),
    "quality_model": ("QualityEffects", "quality_effects", "quality_from_judgements"),
    "reading": ("read_rows",),
    "schema": ("NOT_ASSESSED",),
    "statements": ("size_of", "statement"),
    "tables": ("JUDGEMENT_COLUMNS", "JudgedTable", "concern_of", "final_levels", "is_critical", "judge_table"),
    "tool": ("Tool", "ToolError", "available_tools", "load_tool"),
    "weights": ("WeightShares", "risk_mask", "weight_shares"),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME_OF)
__getattr__, __dir__ = lazily(__name__, _HOME_OF)
