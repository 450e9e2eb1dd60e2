"""The people of the tour, as their clients: each with a session of their own."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import requests

_SECONDS = 20.0


class Surprise(Exception):
    """Something is not as the tour says it is; its text is one sentence."""


def expected(holds: object, sentence: str) -> None:
    """Raise ``Surprise`` with ``sentence`` unless it holds."""
    if not holds:
        raise Surprise(sentence)


class Client:
    """Somebody who uses the public HTTP API; nobody in particular without a number."""

    def __init__(self, gateway: str, number: str | None = None) -> None:
        self._api = f"{gateway}/api/v1"
        self._http = requests.Session()
        if number is not None:
            token = self.send("POST", "/sessions/demo", {"number": number}, status=201)["token"]
            self._http.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str) -> dict[str, Any]:
        """The answer to a question that is expected to be answered."""
        return self.send("GET", path, None)

    def send(self, method: str, path: str, body: Any, *, status: int = 200) -> dict[str, Any]:
        """The answer, which must have ``status``; raises ``Surprise`` with what was told instead."""
        response = self._http.request(method, self._api + path, json=body, timeout=_SECONDS)
        try:
            answer: dict[str, Any] = response.json()
        except ValueError:
            raise Surprise(f"{method} {path} answered {response.status_code} without JSON") from None
        if response.status_code != status:
            told = {key: answer.get(key) for key in ("code", "detail", "fields") if answer.get(key)}
            raise Surprise(f"{method} {path} answered {response.status_code} instead of {status}: {told}")
        return answer


class Cast:
    """Whom the tour needs: a branch of its own with its people, and the secretary of the level above."""

    def __init__(self, gateway: str, administrator: str) -> None:
        self._gateway = gateway
        self._mark = f"{time.time_ns() // 1_000_000 % 10_000_000:07d}"
        self.administrator = Client(gateway, administrator)

    def since(self) -> date:
        """The first day of the month three months ago: long enough to owe something."""
        return _months_before(date.fromisoformat(self.today()), 3)

    def branch(self, parent: str) -> dict[str, Any]:
        """A new branch below ``parent``, without a committee."""
        body = {"code": f"TOUR{self._mark}", "name": f"导览党支部{self._mark}", "kind": "branch"}
        body |= {"parent": parent, "founded_on": self.since().isoformat()}
        return self.administrator.send("POST", "/organisations", body, status=201)

    def today(self) -> str:
        today: str = self.administrator.get("/me/duties")["today"]
        return today

    def level_above(self) -> tuple[dict[str, Any], Client]:
        """A secondary organisation and its secretary; one is founded where there is none."""
        found = self.administrator.get("/organisations?kind=secondary&limit=1")["items"]
        college = found[0] if found else self._found_college()
        posts = self.administrator.get(f"/posts?organisation={college['id']}&active=true")["items"]
        held = [each["person"] for each in posts if each["role"] == "secretary"]
        if held:
            head = self.administrator.get(f"/people/{held[0]}")
        else:
            head = self.person(college["id"], 9)
            self.make_secretary(head["id"], college["id"])
        return college, self.signed_in(head)

    def _found_college(self) -> dict[str, Any]:
        root = self.administrator.get("/organisations?kind=university_committee&limit=1")["items"][0]
        body = {
            "code": f"TOURC{self._mark}",
            "name": "导览学院党委",
            "kind": "secondary",
            "parent": root["id"],
        }
        return self.administrator.send(
            "POST", "/organisations", {**body, "founded_on": "2020-01-01"}, status=201
        )

    def person(self, organisation: str, number: int) -> dict[str, Any]:
        """A new member with a telephone number that nobody has."""
        phone = f"160{number}{self._mark}"
        body = {
            "number": f"T{self._mark}{number}",
            "name": f"导览{'甲乙丙丁戊己庚辛壬癸'[number % 10]}",
            "political_status": "member",
            "organisation": organisation,
            "phone": phone,
        }
        return {**self.administrator.send("POST", "/people", body, status=201), "phone": phone}

    def make_secretary(self, person: str, organisation: str) -> None:
        since = self.since().isoformat()
        body = {"person": person, "organisation": organisation, "role": "secretary", "since": since}
        self.administrator.send("POST", "/posts", body, status=201)

    def signed_in(self, person: dict[str, Any]) -> Client:
        return Client(self._gateway, person["number"])


def _months_before(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)
