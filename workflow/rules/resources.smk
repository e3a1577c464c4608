"""What steps ask of a machine. docs/cluster.md has the measured peaks behind the numbers."""


def needs(memory, minutes):
    """Return the memory in MB and the minutes that a step asks for: at the second attempt twice as much, and so on."""
    return {
        "mem_mb": lambda wildcards, attempt: memory * attempt,
        "runtime": lambda wildcards, attempt: minutes * attempt,
    }
