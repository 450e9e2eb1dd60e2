"""Who handles what about preferences, addresses, delegations, templates and switches."""

from __future__ import annotations

from typing import Any

from services.chassis.rpc import rpc
from services.contracts import notify_addresses_rpc as addresses
from services.contracts import notify_settings_rpc as calls
from services.notify.application import Notify

Request = dict[str, Any]
Answer = dict[str, Any]


class SettingsTable:
    """Who handles what about preferences, addresses, delegations, templates and switches."""

    notify: Notify

    @rpc(request=calls.GetPreferences, response=calls.MyPreferences)
    def get_preferences(self, request: Request) -> Answer:
        return self.notify.preferences.get()

    @rpc(request=calls.SetPreferences, response=calls.MyPreferences)
    def set_preferences(self, request: Request) -> Answer:
        return self.notify.preferences.set(request)

    @rpc(request=addresses.GetAddresses, response=addresses.MyAddresses)
    def get_addresses(self, request: Request) -> Answer:
        return self.notify.address_book.get()

    @rpc(request=addresses.AskAddressCode, response=addresses.AddressCode)
    def ask_address_code(self, request: Request) -> Answer:
        return self.notify.address_book.ask_code(request)

    @rpc(request=addresses.SetAddress, response=addresses.MyAddresses)
    def set_address(self, request: Request) -> Answer:
        return self.notify.address_book.set(request)

    @rpc(request=addresses.RemoveAddress, response=addresses.MyAddresses)
    def remove_address(self, request: Request) -> Answer:
        return self.notify.address_book.remove(request)

    @rpc(request=calls.DelegateReminders, response=calls.Delegation)
    def delegate_reminders(self, request: Request) -> Answer:
        return self.notify.delegations.delegate_reminders(request)

    @rpc(request=calls.EndDelegation, response=calls.Delegation)
    def end_delegation(self, request: Request) -> Answer:
        return self.notify.delegations.end(request)

    @rpc(request=calls.ListDelegations, response=calls.DelegationPage)
    def list_delegations(self, request: Request) -> Answer:
        return self.notify.delegations.listed(request)

    @rpc(request=calls.SaveTemplate, response=calls.TemplateVersion)
    def save_template(self, request: Request) -> Answer:
        return self.notify.templates.save(request)

    @rpc(request=calls.ListTemplates, response=calls.TemplateVersions)
    def list_templates(self, request: Request) -> Answer:
        return self.notify.templates.versions(request)

    @rpc(request=calls.PreviewTemplate, response=calls.TemplatePreview)
    def preview_template(self, request: Request) -> Answer:
        return self.notify.previewing.preview(request)

    @rpc(request=calls.SwitchSending, response=calls.SendingSwitch)
    def pause_sending(self, request: Request) -> Answer:
        return self.notify.switches.pause(request)

    @rpc(request=calls.SwitchSending, response=calls.SendingSwitch)
    def resume_sending(self, request: Request) -> Answer:
        return self.notify.switches.resume(request)

    @rpc(request=calls.ListSwitches, response=calls.SendingSwitches)
    def list_switches(self, request: Request) -> Answer:
        return self.notify.switches.listed()
