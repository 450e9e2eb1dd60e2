"""Stand-ins for the providers of others, as one process: each speaks its protocol and fails on request.

``python -m tests.component.notify.foreign HTTP_PORT SMTP_PORT HTTPS_PORT SMTPS_PORT CERTIFICATE``. Aliyun and
Tencent are told apart by the headers of their SDKs, WeCom, DingTalk, a campus gateway and a web hook by the
path. ``GET /taken`` shows what each took, ``GET /asked`` about which addresses they were asked,
``DELETE /taken`` forgets both. Who calls for more recipients at once than the real one takes (``MOST``) is
refused.

``PUT /faults`` sets ``{"status", "delay", "code", "lose", "token", "outcomes", "drip", "body", "closed"}``:

- ``token`` is the only one that WeCom and DingTalk take from then on, whatever they gave before
- ``outcomes`` says, by address, what a question is answered: ``delivered`` (as without it), ``failed``,
  ``underway``, ``broken`` (a 500), ``silent``
- ``drip`` is the pause between the bytes of an answer, ``body`` what is said in its place
- while ``closed`` the mail server serves nobody
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

SILENCE_SECONDS = 4.0
MOST = {"aliyun": 1000, "tencent": 200, "wecom": 1000, "dingtalk": 100}
TAKEN: list[dict[str, Any]] = []
ASKED: list[str] = []
FAULTS: dict[str, Any] = {}
LOCK = threading.Lock()


def take(provider: str, addresses: list[str], text: str, reference: str = "", template: str = "") -> None:
    took = {"provider": provider, "text": text, "reference": reference, "template": template}
    with LOCK:
        TAKEN.extend({**took, "address": each} for each in addresses)


def token() -> str:
    """What is taken as a token now."""
    return str(FAULTS.get("token", "token-of-today"))


def taken(provider: str, **wanted: str) -> list[dict[str, Any]]:
    with LOCK:
        ours = [each for each in TAKEN if each["provider"] == provider]
    return [each for each in ours if all(each[name] == value for name, value in wanted.items())]


class Broken(Exception):
    """A question that is answered by a 500."""


def outcome(address: str) -> str:
    """What became of a message to ``address``."""
    with LOCK:
        ASKED.append(address)
    said = str(FAULTS.get("outcomes", {}).get(address, "delivered"))
    if said == "silent":
        time.sleep(SILENCE_SECONDS)
    if said == "broken":
        raise Broken
    return said


class Handler(BaseHTTPRequestHandler):
    """All of HTTP."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/taken":
            return self._answer(TAKEN)
        if self.path == "/asked":
            return self._answer(ASKED)
        if "/messages?" in self.path:
            return self._judged(lambda: self._campus(parse_qs(urlsplit(self.path).query)["reference"][0]))
        if "/gettoken" in self.path:
            return self._answer({"errcode": 0, "access_token": token(), "expires_in": 7200})
        return self._answer({}, 404)

    def do_PUT(self) -> None:
        FAULTS.clear()
        FAULTS.update(self._body())
        self._answer({})

    def do_DELETE(self) -> None:
        TAKEN.clear()
        ASKED.clear()
        self._answer({})

    def do_POST(self) -> None:
        body = self._body()
        path, asked = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if FAULTS.get("status"):
            return self._answer({"Code": "InternalError", "Message": "on request"}, FAULTS["status"])
        given = {name: values[0] for name, values in asked.items()}
        return self._judged(lambda: self._performed(path, given, body))

    def _judged(self, perform: Callable[[], Any]) -> None:
        try:
            answer = perform()
        except Broken:
            return self._answer({"Code": "InternalError", "Message": "on request"}, 500)
        time.sleep(FAULTS.get("delay", 0))
        if FAULTS.get("lose"):
            self.close_connection = True
            self.connection.close()
            return None
        return self._answer(FAULTS.get("body", answer), pause=FAULTS.get("drip", 0))

    def _performed(self, path: str, asked: dict[str, str], body: Any) -> Any:
        if action := self.headers.get("x-acs-action"):
            return self._aliyun(action, asked)
        if action := self.headers.get("X-TC-Action"):
            return {"Response": {**self._tencent(action, body), "RequestId": "r-1"}}
        if asked.get("access_token") not in (None, token()):
            return {"errcode": 40014, "errmsg": "invalid access_token"}
        if path.endswith("/message/send"):
            wanted = body["touser"].split("|")
            if len(wanted) > MOST["wecom"]:
                return {"errcode": 40058, "errmsg": "too many users"}
            known = [each for each in wanted if each != "nobody"]
            take("wecom", known, body["text"]["content"])
            return {"errcode": 0, "invaliduser": "|".join(set(wanted) - set(known)), "msgid": "w-1"}
        if path.endswith("/asyncsend_v2"):
            wanted = body["userid_list"].split(",")
            if len(wanted) > MOST["dingtalk"]:
                return {"errcode": 40035, "errmsg": "too many users"}
            take("dingtalk", wanted, body["msg"]["text"]["content"])
            return {"errcode": 0, "task_id": 256271667526}
        if path.endswith("/getsendresult"):
            read = [each["address"] for each in taken("dingtalk")]
            return {"errcode": 0, "send_result": {"read_user_id_list": read, "failed_user_id_list": []}}
        if path == "/sms":
            take("campus", [body["mobile"]], body["content"], self.headers["X-Request-Id"])
            return {"id": "c-1"}
        take("hook", [path], body["message"])
        return {}

    def _campus(self, reference: str) -> Any:
        found = taken("campus", reference=reference)
        return [{"reference": reference, "id": "c-1", "status": outcome(each["address"])} for each in found]

    def _aliyun(self, action: str, asked: dict[str, str]) -> Any:
        if action == "SendSms":
            if FAULTS.get("code"):
                return {"Code": FAULTS["code"], "Message": "on request"}
            wanted = asked["PhoneNumbers"].split(",")
            if len(wanted) > MOST["aliyun"]:
                return {"Code": "isv.MOBILE_COUNT_OVER_LIMIT", "Message": "too many numbers"}
            take("aliyun", wanted, asked["TemplateParam"], asked["OutId"], asked["TemplateCode"])
            return {"Code": "OK", "Message": "OK", "BizId": "9006197469364984^0"}
        found = taken("aliyun", address=asked["PhoneNumber"])
        status = {"delivered": 3, "failed": 2}.get(outcome(asked["PhoneNumber"]), 1)
        entries = [
            {"OutId": each["reference"], "PhoneNum": each["address"], "SendStatus": status} for each in found
        ]
        return {"Code": "OK", "TotalCount": len(found), "SmsSendDetailDTOs": {"SmsSendDetailDTO": entries}}

    def _tencent(self, action: str, body: Any) -> Any:
        if action == "SendSms":
            if len(body["PhoneNumberSet"]) > MOST["tencent"]:
                return {"Error": {"Code": "LimitExceeded.PhoneNumberCountLimit", "Message": "too many"}}
            code = FAULTS.get("code") or "Ok"
            if code == "Ok":
                values, session = str(body["TemplateParamSet"]), body["SessionContext"]
                take("tencent", body["PhoneNumberSet"], values, session, body["TemplateId"])
            numbers = enumerate(body["PhoneNumberSet"])
            statuses = [{"SerialNo": f"s-{n}", "PhoneNumber": each, "Code": code} for n, each in numbers]
            return {"SendStatusSet": statuses}
        found = taken("tencent", address=body["PhoneNumber"])
        said = outcome(body["PhoneNumber"].removeprefix("+86"))
        status = {"delivered": "SUCCESS", "failed": "FAIL"}.get(said)
        # It lists what carriers have reported, and nothing else.
        statuses = [{"SessionContext": each["reference"], "ReportStatus": status} for each in found if status]
        return {"PullSmsSendStatusSet": statuses}

    def _body(self) -> Any:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            return json.loads(content or b"{}")
        except ValueError:
            return {}

    def _answer(self, answer: Any, status: int = 200, pause: float = 0) -> None:
        content = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        try:
            for piece in [content[at : at + 1] for at in range(len(content))] if pause else [content]:
                self.wfile.write(piece)
                time.sleep(pause)
        except OSError:  # whoever asked has gone
            self.close_connection = True

    def log_message(self, *args: Any) -> None:
        """Nothing."""


