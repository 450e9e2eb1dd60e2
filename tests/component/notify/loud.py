"""A process that sends every way, its log set up as a service's is and then turned up as loud as it goes.

``python -m tests.component.notify.loud HTTP_PORT SMTP_PORT``: to the stand-ins at those ports.
"""

from services.chassis import patch  # noqa: F401, I001 - before anything that opens a socket

import logging
import sys

from services.chassis import logs
from services.notify.channels.model import Enquiry, Letter

from .abroad import NOW, Foreign

NUMBER, NAME = "13900000001", "zhang.san"
ADDRESSES = {
    "campus": NUMBER,
    "aliyun": NUMBER,
    "tencent": NUMBER,
    "wecom": NAME,
    "dingtalk": NAME,
    "mail": f"{NAME}@campus.example",
    "apprise": NAME,
}
TEXT = "请尽快召开主题党日"
VARIABLES = {"rule": "主题党日", "due_on": "9月30日"}


def turn_up() -> None:
    """Every logger at its loudest, through whatever handlers it has."""
    for logger in (logging.root, *map(logging.getLogger, list(logging.root.manager.loggerDict))):
        logger.setLevel(logging.DEBUG)
        for handler in logger.handlers:
            handler.setLevel(logging.NOTSET)


def main(foreign: Foreign) -> None:
    """What is taken, what meets a failure, what meets nobody; and questions about each."""
    logs.configure("notify", "DEBUG")
    ways = [{kind: foreign.way(kind, port=port) for kind in ADDRESSES} for port in (None, None, 1)]
    turn_up()
    for way, faults in zip(ways, ({}, {"status": 500}, {}), strict=True):
        foreign.faults(**faults)
        for kind, address in ADDRESSES.items():
            letter = Letter("m-1", address, TEXT, "reminder-again.v2", VARIABLES)
            way[kind].send("call-1", [letter])
            way[kind].find(Enquiry("m-1", "call-1", address, NOW, "256271667526"))


if __name__ == "__main__":
    main(Foreign(int(sys.argv[1]), int(sys.argv[2])))
