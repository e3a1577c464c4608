"""What the audited claims add up to: per document, per named study, and in time."""

from collections.abc import Iterator, Mapping

import pandas as pd

from evisynth.claims.comparisons import compare_numbers
from evisynth.claims.layout import DOCUMENT_COLUMNS, STATED_COLUMNS, TIMELINE_COLUMNS
from evisynth.claims.numbers import number_of, stated_number
from evisynth.provenance.tables import cell_text, join_from
from evisynth.review.reading import Table
from evisynth.review.tables import STATUSES, VERDICTS


def documents_of(claims: pd.DataFrame, sources: Table) -> pd.DataFrame:
    """Count the verdicts of each document.

    Parameters
    ----------
    claims : pandas.DataFrame
        From `evisynth.claims.auditing.audit`.
    sources : Table
        sources.csv.

    Returns
    -------
    pandas.DataFrame
        Columns `DOCUMENT_COLUMNS`, in the order in which the claims name the documents. ``year`` is the
        printed one; ``not_before`` is the latest year that the document itself names, the earliest it can
        have been written where it prints no date.
    """
    rows = []
    for source, found in claims.groupby("source_id", sort=False):
        position = list(sources.text["source_id"]).index(source)
        counts = found["verdict"].value_counts()
        rows.append(
            {
                "source_id": source,
                "citation": sources.text["citation"].iloc[position],
                "year": number_of(sources.text["year"].iloc[position]),
                "not_before": _latest_year(found),
                "claims": len(found),
                **{verdict: int(counts.get(verdict, 0)) for verdict in VERDICTS},
                "from": join_from(
                    (f"sources.csv:{source}", *(f"claims/claims.csv:{name}" for name in found["claim_id"]))
                ),
            }
        )
    return pd.DataFrame(rows, columns=list(DOCUMENT_COLUMNS))


def _latest_year(claims: pd.DataFrame) -> float | None:
    years = [number_of(value) for value in claims.loc[claims["attribute"] == "year", "stated_value"]]
    return max((year for year in years if year is not None), default=None)


def named_studies(claims: pd.DataFrame) -> pd.Series:
    """Return the study that each claim speaks of, where documents name a study by its year.

    A claim group with a year names the study of that row; without a study_id, but with a sample size or a
    design, it names a study that nobody found, which is called like the group. Of such a group those claims
    speak of the study that have its study_id, none, or, where a document has spliced two studies, the other
    one's. Elsewhere the study_id decides.

    Parameters
    ----------
    claims : pandas.DataFrame
        From `evisynth.claims.auditing.audit`.

    Returns
    -------
    pandas.Series
        Name of the study by row; blank where a claim speaks of none.
    """
    named: dict[str, str] = {}
    for group, found in claims.groupby("claim_group", sort=False):
        years = found[found["attribute"] == "year"]
        described = found["attribute"].isin(("sample size", "design")).any()
        if len(years) and (years["study_id"].iloc[0] or described):
            named[str(group)] = years["study_id"].iloc[0] or str(group)
    known = set(named.values())

    def study_of(claim: pd.Series) -> str:
        if claim["study_id"] in known:
            return claim["study_id"]
        own = not claim["study_id"] or "spliced studies" in claim["tags"].split(";")
        return named.get(claim["claim_group"], "") if own else ""

    return claims.apply(study_of, axis=1) if len(claims) else pd.Series(dtype=str)


def stated_published(claims: pd.DataFrame, tables: Mapping[str, Table]) -> pd.DataFrame:
    """Set the named studies side by side: as the documents state them and as they were published.

    Where a document states one figure for each of two treatments (ids that end in the two treatments' ids),
    their difference and ratio are given too: the effect that a reader takes away.

    Parameters
    ----------
    claims : pandas.DataFrame
        From `evisynth.claims.auditing.audit`.
    tables : mapping of str to Table
        ``studies`` for the labels, ``arms`` for the ids of the treatments.

    Returns
    -------
    pandas.DataFrame
        Columns `STATED_COLUMNS`: claims first, then the computed contrasts, study by study.
    """
    found = claims.assign(study=named_studies(claims))
    found = found[found["study"] != ""]
    rows = []
    for study in dict.fromkeys(found["study"]):
        block = found[found["study"] == study]
        label = _label(study, block, tables["studies"])
        rows += [_stated(study, label, claim) for claim in block.to_dict("records")]
        rows += [
            _contrast(study, label, *pair, name)
            for pair in _pairs(block, list(dict.fromkeys(tables["arms"].text["treatment"])))
            for name in ("difference", "ratio")
        ]
    return pd.DataFrame(rows, columns=list(STATED_COLUMNS))


def _label(study: str, block: pd.DataFrame, studies: Table) -> str:
    if study in studies.keys:
        return str(studies.text["label"].iloc[studies.keys.index(study)])
    year = block.loc[block["attribute"] == "year", "stated_value"].iloc[0]
    size = block.loc[block["attribute"] == "sample size", "stated_value"]
    people = f", n = {size.iloc[0]}" if len(size) else ""
    return f"{study}: a study of {year}{people} that nobody found"


def _stated(study: str, label: str, claim: dict) -> dict:
    same = ("condition", "source_id", "locator", "attribute", "statement", "stated_value", "published_value",
            "difference", "relative_difference", "verdict", "status")  # fmt: skip
    return {
        "study": study,
        "item": claim["claim_id"],
        "kind": "claim",
        "label": label,
        **{name: claim[name] for name in same},
        "from": f"claims/claims.csv:{claim['claim_id']}",
    }


