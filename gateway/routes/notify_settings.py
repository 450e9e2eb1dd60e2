"""Addresses of how notices are sent: preferences, own addresses, delegations, templates, switches."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts import notify_addresses_rpc as addresses
from services.contracts import notify_settings_rpc as rpc

_OF_THEMSELVES = "anybody signed in, of themselves"
_ADMINISTRATOR = "administrator of the root organisation"

ROUTES = (
    Route(
        "GET",
        "/api/v1/me/preferences",
        "How the caller wants to be reached, and what they agree to",
        "messages",
        call=Call("notify.get_preferences", rpc.GetPreferences, rpc.MyPreferences),
        permission=_OF_THEMSELVES,
    ),
    Route(
        "PUT",
        "/api/v1/me/preferences",
        "Choose how to be reached, and agree to notices that may be refused",
        "messages",
        call=Call("notify.set_preferences", rpc.SetPreferences, rpc.MyPreferences),
        expects="expected_version",
        permission=_OF_THEMSELVES,
    ),
    Route(
        "GET",
        "/api/v1/me/addresses",
        "Where the caller is reached other than by SMS",
        "messages",
        call=Call("notify.get_addresses", addresses.GetAddresses, addresses.MyAddresses),
        permission=_OF_THEMSELVES,
    ),
    Route(
        "POST",
        "/api/v1/me/addresses/{channel}/code",
        "Send a code to an address that the caller wants to enter",
        "messages",
        # The provider is called meanwhile.
        call=Call("notify.ask_address_code", addresses.AskAddressCode, addresses.AddressCode, seconds=25.0),
        status=202,
        permission=_OF_THEMSELVES,
    ),
    Route(
        "PUT",
        "/api/v1/me/addresses/{channel}",
        "Enter an address, by the code that was sent to it",
        "messages",
        call=Call("notify.set_address", addresses.SetAddress, addresses.MyAddresses),
        permission=_OF_THEMSELVES,
    ),
    Route(
        "DELETE",
        "/api/v1/me/addresses/{channel}",
        "Remove an address",
        "messages",
        call=Call("notify.remove_address", addresses.RemoveAddress, addresses.MyAddresses),
        permission=_OF_THEMSELVES,
    ),
    Route(
        "POST",
        "/api/v1/delegations",
        "Let somebody answer reminders in the place of a head for some days",
        "messages",
        call=Call("notify.delegate_reminders", rpc.DelegateReminders, rpc.Delegation),
        status=201,
        permission="the head themselves, or a post of writing strictly above",
    ),
    Route(
        "GET",
        "/api/v1/delegations",
        "Delegations of an organisation, the last to end first",
        "messages",
        call=Call("notify.list_delegations", rpc.ListDelegations, rpc.DelegationPage),
        permission="post at the organisation or above",
    ),
    Route(
        "POST",
        "/api/v1/delegations/{delegation}/end",
        "End a delegation today",
        "messages",
        call=Call("notify.end_delegation", rpc.EndDelegation, rpc.Delegation),
        permission="the two concerned, or a post of writing strictly above",
    ),
    Route(
        "POST",
        "/api/v1/message-templates",
        "Save the next version of a template",
        "messages",
        call=Call("notify.save_template", rpc.SaveTemplate, rpc.TemplateVersion),
        status=201,
        permission=_ADMINISTRATOR,
    ),
    Route(
        "GET",
        "/api/v1/message-templates",
        "Templates in their newest version, or all versions of one",
        "messages",
        call=Call("notify.list_templates", rpc.ListTemplates, rpc.TemplateVersions),
        permission=_ADMINISTRATOR,
    ),
    Route(
        "POST",
        "/api/v1/message-templates/preview",
        "What a template would say, and how long that is as an SMS",
        "messages",
        call=Call("notify.preview_template", rpc.PreviewTemplate, rpc.TemplatePreview),
        permission=f"{_ADMINISTRATOR}; of an obligation that they may see",
    ),
    Route(
        "GET",
        "/api/v1/sending",
        "What is paused",
        "messages",
        call=Call("notify.list_switches", rpc.ListSwitches, rpc.SendingSwitches),
        permission=_ADMINISTRATOR,
    ),
    Route(
        "POST",
        "/api/v1/sending/pause",
        "Send nothing of one kind, or nothing at all",
        "messages",
        call=Call("notify.pause_sending", rpc.SwitchSending, rpc.SendingSwitch),
        permission=_ADMINISTRATOR,
    ),
    Route(
        "POST",
        "/api/v1/sending/resume",
        "Send again",
        "messages",
        call=Call("notify.resume_sending", rpc.SwitchSending, rpc.SendingSwitch),
        permission=_ADMINISTRATOR,
    ),
)
