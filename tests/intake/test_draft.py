"""A mapping is drafted for a sheet that has none, refused until it is filled, and works once it is."""

from pathlib import Path

import pytest
import yaml

from evisynth.cli import main
from evisynth.intake import ImportRefused, draft_mapping, import_file, new_review
from evisynth.intake.mapping import Mapping

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture
def folder(tmp_path):
    new_review(tmp_path / "tb")
    return tmp_path / "tb"


def test_it_shows_the_columns_and_refuses_to_be_used_as_it_is(folder):
    place = draft_mapping(EXAMPLES / "bcg.csv", folder)
    assert place == folder / "imports" / "bcg.map.yaml"
    text = place.read_text(encoding="utf-8")
    assert "#   cases_vaccinated     4\n" in text
    assert "#   author               Aronson\n" in text
    with pytest.raises(ImportRefused) as caught:
        import_file(EXAMPLES / "bcg.csv", place, folder)
    lines = text.splitlines()
    said = caught.value.to_text()
    for number, line in enumerate(lines, start=1):
        waits = not line.startswith("#") and ("EXAMPLE" in line or "example_" in line)
        assert (f"line {number}: found" in said) == waits, line


def test_filled_it_fills_the_tables(folder):
    place = draft_mapping(EXAMPLES / "bcg.csv", folder)
    text = place.read_text(encoding="utf-8")
    text = text[: text.index("  # A comparison that")] + text[text.index("not_used:") :]
    for old, new in {
        "EXAMPLE author": "author",
        "EXAMPLE year": "year",
        "example_source": "colditz1994",
        "EXAMPLE: authors, title, journal, year, pages": "Colditz 1994",
        "example_outcome": "tuberculosis",
        "EXAMPLE: name in words": "Tuberculosis",
        "EXAMPLE: the condition": "prevention of tuberculosis",
        "events: EXAMPLE events, n: EXAMPLE people}\n    -": "events: cases_vaccinated, n: vaccinated}\n    -",
        "EXAMPLE events": "cases_unvaccinated",
        "EXAMPLE people": "unvaccinated",
        "example_treatment": "bcg",
        "example_comparator": "control",
        "not_used: {}": "not_used: {trial: the number, latitude: not wanted, allocation: not wanted}",
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    place.write_text(text, encoding="utf-8")
    done = import_file(EXAMPLES / "bcg.csv", place, folder)
    assert done.rows == {"sources": 1, "outcomes": 1, "studies": 13, "arms": 26}


def test_every_column_of_the_draft_exists(folder):
    text = draft_mapping(EXAMPLES / "bcg.csv", folder).read_text(encoding="utf-8")
    mapping = Mapping.model_validate(yaml.safe_load(text))
    assert set(mapping.each_row) == {"studies", "arms", "contrasts"}


def test_the_command_drafts_once(folder, capsys):
    for said in ("Nothing was imported yet", "is there already: fill it in"):
        with pytest.raises(SystemExit) as ended:
            main(["import", str(EXAMPLES / "bcg.csv"), str(folder)])
        assert ended.value.code == 1
        assert said in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["import", "review.rm5", str(folder)])
    assert "an export of RevMan needs a mapping" in capsys.readouterr().err
