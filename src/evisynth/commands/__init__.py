"""The subcommands of `evisynth`, one module each."""
