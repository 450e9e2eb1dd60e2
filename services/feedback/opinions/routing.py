"""Who answers an opinion: routing by rules that are data. Pure rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.chassis.errors import Invalid

NAMED, ABOVE, SECONDARY, ROOT = "named", "above", "secondary", "root"
ANSWERED_BY = (NAMED, ABOVE, SECONDARY, ROOT)


@dataclass(frozen=True)
class Level:
    """One organisation on the way from the root down to the one named.

    ``can_answer``: somebody handles opinions there who holds no post in the organisation named.
    """

    organisation: str
    kind: str
    can_answer: bool = True


def responsible(path: Sequence[Level], *, answered_by: str = NAMED, about_head: bool = False) -> str:
    """The organisation that answers what is said of the last of ``path``.

    ``answered_by`` is the category's: the one named, the level above it, the secondary organisation it is
    part of, or the root. What speaks about a head goes to a level above that head in any case: the nearest
    one at or above the category's that can answer without anybody of the organisation concerned, else the
    root. Raises ``Invalid("opinion.no_level_above")`` at the root, above which nobody can answer.
    """
    last = len(path) - 1
    at = {NAMED: last, ABOVE: max(last - 1, 0), ROOT: 0, SECONDARY: _secondary(path)}[answered_by]
    if not about_head:
        return path[at].organisation
    if last == 0:
        raise Invalid.at("about_head", "opinion.no_level_above")
    upwards = range(min(at, last - 1), -1, -1)
    able = (path[each].organisation for each in upwards if path[each].can_answer)
    return next(able, path[0].organisation)


def may_go_to(target: str, path: Sequence[str], *, about_head: bool) -> bool:
    """Whether an opinion about the organisation at the end of ``path`` may be handed to ``target``.

    About a head it goes to a level above that head alone: neither to those below nor to their equals.
    """
    return not about_head or target in path[:-1]


def _secondary(path: Sequence[Level]) -> int:
    last = len(path) - 1
    return next((at for at in range(last, -1, -1) if path[at].kind == "secondary"), last)
