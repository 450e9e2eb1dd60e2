"""Where much is kept back from somebody, a page is still found by few questions."""

from __future__ import annotations

from services.chassis.documents import Document
from services.feedback.opinions.reading import Visible


class Line:
    """Documents in a row, and how often they were asked for."""

    def __init__(self, documents: list[Document]) -> None:
        self._documents, self.asked = documents, 0

    def find(self, filter, *, sort, limit, skip):  # noqa: A002 - pymongo's name
        self.asked += 1
        return self._documents[skip : skip + limit]


class NoPosts:
    def posts_at(self, person: str) -> list[str]:
        return []


def test_a_small_page_behind_much_that_is_hidden_asks_few_times():
    hidden = [Document(f"{at}", 1, {"organisation": "elsewhere"}) for at in range(1_000)]
    seen = [Document(f"seen-{at}", 1, {"organisation": "branch"}) for at in range(3)]
    line = Line([seen[0], *hidden, *seen[1:]])
    found = Visible(line, NoPosts(), "somebody", ["branch"]).find({}, sort=[], limit=2)
    assert found == seen[:2]
    assert line.asked <= 7
