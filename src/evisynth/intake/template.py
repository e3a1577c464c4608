"""A new review: every table with its header and an example row, and a review.yaml that explains itself."""

import csv
import io
from importlib.resources import files
from pathlib import Path

from evisynth.review.folder import check_name
from evisynth.review.tables import TABLES

_STUDY, _OUTCOME = "example_study", "example_outcome"
_TREATMENT, _COMPARATOR = "example_treatment", "example_comparator"
_READ = {"source_id": "example_source", "locator": "EXAMPLE: Table 2, page 5", "status": "verified"}
_ROW = {"study_id": _STUDY, "outcome_id": _OUTCOME}

# One row a table. Each holds no figure, so that nothing of it can end in a result.
EXAMPLES: dict[str, dict[str, str]] = {
    "sources": {
        "source_id": "example_source",
        "kind": "journal article",
        "citation": "EXAMPLE: authors, title, journal, year, volume, pages",
        "read_as": "full text",
        "status": "verified",
        "note": "one row is a document that somebody read; status says whether you read it yourself",
    },
    "screening": {
        "record_id": "example_record",
        "citation": "EXAMPLE: what the record is",
        "found_through": "citation search",
        "decision": "excluded",
        "reason": "EXAMPLE: why",
        "status": "verified",
        "note": "one row is a record that was considered; the flow diagram is counted from this table",
    },
    "studies": {
        "study_id": _STUDY,
        "label": "EXAMPLE: first author and year",
        "condition": "EXAMPLE: the condition",
        "design": "parallel trial",
        **_READ,
        "note": "one row is a study, however many documents report it",
    },
    "outcomes": {
        "outcome_id": _OUTCOME,
        "name": "EXAMPLE: name in words",
        "type": "binary",
        "benefit": "lower",
        "mid_source": "none stated",
        "note": "benefit says which direction is good for the patient: lower or higher",
    },
    "arms": {
        **_ROW,
        "arm": "example_arm",
        "treatment": _TREATMENT,
        "value_kind": "final",
        "analysis_set": "as typed",
        **_READ,
        "note": "counts: value_kind event, n and events; means: value_kind final or change, n, mean and sd",
    },
    "contrasts": {
        **_ROW,
        "treatment": _TREATMENT,
        "comparator": _COMPARATOR,
        "statistic": "direction only",
        "favours": "neither",
        **_READ,
        "note": "a comparison that the source reports as such: value with ci_low and ci_high, or a p value",
    },
    "published_pools": {
        "pool_id": "example_pool",
        "label": "EXAMPLE: author and year",
        "population": "EXAMPLE: condition or population",
        "outcome": "EXAMPLE: outcome in words",
        "comparison": "EXAMPLE: intervention against comparator",
        "measure": "RR",
        **_READ,
        "note": "a pooled result that others published, to be shown beside yours",
    },
    "claims": {
        "claim_id": "example_claim",
        "claim_group": "EXAMPLE",
        "source_id": "example_source",
        "locator": "EXAMPLE: section 3, line 12",
        "attribute": "existence of studies",
        "statement": "EXAMPLE: the claim in your own words",
        "stated_value": "EXAMPLE",
        "verdict_override": "unverifiable",
        "reason": "EXAMPLE: a figure or statement of a document, to be compared with a published cell",
    },
    "risk_of_bias": {
        **_ROW,
        "tool": "rob2",
        "aim": "assignment",
        "question": "1.1",
        "answer": "NI",
        "assessor": "EXAMPLE: who answered",
        "reason": "EXAMPLE: why",
        **_READ,
    },
    "judgements": {
        **_ROW,
        "tool": "rob2",
        "domain": "overall",
        "final": "Some concerns",
        "reason": "EXAMPLE: why you overrule what the answers give",
    },
    "certainty": {
        "synthesis_id": "example_synthesis",
        "domain": "indirectness",
        "judgement": "not serious",
        "reason": "EXAMPLE: why",
    },
    "corrections": {
        "table": "arms",
        "key": f"{_STUDY}:{_OUTCOME}:example_arm",
        "column": "analysis_set",
        "old": "as typed",
        "new": "as corrected",
        "reason": "EXAMPLE: why; the build stops if old no longer stands in the table",
        **_READ,
    },
    "moderators": {
        "study_id": _STUDY,
        "moderator": "example_moderator",
        "value": "EXAMPLE: a number or a category",
        **_READ,
        "note": "a property that may explain why studies differ",
    },
}


def new_review(folder: Path) -> list[Path]:
    """Write a folder that is ready to be filled.

    Parameters
    ----------
    folder : pathlib.Path
        ``data/NAME``; must not exist, or be empty.

    Returns
    -------
    list of pathlib.Path
        The files written, review.yaml first.

    Raises
    ------
    ValueError
        If the name cannot be that of a review.
    FileExistsError
        If the folder holds anything.
    """
    folder = Path(folder)
    check_name(folder.name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(f"{folder} is there already; choose another name, or delete it first")
    folder.mkdir(parents=True, exist_ok=True)
    plan = folder / "review.yaml"
    plan.write_text(files("evisynth.intake").joinpath("review_template.yaml").read_text("utf-8"), "utf-8")
    written = [plan]
    for name, spec in TABLES.items():
        text = io.StringIO()
        writer = csv.DictWriter(text, spec.names, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerow(EXAMPLES[name])
        path = folder / spec.file
        path.write_text(text.getvalue(), encoding="utf-8")
        written.append(path)
    return written
