"""What may stand in the filling station: plain text, and links that lead to nothing but a page. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from services.chassis.errors import Invalid

# Where a browser begins to read a tag: HTML Living Standard, 13.2.5.6, the tag open state.
_MARKUP = re.compile(r"<[A-Za-z/!?]")
_HOST = re.compile(
    r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.[a-z][a-z0-9-]*[a-z0-9]"
)
_ACCEPTED_LINK = "https://host/…"


def check_plain(texts: Mapping[str, str | None]) -> None:
    """Raises ``Invalid("text.markup")`` at every field whose text a browser could take for HTML.

    It is refused, not escaped: what was written is what is read, on every channel.

    >>> check_plain({"body": "3 < 5, a<1"})
    """
    wrong = {name: ["text.markup"] for name, text in texts.items() if text and _MARKUP.search(text)}
    if wrong:
        raise Invalid("text.markup", fields=wrong)


def host_of(link: str) -> str:
    """The host that ``link`` leads to, in lower case.

    Raises ``Invalid("link.unfit")`` for all but ``https`` to a named host: another scheme, an address in
    numbers, a user, a port, blanks, and what browsers read otherwise than it looks.
    """
    try:
        parts = urlsplit(link)
        port = parts.port
    except ValueError:
        raise _unfit() from None
    host = parts.netloc.lower()
    printable = all(33 <= ord(letter) < 127 and letter not in '\\<>"`{}|^' for letter in link)
    if not link.startswith("https://") or not printable or port is not None or not _HOST.fullmatch(host):
        raise _unfit()
    return host


def leads_to(host: str, allowed: Sequence[str]) -> bool:
    """Whether ``host`` is one of ``allowed`` or below one of them.

    >>> leads_to("v.example.edu.cn", ["edu.cn"]), leads_to("notedu.cn", ["edu.cn"])
    (True, False)
    """
    return any(host == each or host.endswith(f".{each}") for each in allowed)


def _unfit() -> Invalid:
    return Invalid.at("link", "link.unfit", accepted=_ACCEPTED_LINK)
