"""One verdict on many records: each is judged and written by itself, whatever becomes of the others."""

from __future__ import annotations

from typing import Any

from services.chassis.catalogue import Catalogue
from services.chassis.errors import Refusal, Unavailable
from services.records.activities.register import Register

Answer = dict[str, Any]


class Reviews:
    """Repeated with its key, what was done is answered the same and what was refused is tried again."""

    def __init__(self, register: Register, catalogue: Catalogue) -> None:
        self._register = register
        self._catalogue = catalogue

    def many(self, request: Answer) -> Answer:
        """What became of each record, in the order in which they were named."""
        return {"items": [self._one(each, request) for each in dict.fromkeys(request["activities"])]}

    def _one(self, activity: str, request: Answer) -> Answer:
        asked = {
            "activity": activity,
            "verdict": request["verdict"],
            "comment": request["comment"],
            "expected_version": None,
        }
        try:
            reviewed = self._register.review(asked)
        except Unavailable:
            raise
        except Refusal as refused:
            text = self._catalogue.render(refused.code, refused.params)
            return {"activity": activity, "done": False, "state": None, "code": refused.code, "text": text}
        return {
            "activity": activity,
            "done": True,
            "state": reviewed["state"],
            "code": None,
            "text": None,
        }
