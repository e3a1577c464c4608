"""Made-up tables for figures: studies called "Made-up 1", effects from a fixed generator, nothing of any real study."""

import io
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from evisynth.provenance.tables import read_result, to_csv
from evisynth.review.plan import Synthesis

PRIOR = {"prior": "halfnormal:0.5", "source": "made up for a test"}


def synthesis(measure="RR", pool=True, beside=(), studies=()):
    return Synthesis(
        id="made_up", title="Made-up outcome, drug against placebo", role="secondary" if pool else "table",
        condition="Made-up disease", population="nobody", outcome="made_up_outcome", treatment="drug",
        comparator="placebo", measure=measure or None, pool=pool, reason="" if pool else "nothing here can be pooled",
        heterogeneity_prior=PRIOR, effect_prior=PRIOR, beside=beside, studies=studies,
    )  # fmt: skip


def _both(rows, logged):
    """Add the scale of the analysis and that of the reader to rows that hold the former."""
    turn = np.exp if logged else (lambda x: x)
    for row in rows:
        row |= {f"natural_{name}": float(turn(row[name])) for name in ("estimate", "ci_low", "ci_high")}
    return rows


def tables(k, measure="RR", labels=None):
    """Return every table that figures read, for k made-up studies."""
    rng, logged = np.random.default_rng(20), measure in ("RR", "OR")
    names = [f"made_up_{i + 1}" for i in range(k)]
    shown = labels or [f"Made-up {i + 1}" for i in range(k)]
    yi, sei = rng.normal(-0.3, 0.25, k).round(3), rng.uniform(0.1, 0.7, k).round(3)
    key = {"synthesis": "made_up", "measure": measure}
    effects = []
    for i, name in enumerate(names):
        counts = {"events_1": 10 + i, "n_1": 50, "events_2": 14 + i, "n_2": 52} if logged else {"n_1": 50, "n_2": 52}
        low, high = yi[i] - 1.96 * sei[i], yi[i] + 1.96 * sei[i]
        row = {"estimate": yi[i], "ci_low": low, "ci_high": high, "yi": yi[i], "vi": sei[i] ** 2, "sei": sei[i]}
        status = ("verified", "derived", "unconfirmed")[i % 3]
        row |= {**key, **counts, "study_id": name, "label": shown[i], "year": 2000 + i, "rule": "arms: counts"}
        effects.append(row | {"status": status, "unconfirmed": "", "note": "", "from": f"arms.csv:{name}"})
    methods = ["single"] if k == 1 else ["reml_hksj_safe", "common", "dl_wald", "reml_wald"] if k else ["none"]
    estimates = []
    for i, method in enumerate(methods):
        row = {"estimate": -0.3, "ci_low": -0.5 - 0.02 * i, "ci_high": -0.1, "se": 0.1, "pi_low": -0.9, "pi_high": 0.3}
        row = _both([row], logged)[0] if k else dict.fromkeys(row)
        if k > 1:
            row |= {"natural_pi_low": 0.41, "natural_pi_high": 1.35} if logged else {"natural_pi_low": -0.9}
            row |= {} if logged else {"natural_pi_high": 0.3}
            row |= {"tau2": 0.04, "tau2_ci_low": 0.001, "tau2_ci_high": 0.3, "i2": 44.0, "q": 15.2, "q_df": k - 1}
            row |= {"q_p": 0.08}
        status = "ok" if k > 1 else "one_study" if k else "empty"
        row |= {**key, "method": method, "title": method, "headline": "yes" if i == 0 else "no", "status": status}
        row |= {"reason": "" if k else "no study", "k": k, "n": 102 * k, "level": 0.95, "from": "effects/effects.csv:x"}
        estimates.append(row)
    weights = [
        {**key, "method": methods[0], "study_id": name, "weight": 100 / k, "from": "x:y"} for name in names
    ]  # fmt: skip
    base = [{"estimate": -0.3 + 0.01 * i, "ci_low": -0.6, "ci_high": 0.05} for i in range(k)]
    base = [
        row | {**key, "study_id": name, "label": label, "year": 2000, "k": k, "tau2": 0.03, "i2": 40.0, "from": "x:y"}
        for row, name, label in zip(_both(base, logged), names, shown, strict=True)
    ]
    drawn = pd.DataFrame
    return SimpleNamespace(
        effects=drawn(_both(effects, logged)),
        estimates=drawn(estimates),
        weights=drawn(weights),
        series=drawn(base),
        bayes=drawn(
            [
                row | {"method": "bayes_exact", "title": "exact", "gate": "exact", "headline": "yes"}
                for row in estimates[:1]
                if k
            ]
        ),
        posterior=drawn([row | {"method": "bayes_exact"} for row in base]),
        influence=drawn(
            [
                {**key, "study_id": name, "label": label, "baujat_x": 0.3 * i, "baujat_y": 0.1 * i * i,
                 "residual": i - 1.0, "dffits": 0.1 * i, "cooks_distance": 0.2,
                 "covariance_ratio": 1.0 + 0.1 * i, "tau2_without": 0.03,
                 "q_without": 12.0, "hat": 1 / k, "weight": 100 / k, "influential": "yes" if i == 1 else "no"}
                for i, (name, label) in enumerate(zip(names, shown, strict=True))
            ]
        ),
        pools=drawn(
            [
                {"pool_id": "other_1", "label": "Made-up review", "measure": measure, "value": "0.8", "ci_low": "0.6",
                 "ci_high": "1.1", "k": "4", "n": "400", "comparison": "drug against placebo", "status": "verified"},
                {"pool_id": "other_2", "label": "Other made-up review", "measure": "RD", "value": "-0.05",
                 "ci_low": "-0.1", "ci_high": "0.01", "k": "5", "n": "", "comparison": "", "status": "verified"},
            ]
        ),
        left_out=drawn(
            [
                {**key, "study_id": "gone", "label": "Made-up 99", "kind": "no usable figures", "reason": "no counts",
                 "direction": "favours the drug"}
            ]
        ),
        judgements=judgements(names[: max(k - 1, 0)]),
        outcomes=drawn([{"outcome_id": "made_up_outcome", "name": "Made-up outcome", "benefit": "lower"}]),
        studies=drawn([{"study_id": name, "label": label} for name, label in zip(names, shown, strict=True)]),
    )  # fmt: skip


