"""The digest of a script: it covers every library file that the script can reach, and nothing else."""

from pathlib import Path

import pytest

from evisynth.provenance.code import digest_of, digest_of_files, files_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def made(tmp_path):
    """A small library with a lazy package, an import inside a function and a data file."""
    source = tmp_path / "src" / "evisynth"
    for folder in ("lazy", "used", "other"):
        (source / folder).mkdir(parents=True)
        (source / folder / "__init__.py").write_text("", encoding="utf-8")
    (source / "__init__.py").write_text("", encoding="utf-8")
    (source / "lazy" / "__init__.py").write_text('_HOMES = {"inside": ("work",)}\n', encoding="utf-8")
    (source / "lazy" / "inside.py").write_text("def work():\n    from evisynth.used import part\n", encoding="utf-8")
    (source / "used" / "part.py").write_text("x = 1\n", encoding="utf-8")
    (source / "used" / "page.jinja").write_text("words", encoding="utf-8")
    (source / "other" / "never.py").write_text("y = 1\n", encoding="utf-8")
    script = tmp_path / "do_it.py"
    script.write_text("from evisynth.lazy import work\n", encoding="utf-8")
    return script, tmp_path / "src"


def test_lazy_modules_and_imports_inside_functions_count(made):
    script, source = made
    names = {path.relative_to(source.parent).as_posix() for path in files_of(script, source)}
    assert {"src/evisynth/lazy/inside.py", "src/evisynth/used/part.py", "do_it.py"} <= names
    assert "src/evisynth/other/never.py" not in names


@pytest.mark.parametrize("name", ["lazy/inside.py", "used/part.py", "used/page.jinja"])
def test_the_digest_moves_with_what_is_used(made, name):
    script, source = made
    before = digest_of(script, source)
    path = source / "evisynth" / name
    path.write_text(path.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    assert digest_of(script, source) != before


def test_the_digest_stays_where_it_is_not_used(made):
    script, source = made
    before = digest_of(script, source)
    (source / "evisynth" / "other" / "never.py").write_text("y = 2\n", encoding="utf-8")
    assert digest_of(script, source) == before


def test_the_report_covers_its_templates_and_modules():
    names = {path.name for path in files_of(ROOT / "scripts" / "write_report.py", ROOT / "src")}
    assert {"page.py", "cells.py", "page.html.jinja", "page.css", "page.js", "trace.py"} <= names


def test_what_all_scripts_share_counts():
    for script in sorted((ROOT / "scripts").glob("*.py")):
        if "from harness import" in script.read_text(encoding="utf-8"):
            assert ROOT / "scripts" / "harness.py" in files_of(script, ROOT / "src"), script.name


def test_the_digest_moves_with_a_module_beside_the_script_and_with_what_that_imports(made):
    script, source = made
    shared = script.parent / "shared.py"
    shared.write_text("from evisynth.other import never\n", encoding="utf-8")
    (script.parent / "stranger.py").write_text("z = 1\n", encoding="utf-8")
    apart = script.parent / "do_more.py"
    apart.write_text("from shared import anything\n", encoding="utf-8")
    names = {path.name for path in files_of(apart, source)}
    assert {"do_more.py", "shared.py", "never.py"} <= names
    assert not {"stranger.py", "do_it.py"} & names
    before = digest_of(apart, source)
    (source / "evisynth" / "other" / "never.py").write_text("y = 2\n", encoding="utf-8")
    assert digest_of(apart, source) != before


def test_the_digest_of_files_moves_with_each_and_not_with_their_order(tmp_path):
    files = [tmp_path / name for name in ("b.smk", "a.smk")]
    for file in files:
        file.write_text(file.name, encoding="utf-8")
    before = digest_of_files(files)
    assert digest_of_files(files[::-1]) == before
    files[0].write_text("other", encoding="utf-8")
    assert digest_of_files(files) != before
