"""The combinations of answers: all of them, a covering subset, a selection by expression."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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
class Choice:
    """What tests/choices.toml says of a choice; the head of that file explains the keys."""

    words: Sequence[str]
    files: Sequence[str] = ()
    server: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    unimported: Sequence[str] = ()


CHOICES = {
    (option, choice): Choice(**row)
    for option, rows in tomllib.loads((KIT / "tests" / "choices.toml").read_text("utf-8")).items()
    for choice, row in rows.items()
}


@dataclass(frozen=True)
class Combination:
    """One choice for each option."""

    choices: tuple[str, ...]

    @classmethod
    def of(cls, **answers: str) -> Combination:
        """Return the combination with these answers, and the default for every other prompt.

        Raises UnknownName for an option or choice that the kit lacks; cookiecutter ignores both.
        """
        for option, choice in answers.items():
            check_choice(option, choice)
        return cls(tuple(answers.get(option, choices[0]) for option, choices in OPTIONS.items()))

    @property
    def answers(self) -> dict[str, str]:
        """The choices by option, as cookiecutter takes them."""
        return dict(zip(OPTIONS, self.choices, strict=True))

    @property
    def facts(self) -> list[Choice]:
        """What tests/choices.toml says of each choice."""
        return [CHOICES[answer] for answer in self.answers.items()]

    @property
    def name(self) -> str:
        """The choices joined by hyphens, in the order of the prompts."""
        return "-".join(self.choices)

    def __getitem__(self, option: str) -> str:
        return self.answers[option]

    def __str__(self) -> str:
        return self.name


def check_choice(option: str, choice: str) -> None:
    """Refuse an option or a choice that the kit lacks, and say what it has."""
    if option not in OPTIONS:
        raise UnknownName(f"no option {option!r}; there are: {', '.join(OPTIONS)}")
    if choice not in OPTIONS[option]:
        raise UnknownName(f"{option} has no choice {choice!r}: {', '.join(OPTIONS[option])}")


def every_combination() -> list[Combination]:
    """Return all combinations, in the order of the prompts."""
    return [Combination(choices) for choices in product(*OPTIONS.values())]


# Both flavors with both ways to choose a version; they need no server.
IN_PROCESS = [
    Combination.of(api_flavor=flavor, versioning=versioning)
    for flavor, versioning in product(OPTIONS["api_flavor"], OPTIONS["versioning"])
]
# And each server at least once.
SEEDS = [
    *IN_PROCESS,
    Combination.of(
        database="postgresql",
        cache_backend="redis",
        limiter_backend="redis",
        versioning="header",
    ),
    Combination.of(
        database="mysql",
        api_flavor="restful",
        cache_backend="memcached",
        limiter_backend="memcached",
    ),
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
            check_choice(option, choice)
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
