"""Dues put together: every part on one office."""

from __future__ import annotations

from services.chassis.application import Application
from services.chassis.files.jobs import FileJobs
from services.chassis.policies import Pack
from services.records.access import Access
from services.records.directory.store import Directory
from services.records.dues.accounts import Accounts
from services.records.dues.base_import import BaseImport
from services.records.dues.bases import Bases
from services.records.dues.billing import Billing
from services.records.dues.deferrals import Deferrals
from services.records.dues.office import Office
from services.records.dues.payments import Payments
from services.records.dues.prompts import Prompts
from services.records.dues.reliefs import Reliefs
from services.records.dues.spending import Spending
from services.records.dues.statements import Statements


class Dues:
    """What is owed, what came in, what was waived, and what it was spent on."""

    def __init__(
        self,
        application: Application,
        directory: Directory,
        access: Access,
        packs: list[Pack],
        files: FileJobs,
    ) -> None:
        self.office = Office(application, directory, access, packs)
        self.bases = Bases(self.office)
        self.payments = Payments(self.office)
        self.billing = Billing(application, self.office, self.bases, self.payments)
        self.base_import = BaseImport(application, self.office, self.bases, files)
        self.statements = Statements(application, self.office, files)
        self.prompts = Prompts(application, self.office, self.billing)
        self.reliefs = Reliefs(self.office)
        self.deferrals = Deferrals(self.office)
        self.spending = Spending(self.office)
        self.accounts = Accounts(self.office)