def judgements(studies):
    levels = ("Low", "Some concerns", "High", "Critical", "No information")
    domains = {"D1": "made-up domain one", "D2": "made-up domain two", "overall": "overall"}
    return pd.DataFrame(
        [
            {"study_id": study, "outcome_id": "made_up_outcome", "tool": "rob2", "aim": "assignment", "domain": domain,
             "domain_name": name, "final": levels[(i + j) % 5], "from": f"risk_of_bias.csv:{study}:{domain}"}
            for i, study in enumerate(studies)
            for j, (domain, name) in enumerate(domains.items())
        ]
    )  # fmt: skip


def claims(count):
    verdicts = ("supported", "partly", "contradicted", "misattributed", "omitted", "unverifiable")
    return pd.DataFrame(
        [
            {"claim_id": f"c{i}", "source_id": f"doc_{'ab'[i % 2]}", "locator": "line 1", "condition": "made up",
             "study_id": "made_up_1", "attribute": "percent" if i % 3 else "year",
             "statement": f"made-up statement {i}", "stated_value": "" if i % 6 == 4 else str(30 + i),
             "published_value": "" if i % 6 == 5 else "40",
             "verdict": verdicts[i % 6], "status": "unconfirmed" if i == 2 else "verified", "reason": "", "from": "x:y"}
            for i in range(count)
        ]
    )  # fmt: skip


