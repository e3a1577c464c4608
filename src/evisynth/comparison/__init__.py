"""What moved between two folders of results, by how much, and whether a conclusion changed."""

from evisynth.comparison.conclusions import Conclusion
from evisynth.comparison.folders import CannotCompareError, Comparison, compare_results
from evisynth.comparison.moves import CellMove, TableMove, Thresholds
from evisynth.comparison.words import to_html, to_json, to_markdown, to_text

__all__ = [
    "CannotCompareError",
    "CellMove",
    "Comparison",
    "Conclusion",
    "TableMove",
    "Thresholds",
    "compare_results",
    "to_html",
    "to_json",
    "to_markdown",
    "to_text",
]
