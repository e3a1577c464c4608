"""Formulas of the tables of other folders: paired counts, the flow of records, agreement, counts of the report."""

from collections.abc import Mapping

from evisynth.provenance.formulas.formula import Formula

TABLES: Mapping[str, tuple[Formula, ...]] = {
    "effects/paired.csv": (
        Formula(
            "range over every paired table with these margins",
            (),
            "for each number of people with both events that the margins allow: paired risk ratio and difference, "
            "exact McNemar p",
            "McNemar 1947, Psychometrika 12:153; Fagerland, Lydersen and Laake 2013, BMC Med Res Methodol 13:91",
            "evisynth.synthesis.paired.paired_rows",
        ),
    ),
    "checked/prisma.csv": (
        Formula(
            "count of records",
            (),
            "number of the rows of screening.csv named below",
            "",
            "evisynth.review.flow.prisma_rows",
        ),
    ),
    "provenance/agreement.csv": (
        Formula(
            "agreement of two engines",
            ("difference", "agrees", "tolerance"),
            "agrees where |ours - theirs| <= tolerance; 1e-8 (searched for: 1e-5) of the standard error for estimates, "
            "of tau2 + s² for tau2, of itself for Q and H², of 100 for I²; absolute for p",
            "",
            "evisynth.provenance.agreement.compare_engines",
        ),
    ),
    "report/counts.csv": (
        Formula("count", (), "number of the rows or files named below", "", "evisynth.report.tables.report_tables"),
    ),
    "report/coverage.csv": (
        Formula(
            "coverage of an interval",
            (),
            "share of simulated meta-analyses whose interval held the true value",
            "",
            "evisynth.pooling.coverage_notes",
        ),
    ),
}
