"""From the rows of a checked review to effects and estimates: the plan carried out, one stage a module."""
