"""Conditions of a tool file: when a question is asked, when a rule of a table applies.

A condition is a mapping. Each entry must hold:

- ``"1.2": "- or ?"``: the answer to 1.2 is of class ``-`` or ``?`` (or is that very answer);
- ``any: [...]``, ``all: [...]``, ``none: [...]``: of a list of conditions;
- ``at_least: {n: 2, of: [...]}``, ``exactly: {n: 1, of: [...]}``: so many of a list.

A question that was not asked has the class ``NA``; one that should have been answered and was not is unknown,
and the condition is then three-valued: true or false where the rest settles it, otherwise unknown (``None``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_MANY = ("any", "all", "none")
_COUNTS = ("at_least", "exactly")

Known = Mapping[str, tuple[str, ...] | None]
"""Per question the tokens that stand for its answer (the answer, its class); ``None`` where it is unknown."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One node of a condition.

    Attributes
    ----------
    kind : str
        ``answer``, ``all``, ``any``, ``none``, ``at_least`` or ``exactly``.
    question : str
        The question of an ``answer`` node.
    tokens : tuple of str
        The answers or classes that it accepts; ``("*",)`` accepts any.
    parts : tuple of Condition
        The conditions below any other node.
    n : int
        The count of ``at_least`` and ``exactly``.
    """

    kind: str
    question: str = ""
    tokens: tuple[str, ...] = ()
    parts: tuple["Condition", ...] = ()
    n: int = 0

    def holds(self, known: Known) -> bool | None:
        """Say whether the condition holds: True, False, or None when an unanswered question decides it."""
        if self.kind == "answer":
            if "*" in self.tokens:
                return True
            value = known.get(self.question)
            return None if value is None else any(token in self.tokens for token in value)
        states = [part.holds(known) for part in self.parts]
        yes, unknown = states.count(True), states.count(None)
        low, high = {
            "all": (len(states), len(states)),
            "any": (1, len(states)),
            "none": (0, 0),
            "at_least": (self.n, len(states)),
            "exactly": (self.n, self.n),
        }[self.kind]
        if low <= yes and yes + unknown <= high:
            return True
        if yes > high or yes + unknown < low:
            return False
        return None

    def questions(self) -> Iterator[str]:
        """Name every question of the condition, in order."""
        if self.kind == "answer":
            yield self.question
        for part in self.parts:
            yield from part.questions()

    def tests(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Name every question with the tokens that it is compared with."""
        if self.kind == "answer":
            yield self.question, self.tokens
        for part in self.parts:
            yield from part.tests()

    def deciding(self, known: Known) -> list[str]:
        """Name the questions that make a condition true that holds, without repetition, in order.

        Of an ``any`` only the parts that hold are named; of an ``exactly`` or a ``none`` every part, because
        those that do not hold count too.
        """
        if self.kind == "answer":
            return [] if "*" in self.tokens else [self.question]
        parts = self.parts
        if self.kind in ("any", "at_least"):
            parts = tuple(part for part in parts if part.holds(known))
        found: list[str] = []
        for part in parts:
            leaves = list(part.questions()) if self.kind in ("none", "exactly") else part.deciding(known)
            found += [leaf for leaf in leaves if leaf not in found]
        return found


def parse_condition(written: object) -> Condition:
    """Read a condition as a tool file writes it.

    Parameters
    ----------
    written : mapping
        See the module's text.

    Returns
    -------
    Condition
        The condition; an empty mapping always holds.

    Raises
    ------
    ValueError
        If it is not of that form.
    """
    if not isinstance(written, Mapping):
        raise ValueError(f"a condition is a mapping of questions to answers, not {written!r}")
    parts = [_entry(str(name), value) for name, value in written.items()]
    return parts[0] if len(parts) == 1 else Condition("all", parts=tuple(parts))


def _entry(name: str, value: object) -> Condition:
    if name in _MANY:
        return Condition(name, parts=_list(name, value))
    if name in _COUNTS:
        if not isinstance(value, Mapping) or set(value) != {"n", "of"} or not str(value["n"]).isdigit():
            raise ValueError(f"'{name}' needs 'n', a whole number, and 'of', a list of conditions")
        parts = _list(name, value["of"])
        if not 0 <= int(value["n"]) <= len(parts):
            raise ValueError(f"'{name}' counts to {value['n']} over {len(parts)} conditions")
        return Condition(name, parts=parts, n=int(value["n"]))
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"question '{name}' is compared with {value!r}; write for example \"- or ?\"")
    return Condition("answer", question=name, tokens=tuple(token.strip() for token in value.split(" or ")))


def _list(name: str, value: object) -> tuple[Condition, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError(f"'{name}' needs a list of conditions")
    return tuple(parse_condition(item) for item in value)
