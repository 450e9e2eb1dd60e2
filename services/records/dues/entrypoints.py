"""Who handles what about dues."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.chassis.rpc import rpc
from services.chassis.scheduled import scheduled
from services.contracts.records_rpc import dues as calls
from services.contracts.records_rpc import dues_accounts as accounts
from services.contracts.records_rpc import dues_approvals as approvals
from services.contracts.records_rpc import dues_files as files
from services.contracts.records_rpc import dues_payments as payments
from services.contracts.records_rpc.imports import StartedJob
from services.records.application import Records

Request = dict[str, Any]
Answer = dict[str, Any]


class DuesTable:
    """Who handles what about dues."""

    records: Records

    @rpc(request=calls.SetDuesBase, response=calls.DuesBase)
    def set_dues_base(self, request: Request) -> Answer:
        return self.records.dues.bases.set(request)

    @rpc(request=calls.GetDuesBase, response=calls.DuesBase)
    def get_dues_base(self, request: Request) -> Answer:
        return self.records.dues.bases.get(request)

    @rpc(request=calls.RevealDuesBase, response=calls.DuesBase)
    def reveal_dues_base(self, request: Request) -> Answer:
        return self.records.dues.bases.reveal(request)

    @rpc(request=files.ImportDuesBases, response=StartedJob)
    def import_dues_bases(self, request: Request) -> Answer:
        return self.records.dues.base_import.start(request)

    @rpc(request=files.ReconcileDuesFile, response=StartedJob)
    def reconcile_dues_file(self, request: Request) -> Answer:
        return self.records.dues.statements.start(request)

    @rpc(request=files.GetDuesReconciliation, response=files.DuesReconciliation)
    def get_dues_reconciliation(self, request: Request) -> Answer:
        return self.records.dues.statements.get(request["reconciliation"])

    @rpc(request=files.ListDuesReconciliation, response=files.DuesReconciliationLines)
    def list_dues_reconciliation(self, request: Request) -> Answer:
        return self.records.dues.statements.listed(request)

    @rpc(request=calls.BillDues, response=StartedJob)
    def bill_dues(self, request: Request) -> Answer:
        return self.records.dues.billing.start(request)

    @rpc(request=calls.GetDuesBill, response=calls.DuesBill)
    def get_dues_bill(self, request: Request) -> Answer:
        return self.records.dues.billing.get(request["bill"])

    @rpc(request=calls.ListDuesBills, response=calls.DuesBills)
    def list_dues_bills(self, request: Request) -> Answer:
        return self.records.dues.billing.listed(request)

    @rpc(request=calls.ListDuesArrears, response=calls.DuesArrearsList)
    def list_dues_arrears(self, request: Request) -> Answer:
        return self.records.dues.billing.arrears(request["organisation"])

    @scheduled("01:30", name="records.dues_billing")
    def bill_the_month(self, today: date) -> None:
        self.records.dues.billing.turn(today)

    @scheduled("06:30", name="records.dues_prompts")
    def prompt_of_arrears(self, today: date) -> None:
        self.records.dues.prompts.turn(today)

    @rpc(request=calls.ListDuesPrompts, response=calls.DuesPrompts)
    def list_dues_prompts(self, request: Request) -> Answer:
        return self.records.dues.prompts.listed(request)

    @rpc(request=payments.EnterDuesPayment, response=payments.DuesPayment)
    def enter_dues_payment(self, request: Request) -> Answer:
        return self.records.dues.payments.enter(request)

    @rpc(request=payments.ReverseDuesPayment, response=payments.DuesPayment)
    def reverse_dues_payment(self, request: Request) -> Answer:
        return self.records.dues.payments.reverse(request)

    @rpc(request=payments.GetDuesPayment, response=payments.DuesPayment)
    def get_dues_payment(self, request: Request) -> Answer:
        return self.records.dues.payments.get(request["payment"])

    @rpc(request=payments.ListDuesPayments, response=payments.DuesPayments)
    def list_dues_payments(self, request: Request) -> Answer:
        return self.records.dues.payments.listed(request)

    @rpc(request=payments.ReconcileDues, response=payments.Reconciliation)
    def reconcile_dues(self, request: Request) -> Answer:
        return self.records.dues.statements.compare(request)

    @rpc(request=approvals.AskDuesRelief, response=approvals.DuesRelief)
    def ask_dues_relief(self, request: Request) -> Answer:
        return self.records.dues.reliefs.ask(request)

    @rpc(request=approvals.DecideDuesRelief, response=approvals.DuesRelief)
    def decide_dues_relief(self, request: Request) -> Answer:
        return self.records.dues.reliefs.decide(request)

    @rpc(request=approvals.GetDuesRelief, response=approvals.DuesRelief)
    def get_dues_relief(self, request: Request) -> Answer:
        return self.records.dues.reliefs.get(request["relief"])

    @rpc(request=approvals.ListDuesReliefs, response=approvals.DuesReliefs)
    def list_dues_reliefs(self, request: Request) -> Answer:
        return self.records.dues.reliefs.listed(request)

    @rpc(request=approvals.AskDuesDeferral, response=approvals.DuesDeferral)
    def ask_dues_deferral(self, request: Request) -> Answer:
        return self.records.dues.deferrals.ask(request)

    @rpc(request=approvals.DecideDuesDeferral, response=approvals.DuesDeferral)
    def decide_dues_deferral(self, request: Request) -> Answer:
        return self.records.dues.deferrals.decide(request)

    @rpc(request=approvals.GetDuesDeferral, response=approvals.DuesDeferral)
    def get_dues_deferral(self, request: Request) -> Answer:
        return self.records.dues.deferrals.get(request["deferral"])

    @rpc(request=approvals.ListDuesDeferrals, response=approvals.DuesDeferrals)
    def list_dues_deferrals(self, request: Request) -> Answer:
        return self.records.dues.deferrals.listed(request)

    @rpc(request=approvals.AskDuesExpenditure, response=approvals.DuesExpenditure)
    def ask_dues_expenditure(self, request: Request) -> Answer:
        return self.records.dues.spending.ask(request)

    @rpc(request=approvals.DecideDuesExpenditure, response=approvals.DuesExpenditure)
    def decide_dues_expenditure(self, request: Request) -> Answer:
        return self.records.dues.spending.decide(request)

    @rpc(request=approvals.PayDuesExpenditure, response=approvals.DuesExpenditure)
    def pay_dues_expenditure(self, request: Request) -> Answer:
        return self.records.dues.spending.pay(request)

    @rpc(request=approvals.ReverseDuesExpenditure, response=approvals.DuesExpenditure)
    def reverse_dues_expenditure(self, request: Request) -> Answer:
        return self.records.dues.spending.reverse(request)

    @rpc(request=approvals.GetDuesExpenditure, response=approvals.DuesExpenditure)
    def get_dues_expenditure(self, request: Request) -> Answer:
        return self.records.dues.spending.get(request["expenditure"])

    @rpc(request=approvals.ListDuesExpenditures, response=approvals.DuesExpenditures)
    def list_dues_expenditures(self, request: Request) -> Answer:
        return self.records.dues.spending.listed(request)

    @rpc(request=accounts.GetDuesAccounts, response=accounts.DuesAccounts)
    def get_dues_accounts(self, request: Request) -> Answer:
        return self.records.dues.accounts.get(request)

    @rpc(request=accounts.PublishDuesAccounts, response=accounts.DuesAccounts)
    def publish_dues_accounts(self, request: Request) -> Answer:
        return self.records.dues.accounts.publish(request)
