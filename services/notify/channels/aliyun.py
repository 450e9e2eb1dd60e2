"""Aliyun SMS by its official SDK: at most 1000 numbers a call, and never the same call twice.

The SDK is an optional extra (``jishi[aliyun]``). It speaks through requests, which waits cooperatively.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import eventlet
from alibabacloud_dysmsapi20170525 import models
from alibabacloud_dysmsapi20170525.client import Client
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.runtime import RuntimeOptions
from Tea.exceptions import TeaException

from services.chassis.logs import silence
from services.notify.channels.http import Late, unanswered
from services.notify.channels.model import (
    LACKS_TEMPLATE,
    Absent,
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

MOST_PER_CALL = 1000
MOST_PAGES = 5
PER_PAGE = 50
_CHINA = ZoneInfo("Asia/Shanghai")  # the provider's days
_OUTCOMES = {2: "failed", 3: "delivered"}
# https://help.aliyun.com/document_detail/101346.html
_REFUSED = {"isv.MOBILE_NUMBER_ILLEGAL", "isv.BLACK_KEY_CONTROL_LIMIT", "isv.MOBILE_COUNT_OVER_LIMIT"}
_BUSY = {"isv.BUSINESS_LIMIT_CONTROL", "isv.DAY_LIMIT_CONTROL"}
_FAILED = {"isp.SYSTEM_ERROR", "isp.GATEWAY_ERROR", "isp.UNKNOWN_ERR_CODE"}
_UNCLEAR = NoAnswer("provider_failed")  # not over: what stands behind may list the message only later
# The last three are met by the SDK, or behind it, in an answer that is none of Aliyun's.
_FAILURES = (TeaException, OSError, Late, AttributeError, TypeError, ValueError)
silence("alibabacloud-tea", "darabonba-core", "credentials")


class AliyunChannel:
    """One Aliyun account and signature; ``template_id`` is its code for our key of a template.

    ``unreported``: its reports are not taken, so that it is polled.
    """

    most_per_call = MOST_PER_CALL
    can_be_asked = True
    one_text_per_call = True

    def __init__(
        self,
        *,
        key_id: str,
        secret: str,
        signature: str,
        template_id: Callable[[str], str | None],
        timeout: float,
        endpoint: str = "dysmsapi.aliyuncs.com",
        protocol: str = "https",
        unreported: bool = False,
    ) -> None:
        config = Config(access_key_id=key_id, access_key_secret=secret, endpoint=endpoint, protocol=protocol)
        self._client = Client(config)
        self._signature = signature
        self._template_id = template_id
        self._timeout = timeout
        self.polls = unreported
        patience = int(timeout * 1000)
        # No retry of the SDK's own: a second call is a second message.
        self._runtime = RuntimeOptions(
            autoretry=False, max_attempts=1, connect_timeout=patience, read_timeout=patience
        )

    def send(self, call: str, letters: Sequence[Letter]) -> list[Answer]:
        """Ask for all ``letters``, which say the same; an answer for each."""
        first = letters[0]
        template = self._template_id(first.template)
        if template is None:
            return [NotReceived(LACKS_TEMPLATE)] * len(letters)
        wanted = models.SendSmsRequest(
            phone_numbers=",".join(each.address for each in letters),
            sign_name=self._signature,
            template_code=template,
            template_param=json.dumps(dict(first.variables), ensure_ascii=False),
            out_id=call,
        )
        try:
            with eventlet.Timeout(self._timeout, Late):
                answer = self._client.send_sms_with_options(wanted, self._runtime).body
                meaning = _meaning(answer.code, answer.biz_id)
        except _FAILURES as failed:
            meaning = _failure(failed)
        return [meaning] * len(letters)

    def find(self, enquiry: Enquiry) -> Finding:
        """What Aliyun knows of one message: by its number and day, then by our reference."""
        try:
            with eventlet.Timeout(self._timeout, Late):
                return self._find(enquiry)
        except _FAILURES:
            return CannotTell()

    def _find(self, enquiry: Enquiry) -> Finding:
        # The provider may date a call that was made just before midnight to the day after.
        days = {_day(enquiry.since), _day(enquiry.since + timedelta(seconds=2 * self._timeout))}
        for day in sorted(days):
            for entry in self._entries(enquiry.address, day):
                if entry is None:
                    return CannotTell()
                if entry.out_id == enquiry.call:
                    return Found(enquiry.provider_id, _OUTCOMES.get(int(entry.send_status or 0)))
        return Absent()

    def _entries(self, number: str, day: str) -> Iterator[Any]:
        """Every entry of one day; None at the end of a list that is not whole."""
        seen = 0
        for page in range(1, MOST_PAGES + 1):
            wanted = models.QuerySendDetailsRequest(
                phone_number=number, send_date=day, page_size=PER_PAGE, current_page=page
            )
            answer = self._client.query_send_details_with_options(wanted, self._runtime).body
            if answer.code != "OK" or answer.total_count is None:
                yield None
                return
            listed = answer.sms_send_detail_dtos
            found = (listed.sms_send_detail_dto if listed else None) or []
            yield from found
            seen += len(found)
            if seen >= int(answer.total_count or 0):
                return
            if not found:
                break
        yield None


def _day(instant: Any) -> str:
    return str(instant.astimezone(_CHINA).strftime("%Y%m%d"))


def _failure(failed: BaseException) -> Answer:
    code = getattr(failed, "code", None)
    status = getattr(failed, "statusCode", None)
    if isinstance(code, str) and status is not None and int(status) < 500 and int(status) != 408:
        return _meaning(code, None)
    if status is not None:
        return _UNCLEAR
    return unanswered(failed)


def _meaning(code: str | None, provider_id: str | None) -> Answer:
    if code == "OK":
        return Accepted(provider_id)
    if code in _REFUSED:
        return Refused("refused")
    if code in _BUSY or (code or "").startswith("Throttling"):
        return NotReceived("provider_busy")
    if not code or code in _FAILED:
        return _UNCLEAR
    return NotReceived("provider_refuses_us")
