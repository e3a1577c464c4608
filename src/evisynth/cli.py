"""The `evisynth` command: each subcommand is imported only when it is called."""

import importlib
import sys

from evisynth import __version__

# name -> (module of evisynth.commands, one line of help); the module's function has the module's name
COMMANDS = {
    "new": ("new", "Start a review: a folder of tables to fill."),
    "import": ("import_", "Fill a review's tables from a spreadsheet or an export of RevMan or Covidence."),
    "check": ("check", "Check a review folder; say everything that is wrong with it."),
    "run": ("run", "Make everything of a review: effects, estimates, figures, report."),
    "pool": ("pool", "Pool a table of studies, frequentist."),
    "bayes": ("bayes", "Pool a table of studies, Bayesian."),
    "corpus": ("corpus", "Analyse every meta-analysis of a long table."),
    "judge": ("judge", "Compute risk-of-bias judgements from answered questions."),
    "trace": ("trace", "Follow a number of a result back to the cell it comes from."),
    "audit": ("audit", "Hold results against the record of their making, and against other engines."),
    "diff": ("diff", "Say what moved between two folders of results, and whether a conclusion changed."),
}


def main(arguments: list[str] | None = None) -> None:
    """Run the command line.

    Parameters
    ----------
    arguments : list of str, optional
        The words after `evisynth`; those of the process by default.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    if not words or words[0] in ("-h", "--help"):
        print(_help())
        sys.exit(0 if words else 2)
    if words[0] == "--version":
        print(f"evisynth {__version__}")
        sys.exit(0)
    if words[0] not in COMMANDS:
        print(f"evisynth: no command '{words[0]}'. There are: {', '.join(COMMANDS)}.", file=sys.stderr)
        sys.exit(2)
    _app(words[0])(args=words[1:], prog_name=f"evisynth {words[0]}")


def _app(name: str):
    import typer

    function = COMMANDS[name][0]
    module = importlib.import_module(f"evisynth.commands.{function}")
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command(name=name)(getattr(module, function))
    return app


def _help() -> str:
    lines = [
        "Usage: evisynth COMMAND [ARGUMENTS]...",
        "",
        "Study summaries into evidence that can be checked.",
    ]
    lines += ["", "Commands:"]
    lines += [f"  {name:8} {text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join([*lines, "", "evisynth COMMAND --help says more."])


if __name__ == "__main__":
    main()
