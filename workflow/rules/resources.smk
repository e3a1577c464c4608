"""What steps ask of a machine. docs/cluster.md has the measured peaks behind the numbers."""


def needs(memory, minutes):
    """Return the memory in MB and the minutes that a step asks for: at the second attempt twice as much, and so on."""
    return {
        "mem_mb": lambda wildcards, attempt: memory * attempt,
        "runtime": lambda wildcards, attempt: minutes * attempt,
    }


def half_of_the_cores():
    """Return how many cores sampling takes (at most four, one for each chain), so that the other steps go on beside it.

    Where the number of cores is not known (on a cluster, or when nothing is run) it is one.
    """
    known = workflow.resource_settings.cores
    return max(1, min(4, known // 2)) if isinstance(known, int) else 1
