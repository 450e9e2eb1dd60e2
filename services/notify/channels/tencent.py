"""Tencent Cloud SMS by its official SDK: at most 200 numbers a call, and never the same call twice.

The SDK is an optional extra (``jishi[tencent]``). It speaks through requests, which waits cooperatively.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import eventlet
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sms.v20210111 import models
from tencentcloud.sms.v20210111.sms_client import SmsClient

from services.chassis.logs import silence
from services.notify.channels.http import Late, unanswered
from services.notify.channels.model import (
    LACKS_TEMPLATE,
    Accepted,
    Answer,
    CannotTell,
    Enquiry,
    Finding,
    Found,
    Letter,
    NoAnswer,
    NotReceived,
    Refused,
)

MOST_PER_CALL = 200
MOST_LISTED = 100
_OUTCOMES = {"SUCCESS": "delivered", "FAIL": "failed"}
# https://cloud.tencent.com/document/product/382/59177
_REFUSED = (
    "InvalidParameterValue.IncorrectPhoneNumber",
    "FailedOperation.PhoneNumberInBlacklist",
    "UnsupportedOperation.",
)
_NOT_CALLED = ("ClientParamsError", "ClientError", "InvalidCredential")
_UNCLEAR = NoAnswer("provider_failed", over=True)
silence("tencentcloud_sdk_common")


class TencentChannel:
    """One Tencent application and signature; ``template_id`` is its id for our key of a template."""

    most_per_call = MOST_PER_CALL
    can_be_asked = True
    polls = True
    one_text_per_call = True

    def __init__(
        self,
        *,
        key_id: str,
        secret: str,
        application: str,
        signature: str,
        template_id: Callable[[str], str | None],
        timeout: float,
        region: str = "ap-guangzhou",
        endpoint: str = "sms.tencentcloudapi.com",
        protocol: str = "https",
    ) -> None:
        http = HttpProfile(endpoint=endpoint, protocol=protocol, reqTimeout=max(int(timeout), 1))
        # No retryer and no other region: a second call is a second message.
        profile = ClientProfile(httpProfile=http, disable_region_breaker=True)
        self._client = SmsClient(Credential(key_id, secret), region, profile)
        self._application = application
        self._signature = signature
        self._template_id = template_id
        self._timeout = timeout

    def send(self, call: str, letters: Sequence[Letter]) -> list[Answer]:
        """Ask for all ``letters``, which say the same; an answer for each."""
        first = letters[0]
        template = self._template_id(first.template)
        if template is None:
            return [NotReceived(LACKS_TEMPLATE)] * len(letters)
        wanted = models.SendSmsRequest()
        wanted.PhoneNumberSet = [_international(each.address) for each in letters]
        wanted.SmsSdkAppId = self._application
        wanted.SignName = self._signature
        wanted.TemplateId = template
        wanted.TemplateParamSet = list(first.variables.values())
        wanted.SessionContext = call
        try:
            with eventlet.Timeout(self._timeout, Late):
                listed = self._client.SendSms(wanted).SendStatusSet or []
        except (TencentCloudSDKException, OSError, Late) as failed:
            return [_failure(failed)] * len(letters)
        told = {each.PhoneNumber: each for each in listed}
        answers: list[Answer] = []
        for each in letters:
            one = told.get(_international(each.address))
            answers.append(_meaning(one.Code, one.SerialNo) if one else _UNCLEAR)
        return answers

    def find(self, enquiry: Enquiry) -> Finding:
        """What Tencent knows of one message.

        It lists what carriers have reported, so that a message that is not there may still be on its way:
        it never says that it has none.
        """
        wanted = models.PullSmsSendStatusByPhoneNumberRequest()
        wanted.PhoneNumber = _international(enquiry.address)
        wanted.SmsSdkAppId = self._application
        wanted.BeginTime = int(enquiry.since.timestamp()) - 60
        wanted.Offset = 0
        wanted.Limit = MOST_LISTED
        try:
            with eventlet.Timeout(self._timeout, Late):
                listed = self._client.PullSmsSendStatusByPhoneNumber(wanted).PullSmsSendStatusSet or []
        except (TencentCloudSDKException, OSError, Late):
            return CannotTell()
        for each in listed:
            ours = each.SessionContext == enquiry.call or (
                enquiry.provider_id is not None and each.SerialNo == enquiry.provider_id
            )
            if ours:
                return Found(each.SerialNo, _OUTCOMES.get(each.ReportStatus))
        return CannotTell()


def _international(number: str) -> str:
    return number if number.startswith("+") else f"+86{number}"


def _failure(failed: BaseException) -> Answer:
    if not isinstance(failed, TencentCloudSDKException):
        return unanswered(failed)
    if failed.requestId:
        return _meaning(failed.code, None)
    # None of Tencent's codes: the SDK calls by one whatever it met, be it that no time was left for an answer
    # or that what came was none.
    if failed.code in _NOT_CALLED:
        return NotReceived("provider_refuses_us")
    return _UNCLEAR if failed.code == "ServerNetworkError" else unanswered(failed)


def _meaning(code: str | None, serial: str | None) -> Answer:
    if not code:
        return _UNCLEAR
    if code.lower() == "ok":
        return Accepted(serial)
    if code.startswith(_REFUSED):
        return Refused("refused")
    if code.startswith(("LimitExceeded", "RequestLimitExceeded")):
        return NotReceived("provider_busy")
    if code.startswith(("InternalError", "FailedOperation.FailResolvePacket")):
        return _UNCLEAR
    return NotReceived("provider_refuses_us")
