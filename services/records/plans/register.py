"""Plans put together: every part on one board."""

from __future__ import annotations

from datetime import date
from functools import partial

from services.chassis.application import Application
from services.chassis.files.kept import Files
from services.chassis.policies import Pack
from services.records.access import Access
from services.records.activities.reading import ActivityReading
from services.records.directory.store import Directory
from services.records.plans import model as rules
from services.records.plans.annual import AnnualPlans
from services.records.plans.board import Board
from services.records.plans.lists import Lists
from services.records.plans.measured import Measured
from services.records.plans.sources import Sources
from services.records.plans.tasks import Tasks
from services.records.plans.templates import Templates
from services.records.plans.urging import Urging

_AT_ONCE = 200


class Plans:
    """What an organisation means to do in a year, what it has to do, and how far it is."""

    def __init__(
        self,
        application: Application,
        directory: Directory,
        access: Access,
        activities: ActivityReading,
        files: Files,
        packs: list[Pack],
    ) -> None:
        self.board = Board(application, directory, access, activities, files)
        self.annual = AnnualPlans(self.board)
        self.tasks = Tasks(self.board)
        self.lists = Lists(self.board)
        self.templates = Templates(self.board, application.jobs)
        self.urging = Urging(self.board, application.vault, packs)
        self.sources = Sources(activities, self.board.tasks, application.clock)
        self.measured = Measured(self.board.tasks, application.clock, application.catalogue)

    def turn_the_day(self, today: date) -> None:
        """Tell of every open task whose due date has passed, once for each due date that it had."""
        tasks = self.board.tasks
        passed = {"state": "open", "told_overdue": False, "due_on": {"$lt": today.isoformat()}}
        while found := tasks.find(passed, sort=[("due_on", 1)], limit=_AT_ONCE):
            for each in found:
                tasks.change(each.id, partial(rules.tell_overdue, each.id, today=today))
