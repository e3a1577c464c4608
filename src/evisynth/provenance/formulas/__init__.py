"""Which formula, publication and library function stand behind a column of a table of results."""

from evisynth.provenance.formulas.formula import Formula
from evisynth.provenance.formulas.lookup import METHODS, TABLES, formulas_for, formulas_of

__all__ = ["METHODS", "TABLES", "Formula", "formulas_for", "formulas_of"]
