"""Where a number comes from: keyed tables, the record of a run, the way back to a cell."""