class Mailbox:
    """The mail server's hooks: an unknown recipient is refused, a busy one told to wait."""

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return ["554 no service today"] if FAULTS.get("closed") else responses

    async def handle_HELO(self, server: Any, session: Any, envelope: Any, hostname: str) -> str:  # noqa: N802 - aiosmtpd's name
        session.host_name = hostname
        return "554 no service today" if FAULTS.get("closed") else "250 at your service"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if address.startswith("nobody@"):
            return "550 no such mailbox"
        if address.startswith("busy@"):
            return "451 try again later"
        if address.startswith("full@"):
            return "421 too much over one connection"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if address.startswith("stranger@"):
            return "550 not a sender of ours"
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        take("mail", envelope.rcpt_tos, envelope.content.decode())
        await asyncio.sleep(FAULTS.get("delay", 0))
        if FAULTS.get("lose"):
            server.transport.abort()
        return "250 OK"


class Server(ThreadingHTTPServer):
    """On loopback."""

    daemon_threads = True
    request_queue_size = 128


def serve(http: int, smtp: int, https: int, smtps: int, certificate: str) -> None:
    """All of it, on loopback; the mail server at ``smtp`` speaks TLS where it is asked to."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    known: dict[str, Any] = {
        "hostname": "127.0.0.1",
        "auth_require_tls": False,
        "authenticator": lambda *_: AuthResult(success=True),
        "enable_SMTPUTF8": False,  # as many a server of before
    }
    Controller(Mailbox(), port=smtp, tls_context=tls, **known).start()
    Controller(Mailbox(), port=smtps, ssl_context=tls, **known).start()
    secure = Server(("127.0.0.1", https), Handler)
    secure.socket = tls.wrap_socket(secure.socket, server_side=True)
    threading.Thread(target=secure.serve_forever, daemon=True).start()
    Server(("127.0.0.1", http), Handler).serve_forever()


if __name__ == "__main__":
    serve(*map(int, sys.argv[1:5]), sys.argv[5])
