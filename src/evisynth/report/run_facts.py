"""When, where and for how long the steps ran: a page of its own, because it differs from run to run."""

import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"


def write_run_facts(results: Path, review: str) -> str:
    """Return the run facts of a review as an HTML page.

    Parameters
    ----------
    results : pathlib.Path
        ``results/<review>``, with ``provenance/run_facts/*.json``.
    review : str
        The review's name.
    """
    files = sorted((results / "provenance" / "run_facts").glob("*.json"))
    facts = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    template = environment.get_template("run_facts.html.jinja")
    css = Markup((TEMPLATES / "page.css").read_text(encoding="utf-8"))
    facts.sort(key=lambda fact: (fact.get("started", ""), fact.get("rule", "")))
    return template.render(review=review, facts=facts, css=css)
