"""Work that is shared out among a few processes, each taking the next piece when it is done with one."""

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from evisynth.figures import style


def in_turns[Piece, Result](
    pieces: Sequence[Piece], work: Callable[[Piece], Result], processes: int = 1
) -> list[Result]:
    """Return ``work(piece)`` of every piece, in their order; it does not depend on the number of processes.

    Parameters
    ----------
    pieces : sequence
        The longest first, so that no process is left with a long one when the others are done.
    work : callable
        What is done with each; its result has to be small, for it is sent from process to process.
    processes : int
        How many at the same time, where the system can fork; else one.

    Raises
    ------
    RuntimeError
        Where a process ended before its pieces were done; its log says why.
    """
    context = multiprocessing.get_context("fork") if hasattr(os, "fork") else None
    with _seldom_collected():
        if processes < 2 or len(pieces) < 2 or context is None:
            return [_tidily(work, piece) for piece in pieces]
        return _shared_out(pieces, work, processes, context)


def _shared_out(pieces: Sequence, work: Callable, processes: int, context) -> list:
    style.warm()
    turn, helpers = context.Value("i", 0), []
    for _ in range(min(processes, len(pieces)) - 1):
        ours, theirs = context.Pipe(duplex=False)
        helper = context.Process(target=_help, args=(pieces, work, turn, os.getpid(), theirs))
        helper.start()
        theirs.close()  # so that the end of the helper is the end of the pipe
        helpers.append((helper, ours))
    done = _take_turns(pieces, work, turn, None)
    for helper, ours in helpers:
        try:
            done |= ours.recv()
        except EOFError:
            raise RuntimeError("a process that drew figures ended early; what it printed stands above") from None
        finally:
            helper.join()
    return [done[i] for i in range(len(pieces))]


def _help(pieces: Sequence, work: Callable, turn, parent: int, theirs) -> None:
    theirs.send(_take_turns(pieces, work, turn, parent))
    theirs.close()


def _take_turns(pieces: Sequence, work: Callable, turn, parent: int | None) -> dict:
    done = {}
    while parent is None or os.getppid() == parent:  # a helper whose parent was ended does no more
        with turn.get_lock():
            mine, turn.value = turn.value, turn.value + 1
        if mine >= len(pieces):
            break
        done[mine] = _tidily(work, pieces[mine])
    return done


def _tidily[Piece, Result](work: Callable[[Piece], Result], piece: Piece) -> Result:
    result = work(piece)
    gc.collect()
    return result


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Collect no garbage but between pieces, and none of what was there before.

    A figure is thousands of objects that refer to one another: looking through them again and again took a seventh of
    the time.
    """
    before = gc.isenabled()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if before:
            gc.enable()
