"""The tree as it was and its reorganisation, through the service."""

from __future__ import annotations

import pytest

from services.chassis.errors import Invalid
from tests.component.records.surroundings import Campus, Faculty


def test_the_tree_is_read_as_it_was_on_a_day(campus: Campus, faculty: Faculty) -> None:
    root = campus.administrator
    elsewhere = campus.organisation("S2", "secondary", campus.root)
    moved = {"organisation": faculty.branch, "parent": elsewhere, "name": "新支部", "reason": "学院调整"}
    with pytest.raises(Invalid, match=r"effective_unfit"):
        campus.call(root, "change_organisation", effective_on="2026-09-11", **moved)
    for _ in range(2):
        campus.call(root, "change_organisation", "k1", effective_on="2026-07-01", **moved)
    campus.call(root, "change_organisation", organisation=faculty.branch, name="又改名")
    with pytest.raises(Invalid, match=r"effective_unfit") as refused:
        campus.call(root, "change_organisation", effective_on="2026-08-01", **moved)
    assert refused.value.params["accepted"] == "2026-09-10 … 2026-09-10"

    def tree(day: str, **more: str) -> dict[str, tuple[str, list[str]]]:
        found = campus.call(faculty.member, "list_organisations", on=day, **more)["items"]
        return {each["id"]: (each["name"], each["path"]) for each in found}

    assert faculty.branch not in tree("2019-02-28")
    old_path, new_path = [campus.root, faculty.faculty], [campus.root, elsewhere]
    for day, name, above in (
        ("2026-06-30", "组织 B1", old_path),
        ("2026-07-01", "新支部", new_path),
        ("2026-09-10", "又改名", new_path),
    ):
        assert tree(day)[faculty.branch] == (name, [*above, faculty.branch])
        assert tree(day)[faculty.group][1] == [*above, faculty.branch, faculty.group]
    assert set(tree("2026-06-30", within=faculty.faculty)) == {
        faculty.faculty,
        faculty.branch,
        faculty.neighbour,
        faculty.group,
    }
    first = campus.call(faculty.member, "list_editions", organisation=faculty.branch, limit=2)
    rest = campus.call(faculty.member, "list_editions", organisation=faculty.branch, cursor=first["next"])[
        "items"
    ]
    told = [(each["change"], each["since"], each["until"]) for each in [*first["items"], *rest]]
    assert told == [
        ("renamed", "2026-09-10", None),
        ("moved", "2026-07-01", "2026-09-09"),
        ("founded", "2019-03-01", "2026-06-30"),
    ]
    assert first["items"][1]["reason"] == "学院调整"
    assert campus.call(faculty.member, "list_editions", organisation=campus.root)["items"][0]["edition"] == 1
