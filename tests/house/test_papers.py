"""The licence, the citation, the changelog and the project say the same."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def project() -> dict:
    return tomllib.loads(read("pyproject.toml"))["project"]


def test_licence_is_mit_everywhere():
    text = read("LICENSE")
    assert text.startswith("MIT License\n\nCopyright (c) 2026 evisynth contributors\n")
    assert "Permission is hereby granted, free of charge" in text
    assert 'THE SOFTWARE IS PROVIDED "AS IS"' in text
    assert project()["license"] == "MIT"
    assert yaml.safe_load(read("CITATION.cff"))["license"] == "MIT"


def test_citation_has_what_the_format_requires():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    assert citation["authors"] == [{"name": "evisynth contributors"}]
    allowed = {
        "cff-version",
        "message",
        "title",
        "authors",
        "type",
        "abstract",
        "version",
        "license",
        "keywords",
    }
    assert set(citation) <= allowed | {"doi", "date-released", "url", "repository-code", "references"}


def test_one_version():
    version = project()["version"]
    assert str(yaml.safe_load(read("CITATION.cff"))["version"]) == version
    assert re.search(rf"^## .*\b{re.escape(version)}\b", read("CHANGELOG.md"), flags=re.MULTILINE)


def test_the_package_says_the_same_version():
    import evisynth

    assert getattr(evisynth, "__version__", project()["version"]) == project()["version"]


def test_the_workflow_for_forks_runs_the_same_script():
    workflow = yaml.safe_load(read(".github/workflows/ci.yml"))
    (job,) = workflow["jobs"].values()
    assert "bash .ci/run" in [step.get("run") for step in job["steps"]]
    assert job["strategy"]["matrix"]["python"] == ["3.12", "3.13"]


def test_ci_runs_what_make_offers():
    script = read(".ci/run")
    for target in ("setup", "lint", "test", "clean", "report", "golden"):
        assert re.search(rf"\bmake {target}\b", script)
        assert re.search(rf"^{target}:", read("Makefile"), flags=re.MULTILINE)


def test_the_container_copies_what_exists():
    sources = re.findall(r"^COPY (.+) \S+$", read("Containerfile"), flags=re.MULTILINE)
    assert sources
    assert not [name for line in sources for name in line.split() if not (ROOT / name).exists()]
