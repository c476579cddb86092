"""The combinations of answers: all of them, a covering subset, a selection by expression."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations as pick
from itertools import product
from pathlib import Path

KIT = Path(__file__).resolve().parents[2]

OPTIONS: dict[str, tuple[str, ...]] = {
    prompt: tuple(choices)
    for prompt, choices in json.loads((KIT / "cookiecutter.json").read_text("utf-8")).items()
    if isinstance(choices, list) and not prompt.startswith("_")
}


class Misuse(ValueError):
    """What can't be done as it was asked for; the text says why in one line."""


class UnknownName(Misuse):
    """An option, choice or combination that the kit doesn't have."""


@dataclass(frozen=True)
class Combination:
    """One choice for each option."""

    choices: tuple[str, ...]

    @classmethod
    def of(cls, answers: Mapping[str, str]) -> Combination:
        """Check every key and value, since cookiecutter ignores unknown keys, and return it."""
        for option in OPTIONS.keys() ^ answers.keys():
            raise UnknownName(f"{option} is unknown or has no choice")
        for option, choice in answers.items():
            if choice not in OPTIONS[option]:
                raise UnknownName(f"{option} has no choice {choice!r}")
        return cls(tuple(answers[option] for option in OPTIONS))

    @property
    def answers(self) -> dict[str, str]:
        """The choices by option, as cookiecutter takes them."""
        return dict(zip(OPTIONS, self.choices, strict=True))

    @property
    def name(self) -> str:
        """The choices joined by hyphens, in the order of the prompts."""
        return "-".join(self.choices)

    def __getitem__(self, option: str) -> str:
        return self.answers[option]

    def __str__(self) -> str:
        return self.name


def every_combination() -> list[Combination]:
    """Return all combinations, in the order of the prompts."""
    return [Combination(choices) for choices in product(*OPTIONS.values())]


# The in-process projects, and each server at least once beside the other choices.
SEEDS = [
    *(
        Combination(("sqlite", flavor, "simple", "memory", versioning))
        for flavor, versioning in product(OPTIONS["api_flavor"], OPTIONS["versioning"])
    ),
    Combination(("postgresql", "restx", "redis", "redis", "header")),
    Combination(("mysql", "restful", "memcached", "memcached", "url")),
]


def covering(strength: int) -> list[Combination]:
    """Return a small subset that has each `strength` choices together at least once."""
    groups = {
        combination: frozenset(pick(combination.answers.items(), strength))
        for combination in every_combination()
    }

    def beginning_with(first: Combination) -> list[Combination]:
        chosen, missing = [first], set().union(*groups.values()) - groups[first]
        while missing:
            best = max(groups, key=lambda candidate: len(groups[candidate] & missing))
            chosen.append(best)
            missing -= groups[best]
        return chosen

    return min(map(beginning_with, groups), key=len)


def _holds(node: ast.expr, combination: Combination) -> bool:
    match node:
        case ast.BoolOp(op=operator, values=values):
            # All of them are looked at, so that a wrong name is found wherever it stands.
            held = [_holds(value, combination) for value in values]
            return all(held) if isinstance(operator, ast.And) else any(held)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _holds(operand, combination)
        case ast.Compare(
            left=ast.Name(id=option),
            ops=[ast.Eq() | ast.NotEq() as operator],
            comparators=[ast.Name(id=choice)],
        ):
            if option not in OPTIONS:
                raise UnknownName(f"no option {option!r}; there are: {', '.join(OPTIONS)}")
            if choice not in OPTIONS[option]:
                raise UnknownName(
                    f"{option} has no choice {choice!r}: {', '.join(OPTIONS[option])}"
                )
            return (combination[option] == choice) is isinstance(operator, ast.Eq)
    raise UnknownName(f"{ast.unparse(node)!r} is not of the form option=choice")


def matches(expression: str, combination: Combination) -> bool:
    """Tell whether `combination` satisfies, say, `database=mysql and not versioning=url`."""
    comparable = re.sub(r"(?<![!=])=(?!=)", "==", expression)
    try:
        tree = ast.parse(comparable.strip(), mode="eval")
    except SyntaxError as error:
        raise UnknownName(f"{expression!r} is not an expression: {error.msg}") from None
    return _holds(tree.body, combination)


def by_names(names: Iterable[str]) -> list[Combination]:
    """Return the combinations that are named, once each, or refuse the first name that is none."""
    known = {combination.name: combination for combination in every_combination()}
    chosen = dict.fromkeys(names)
    for name in chosen:
        if name not in known:
            raise UnknownName(f"no combination {name!r}; one is {next(iter(known))}")
    return [known[name] for name in chosen]