def prisma():
    boxes = {
        "records_considered": ("records considered", 40), "records_background": ("used as background only", 4),
        "reports_not_retrieved": ("reports not retrieved", 2), "records_excluded": ("excluded, with reasons", 24),
        "studies_awaiting": ("awaiting results", 0), "records_included": ("included", 10),
        "found_database": ("found through database", 30), "found_registry": ("found through registry", 10),
        "studies_included": ("studies included", 8),
    }  # fmt: skip
    rows = [{"box": box, "words": words, "count": n, "from": "screening.csv"} for box, (words, n) in boxes.items()]
    screening = [
        {"row_key": f"r{i}", "decision": "excluded", "reason": f"made-up reason {i % 3}"} for i in range(24)
    ]  # fmt: skip
    return pd.DataFrame(rows), pd.DataFrame(screening)


def findings(count):
    return pd.DataFrame(
        [
            {"synthesis": f"s{i}", "measure": "RR", "k": i, "n": 100.0 * i, "natural_estimate": 0.8 if i else None,
             "natural_ci_low": 0.6, "natural_ci_high": 1.05, "comparator_per_1000": 200, "treatment_per_1000": 160,
             "difference_per_1000_low": -80, "difference_per_1000_high": 10, "unconfirmed": 0,
             "certainty": ("High", "at most Low", "not assessed")[i % 3], "words": "made-up words " * 4, "from": "x:y"}
            for i in range(count)
        ]
    )  # fmt: skip


@pytest.fixture(scope="session")
def made_up():
    """Everything above, by name."""
    return SimpleNamespace(
        synthesis=synthesis, tables=tables, judgements=judgements, claims=claims, prisma=prisma, findings=findings
    )


@pytest.fixture(scope="session")
def forest_of(made_up):
    """A forest frame of k made-up studies."""
    from evisynth.figures.forest import forest_frame

    def build(k, measure="RR", labels=None, bayes=True, **options):
        t = made_up.tables(k, measure, labels)
        return forest_frame(
            made_up.synthesis(measure, **options), measure, effects=t.effects, estimates=t.estimates, weights=t.weights,
            bayes=t.bayes if bayes else None, pools=t.pools, judgements=t.judgements, left_out=t.left_out,
            outcomes=t.outcomes, treatments={"drug": "made-up drug", "placebo": "placebo"}, studies=t.studies,
        )  # fmt: skip

    return build


@pytest.fixture(scope="session")
def grouped(forest_of):
    """A forest frame of nine made-up studies in three groups, one of them of a single study."""
    from evisynth.figures.forest_groups import grouped_frame

    key = {"synthesis": "made_up", "measure": "RR", "subgroup": "setting"}
    levels = {f"made_up_{i + 1}": ("clinic", "home", "home", "clinic", "ward", "home", "clinic", "clinic")[i]
              for i in range(8)}  # fmt: skip
    moderators = pd.DataFrame(
        [{"study_id": study, "moderator": "setting", "value": level} for study, level in levels.items()]
    )
    subgroups = pd.DataFrame(
        [
            {**key, "level": level, "k": k, "ci_level": 0.95, "natural_estimate": 0.7 + 0.1 * i,
             "natural_ci_low": (0.5, 0.001, 0.6)[i], "natural_ci_high": 1.2, "tau2": 0.02, "i2": 31.0, "q": 3.1,
             "q_df": k - 1, "q_p": 0.4, "q_between": 1.9, "q_between_df": 2, "q_between_p": 0.39, "advised": "no",
             "advice": "made-up advice", "status": "ok" if k > 1 else "one_study", "reason": "", "from": "x:y"}
            for i, (level, k) in enumerate((("clinic", 4), ("home", 3), ("ward", 1)))
        ]
    )  # fmt: skip
    return grouped_frame(forest_of(9), subgroups, moderators, "setting")


