"""evisynth: study summaries into evidence that can be checked number by number."""

__version__ = "0.1.0"
