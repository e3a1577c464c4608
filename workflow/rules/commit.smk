"""The commit of the code, for the page to show."""

import shutil
import subprocess


def commit_of_code():
    """Return the commit of the checkout that the code lies in; blank where there is no git.

    Two clones of one commit give the same words: neither a branch nor a date is among them.
    """
    if not (HOME / ".git").exists() or shutil.which("git") is None:
        return ""
    told = [
        subprocess.run(["git", "-C", str(HOME), *words], capture_output=True, text=True)
        for words in (
            ["rev-parse", "HEAD"],
            ["status", "--porcelain", "--", "src", "scripts", "workflow", "config", "Snakefile"],
        )
    ]
    if any(one.returncode for one in told):
        return ""
    return told[0].stdout.strip() + (" with changes that are not committed" if told[1].stdout.strip() else "")