@pytest.fixture(scope="session")
def every_frame(made_up, forest_of):
    """Frames of every sort of figure, for k made-up studies, by name in the registry."""
    from evisynth.figures import figure

    def build(k, measure="RR"):
        t, key = made_up.tables(k, measure), ("made_up", measure)
        box, screening = made_up.prisma()
        rob = figure("risk_of_bias").frame(
            t.judgements, studies=t.studies, synthesis="made_up",
            members={name: "made_up_outcome" for name in t.studies.get("study_id", ())},
            weights={name: 100 / k for name in t.studies.get("study_id", ())},
        )  # fmt: skip
        densities = pd.DataFrame(
            [
                {"synthesis": "made_up", "measure": measure, "parameter": "mu", "curve": curve, "point": i, "x": x,
                 "mark": "no effect" if x == 1.0 else "", "density": float(np.exp(-x)), "probability": x / 3,
                 "from": "x:y"}
                for curve in ("prior", "posterior") for i, x in enumerate((0.5, 1.0, 2.0))
            ]
        )  # fmt: skip
        stated = made_up.claims(2 * k).assign(study="made_up_1", label="Made-up 1", kind="claim")
        stated["item"] = stated.get("claim_id", pd.Series(dtype=str))
        moderators = pd.DataFrame(
            [{"study_id": f"made_up_{i + 1}", "moderator": "dose", "value": 10.0 * i} for i in range(k)]
        )
        filled = pd.DataFrame(
            [{"synthesis": "made_up", "measure": measure, "estimator": "L0", "point": "filled_1", "label": "filled 1",
              "yi": 0.2, "sei": 0.3, "filled": "yes"}]
        )  # fmt: skip
        paths = pd.DataFrame(
            [{"synthesis": "made_up", "measure": measure, "path": f"p{i}", "panel": "ratio", "estimator": f"e{i % 2}",
              "natural_estimate": 0.7 + 0.02 * i, "natural_ci_low": 0.5, "natural_ci_high": 1.2, "k": 5,
              "planned": "yes" if i == 1 else "no", "from": "x:y"} for i in range(k)]
        )  # fmt: skip
        gosh = pd.DataFrame(
            [{"synthesis": "made_up", "measure": measure, "subset": f"s{i:0{k}b}"[: k + 1], "size": 3, "estimate":
              0.01 * i, "natural_estimate": 0.5 + 0.01 * i, "i2": float(i % 90), "complete": "yes"}
             for i in range(min(2**k, 10 * k))]
        )  # fmt: skip
        prior = t.series.rename(columns={"study_id": "prior"}).assign(planned="no", tau=0.2, p_benefit=0.97)
        lines = pd.DataFrame(
            [{"synthesis": "made_up", "measure": measure, "moderator": "dose", "point": f"p{i:02d}", "x": 10.0 * i,
              "natural_estimate": 0.8, "natural_ci_low": 0.7, "natural_ci_high": 0.9 + 0.01 * i,
              "natural_pi_low": 0.5, "natural_pi_high": 1.4} for i in range(k)]
        )  # fmt: skip
        surface = pd.DataFrame(
            [{"synthesis": "made_up", "measure": measure, "tau_prior": f"{family}:{scale}", "mu_prior": mu,
              "family": family, "scale": scale, "mu_family": mu.split(":")[0], "planned": family == "halfnormal",
              "status": "ok", "natural_estimate": 0.8, "natural_ci_low": 0.6, "natural_ci_high": 1.1,
              "p_benefit": 0.5 + scale / 9} for family in ("halfnormal", "halfcauchy") for scale in (0.5, 1.0, 2.0)
             for mu in ("flat", "normal:0,1")]
        )  # fmt: skip
        checks = t.series.assign(
            method="bayes_normal", status="ok", observed=-0.2, predicted=-0.3, predicted_low=-0.9, predicted_high=0.3,
            p_two_sided=0.4, pareto_k=0.3,
        )  # fmt: skip
        models = pd.DataFrame(
            [{"synthesis": "made_up", "measure": measure, "model": f"made-up model {i}", "prior_probability": 1 / 14,
              "posterior_probability": (i + 1) / 105, "natural_estimate": None if i % 2 else 0.8,
              "natural_ci_low": 0.6, "natural_ci_high": 1.1} for i in range(14)]
        )  # fmt: skip
        averaged = pd.DataFrame(
            [{"synthesis": "made_up", "measure": measure, "component": name, "title": f"made-up {name}", "status": "ok",
              "prior_probability": 0.5, "posterior_probability": 0.7, "bayes_factor": 2.3, "natural_estimate": 0.9,
              "natural_ci_low": 0.6, "natural_ci_high": 1.1} for name in ("effect", "averaged")]
        )  # fmt: skip
        risk_weights = pd.DataFrame(
            [{"synthesis": "made_up", "measure": measure, "domain": "overall", "domain_name": "overall", "judgement":
              level, "share": share, "studies": k} for level, share in (("Low", 70.0), ("High", 30.0))]
        )  # fmt: skip
        informed = t.series.iloc[:2].assign(
            analysis=["all", "low_risk"][: min(k, 2)], title="Made-up analysis", school="frequentist", status="ok",
            left_out="", assumption="",
        )  # fmt: skip
        make = lambda name, *given, **more: figure(name).frame(*given, *key, **more)  # noqa: E731
        influence = make("influence", t.influence)
        found = made_up.findings(k)
        places = {f"s{i}": f"Made-up condition {i % 2}" for i in range(k)}
        return {
            "forest": forest_of(k, measure, beside=("other_1", "other_2")),
            "risk_of_bias": rob,
            "risk_bars": figure("risk_bars").frame(rob, weighted=True),
            "claims": figure("claims").frame(made_up.claims(2 * k), studies=t.studies),
            "claims_stated": figure("claims_stated").frame(stated),
            "prisma": figure("prisma").frame(box, screening=screening, note="Made-up searching."),
            "leave_one_out": make("leave_one_out", t.series, t.estimates),
            "cumulative": make("cumulative", t.series, t.estimates),
            "caterpillar": make("caterpillar", t.effects, t.estimates),
            "shrinkage": make("shrinkage", t.posterior, t.effects, t.bayes),
            "prior_sensitivity": make("prior_sensitivity", prior),
            "funnel": make("funnel", t.effects, t.estimates, filled=filled if k > 2 else None),
            "baujat": influence,
            "influence": influence,
            "labbe": make("labbe", t.effects, t.estimates),
            "radial": make("radial", t.effects, t.estimates),
            "drapery": make("drapery", t.effects, t.estimates),
            "prior_posterior": make("prior_posterior", densities),
            "probability": make("probability", densities),
            "bubble": make("bubble", t.effects, moderators, lines, moderator="dose"),
            "predictive": make("predictive", checks),
            "prior_surface": make("prior_surface", surface if k else surface.iloc[:0]),
            "averaging": make("averaging", models if k else models.iloc[:0], averaged),
            "risk_weights": make("risk_weights", risk_weights),
            "quality_informed": make("quality_informed", informed),
            "findings": figure("findings").frame(found, conditions=places),
            "evidence_map": figure("evidence_map").frame(found, conditions=places, outcomes=places),
            "specification": figure("specification").frame(paths, ["estimator"], *key),
            "gosh": make("gosh", gosh, studies=list(t.studies.get("label", ()))),
        }

    return build


@pytest.fixture(scope="session")
def read_back(tmp_path_factory):
    """Write a frame as the pipeline does and read it back."""

    def through(frame):
        path = tmp_path_factory.mktemp("frames") / "frame.csv"
        path.write_text(to_csv(frame.columns, frame.itertuples(index=False, name=None)), encoding="utf-8")
        assert pd.read_csv(io.StringIO(path.read_text(encoding="utf-8"))).shape == frame.shape
        return read_result(path)

    return through