def _pairs(block: pd.DataFrame, treatments: list[str]) -> Iterator[tuple[str, dict, dict]]:
    """Yield stem, first and second claim of ids that differ in the treatment at their end alone."""
    stems: dict[str, list[dict]] = {}
    for claim in block[block["attribute"] == "percent"].to_dict("records"):
        ends = [name for name in treatments if claim["claim_id"].endswith(f"_{name}")]
        if ends and stated_number(claim["stated_value"]):
            stems.setdefault(claim["claim_id"].removesuffix(f"_{max(ends, key=len)}"), []).append(claim)
    yield from ((stem, *pair) for stem, pair in stems.items() if len(pair) == 2)


def _contrast(study: str, label: str, stem: str, first: dict, second: dict, name: str) -> dict:
    stated = _of_two(number_of(first["stated_value"]), number_of(second["stated_value"]), name)
    published = None
    if _same_trial(first, second):
        published = _of_two(number_of(first["published_value"]), number_of(second["published_value"]), name)
    gap = None if published is None or stated is None else stated - published
    statuses = [one["status"] for one in (first, second) if one["status"]]
    words = "points between the two figures" if name == "difference" else "ratio of the two figures"
    return {
        "study": study,
        "item": f"{stem}_{name}",
        "kind": "contrast",
        "label": label,
        "condition": first["condition"],
        "source_id": first["source_id"],
        "locator": first["locator"],
        "attribute": "effect",
        "statement": f"{words}, {first['stated_value']} and {second['stated_value']}",
        "stated_value": cell_text(stated),
        "published_value": cell_text(published),
        "difference": gap,
        "relative_difference": 100.0 * gap / abs(published) if gap is not None and published else None,
        "verdict": _contrast_verdict(stated, published, name),
        "status": max(statuses, key=STATUSES.index) if published is not None and statuses else "",
        "from": join_from(f"claims/claims.csv:{one['claim_id']}" for one in (first, second)),
    }


def _same_trial(first: dict, second: dict) -> bool:
    """Whether both published figures come from one study and outcome: else their contrast means nothing."""
    heads = [one["published_ref"].split(":")[:3] for one in (first, second)]
    return all(len(head) == 3 for head in heads) and heads[0] == heads[1]


def _of_two(first: float | None, second: float | None, name: str) -> float | None:
    if first is None or second is None:
        return None
    if name == "difference":
        return first - second
    return first / second if second else None


def _contrast_verdict(stated: float | None, published: float | None, name: str) -> str:
    if stated is None or published is None:
        return "unverifiable"
    figure = stated_number(f"{stated:.12g}")
    same = figure and compare_numbers(figure, published, null=1.0 if name == "ratio" else 0.0)[0]
    return "supported" if same else "contradicted"


def timeline_of(claims: pd.DataFrame, tables: Mapping[str, Table]) -> pd.DataFrame:
    """List what had been published on a document's conditions when it was written.

    Parameters
    ----------
    claims : pandas.DataFrame
        From `evisynth.claims.auditing.audit`.
    tables : mapping of str to Table
        ``sources``, ``studies`` and ``published_pools``.

    Returns
    -------
    pandas.DataFrame
        Columns `TIMELINE_COLUMNS`: the studies, then the documents with pooled results, on every condition
        that the document's claims are about. ``timing`` is ``before``, ``same year``, ``later``, ``document
        undated`` or ``publication undated``; an undated document is later than everything before the latest
        year that it names. ``named`` is yes where a claim speaks of the study.
    """
    documents = documents_of(claims, tables["sources"])
    rows = []
    for document in documents.itertuples(index=False):
        found = claims[claims["source_id"] == document.source_id]
        conditions = {name for name in found["condition"] if name}
        mentioned = set(found.loc[found["attribute"] != "omission", "study_id"])
        for item in _published_on(conditions, tables):
            rows.append(
                {
                    "source_id": document.source_id,
                    **{name: item[name] for name in ("kind", "item", "label", "condition", "year")},
                    "document_year": document.year,
                    "not_before": document.not_before,
                    "timing": _timing(item["year"], _or_none(document.year), _or_none(document.not_before)),
                    "named": item["kind"] == "study" and item["item"] in mentioned,
                    "from": join_from((f"claims/documents.csv:{document.source_id}", item["from"])),
                }
            )
    return pd.DataFrame(rows, columns=list(TIMELINE_COLUMNS))


def _or_none(value: float | None) -> float | None:
    return None if value is None or value != value else value


def _timing(year: float | None, document: float | None, not_before: float | None) -> str:
    if year is None:
        return "publication undated"
    if document is None:
        return "before" if not_before is not None and year < not_before else "document undated"
    if year == document:
        return "same year"
    return "before" if year < document else "later"


def _published_on(conditions: set[str], tables: Mapping[str, Table]) -> Iterator[dict]:
    studies, pools, sources = (tables[name].text for name in ("studies", "published_pools", "sources"))
    for study in studies.to_dict("records"):
        if study["condition"] in conditions and study["design"] != "protocol":
            yield {
                "kind": "study",
                "item": study["study_id"],
                "label": study["label"],
                "condition": study["condition"],
                "year": number_of(study["year"]),
                "from": f"studies.csv:{study['study_id']}",
            }
    years = dict(zip(sources["source_id"], sources["year"], strict=True))
    seen: set[str] = set()
    for pool in pools.to_dict("records"):
        condition = pool["population"].partition(",")[0]
        if condition in conditions and pool["source_id"] not in seen:
            seen.add(pool["source_id"])
            yield {
                "kind": "pooled result",
                "item": pool["source_id"],
                "label": pool["label"],
                "condition": condition,
                "year": number_of(years.get(pool["source_id"], "")),
                "from": f"sources.csv:{pool['source_id']}",
            }
