"""Ways to ask for every list of evaluation, and what each may cost: a list that is new has its row here."""

from __future__ import annotations

from collections.abc import Mapping

from tests.store_calls import Ask

PAGE = 20
ROOT, FACULTY, BRANCH = "root", "faculty", "branch"
DEAN, SECRETARY, MEMBER, ADMINISTRATOR = "dean", "secretary", "member", "administrator"
YEAR = 2026

_AT = {"organisation": BRANCH}
_BELOW = {"organisation": FACULTY}
# Whoever asks reads their own branch as a member as well.
_BELONGS = {"authority_members": 1}

ASKS: Mapping[str, tuple[Ask, ...]] = {
    # One organisation after another, which here owe little: some of them, then twice as many, fill a page.
    "list_obligations": (
        Ask("obligations", besides=_BELONGS, parts=3, following=2),
        Ask("obligations", actor=ADMINISTRATOR, besides=_BELONGS, parts=3, following=2),
        Ask("obligations", {"state": "open"}, actor=ADMINISTRATOR, besides=_BELONGS, parts=3, following=2),
        Ask("obligations", _BELOW, besides=_BELONGS, parts=3, following=2),
        Ask("obligations", {**_BELOW, "state": "open", "year": YEAR}, besides=_BELONGS, parts=3, following=2),
        Ask("obligations", {"mine": True}, actor=DEAN, besides=_BELONGS, paged=False),
    ),
    # All is at the first of the organisations: a page that follows asks the others too, 1, 2, 4 … at a time.
    "list_personal_obligations": (
        Ask("personal_obligations", following=8),
        Ask("personal_obligations", {"person": MEMBER}, actor=MEMBER),
        Ask("personal_obligations", {**_BELOW, "state": "open", "rule": "dues"}, following=8),
    ),
    "list_exemptions": (Ask("exemptions", _AT), Ask("exemptions", {**_BELOW, "state": "asked"})),
    "list_anomalies": (
        Ask("anomalies"),
        Ask("anomalies", {"state": "raised"}),
        Ask("anomalies", {"state": "raised", "rule": "silent"}, actor=SECRETARY),
        Ask("anomalies", actor=ADMINISTRATOR),
        Ask("anomalies", {"state": "raised"}, actor=ADMINISTRATOR),
        Ask("anomalies", {"rule": "silent"}, actor=ADMINISTRATOR),
        Ask("anomalies", {"state": "raised", "rule": "silent"}, actor=ADMINISTRATOR),
    ),
    "list_assessments": (Ask("assessments", {**_AT, "year": YEAR}),),
    "list_policies": (Ask("", paged=False),),
    "list_differences": (
        Ask("policy_trials", {"draft": "d"}, actor=ADMINISTRATOR, besides={"policy_drafts": 1}),
    ),
    # As many organisations as a page holds, then twice as many, since one of the first has no score.
    "list_scores": (
        Ask("standings", besides=_BELONGS, parts=2),
        Ask("standings", actor=ADMINISTRATOR, besides=_BELONGS, parts=2),
        Ask("standings", {"organisation": ROOT}, actor=ADMINISTRATOR, besides=_BELONGS, parts=2),
        Ask("standings", _BELOW, besides=_BELONGS, parts=2),
    ),
    "list_ratings": (Ask("ratings", {"year": YEAR}),),
    "list_rating_entries": (Ask("rating_entries", {"rating": "r-0"}, besides={"ratings": 1}),),
    "list_appeals": (Ask("appeals", {"rating": "r-0"}, besides={"ratings": 1}),),
    "public_ratings": (Ask("rating_entries", {"year": YEAR}),),
}
