"""The reporting checklists: every item, a place that exists, and no claim that the tables do not bear."""

import re

import pytest

from evisynth.provenance.folder import ResultsFolder
from evisynth.provenance.tables import read_result, write_table
from evisynth.report.exports import CHECKLISTS, checklist, checklist_tables, checklist_title
from evisynth.report.exports.checklists import STATUSES

# The lines of the two checklists: 27 items with their parts, and nine with theirs.
PRISMA = tuple(
    "1 2 3 4 5 6 7 8 9 10a 10b 11 12 13a 13b 13c 13d 13e 13f 14 15 16a 16b 17 18 19 20a 20b 20c 20d 21 22 "  # noqa: SIM905
    "23a 23b 23c 23d 24a 24b 24c 25 26 27".split()
)
SWIM = tuple(["1a", "1b", "2", "3", "4", "5", "6", "7", "8", "9"])


@pytest.fixture
def folder(results):
    return ResultsFolder(results)


def with_plan(results, **entries):
    """Results whose plan says something else."""
    folder = ResultsFolder(results)
    folder._plan = folder.plan | entries
    return folder


def status(folder, name):
    return {one.item: one for one in checklist(folder, name)}


def test_every_item_is_there_once(folder):
    assert tuple(one.item for one in checklist(folder, "prisma")) == PRISMA
    assert tuple(one.item for one in checklist(folder, "swim")) == SWIM


@pytest.mark.parametrize("name", CHECKLISTS)
def test_what_is_done_has_a_place_and_what_is_not_has_a_reason(name, folder):
    for one in checklist(folder, name):
        assert one.status in STATUSES
        assert bool(one.place) == (one.status in ("done", "partly")), one
        assert bool(one.reason) == (one.status != "done"), one
        assert one.origins
        for origin in one.origins:
            folder.resolve(origin) if ":" in origin else folder.knows(origin)


def test_places_are_on_the_page(folder, page):
    anchors = set(re.findall(r'id="([a-z-]+)"', page))
    for name in CHECKLISTS:
        found = {one.place for one in checklist(folder, name) if one.place and "#" not in one.place}
        # the part on quality is on the page where figures of it were drawn
        assert found - {"quality"} <= anchors


def test_a_search_that_was_not_systematic_is_said_to_be_none(results):
    shown = status(ResultsFolder(results), "prisma")
    assert shown["1"].status == "not done"
    assert shown["16a"].status == "partly"
    words = {"title": "A systematic review of something", "searching": "Three databases were searched."}
    shown = status(with_plan(results, **words), "prisma")
    assert shown["1"].status == shown["16a"].status == "done"


def test_what_the_plan_says_counts(results):
    assert status(ResultsFolder(results), "prisma")["24c"].status == "not done"
    assert status(with_plan(results, deviations=["one"]), "prisma")["24c"].status == "done"
    assert status(with_plan(results, registration="a register"), "prisma")["24a"].status == "done"


def test_swim_is_for_what_was_not_pooled(results):
    plan = ResultsFolder(results).plan
    pooled = [entry for entry in plan["syntheses"] if entry["pool"]]
    shown = status(with_plan(results, syntheses=pooled), "swim")
    assert {one.status for one in shown.values()} == {"not applicable"}
    assert "not applicable" not in {one.status for one in checklist(ResultsFolder(results), "swim")}


def test_nothing_is_done_where_there_is_nothing(tmp_path):
    shown = status(ResultsFolder(tmp_path), "prisma")
    assert "done" not in {one.status for one in shown.values()}
    assert shown["20b"].status == "not applicable"


def test_checklists_are_tables_of_results(folder, tmp_path):
    for name, frame in checklist_tables(folder).items():
        write_table(frame, tmp_path / name, name)
        assert len(read_result(tmp_path / name)) == len(frame)
    assert checklist_title("swim")[0] == "SWiM"


def test_another_checklist_is_not_known(folder):
    with pytest.raises(ValueError, match="checklists: prisma, swim"):
        checklist(folder, "strobe")
