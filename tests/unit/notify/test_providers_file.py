"""A file of providers that cannot be used is a wrong setting: it is named, and the process ends with 78."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.chassis import runtime
from services.chassis.clock import FixedClock
from services.chassis.settings import Settings, SettingsError
from services.notify.channels.breaker import Limits
from services.notify.channels.providers import FILE, channel_of, read_providers

TWICE = """
providers:
  - {name: post, channel: sms, kind: http, url: "https://sms.example/v1/send", shape: campus}
  - {name: post, channel: sms, kind: http, url: "https://sms.example/v1/send", shape: campus}
"""


UNSIGNED = """
providers:
  - {name: tencent, channel: sms, kind: tencent, set: {key_id: i, application: "1", signature: s}}
"""
REPORTING = "\n     receipt_secret: REPORTS,"
BY_SHAPE = """
providers:
  - {{name: one, channel: sms, kind: http, url: "https://sms.example/v1/send",{more} shape: {shape}}}
"""


def settings_of(path: Path) -> Settings:
    return Settings("notify", health_port=None, extra={FILE: str(path)})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read: FileNotFoundError"),
        ("providers: [", "cannot be read: ParserError"),
        ("providers: [{name: 1}]", "is not valid"),
        (TWICE, "a name is given twice"),
        (UNSIGNED, "'secret': ['is needed']"),
    ],
)
def test_an_unusable_file_is_a_wrong_setting(tmp_path: Path, text: str | None, said: str) -> None:
    path = tmp_path / "providers.yaml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as wrong:
        read_providers(settings_of(path))
    assert said in wrong.value.problems[FILE]


def test_what_is_found_wrong_as_the_work_begins_ends_it_like_any_wrong_setting(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "missing.yaml")
    ended = runtime.run(settings, begin=lambda: read_providers(settings), drain=lambda: None)
    assert ended == 78


@pytest.mark.parametrize(
    ("shape", "more", "polled"),
    [
        ("campus", "", True),
        ("campus", REPORTING, False),
        ("dingtalk", REPORTING, True),
        ("wecom", "", False),  # it answers no question
    ],
)
def test_a_provider_whose_reports_nobody_would_believe_is_asked(
    tmp_path: Path, shape: str, more: str, polled: bool
) -> None:
    path = tmp_path / "providers.yaml"
    path.write_text(BY_SHAPE.format(more=more, shape=shape), encoding="utf-8")
    environment = {FILE: str(path), "REPORTS": "a secret of the reports"}
    (one,) = read_providers(Settings("notify", health_port=None, extra=environment))
    way = channel_of(one, 8, FixedClock(datetime(2026, 10, 5, tzinfo=UTC)), lambda _: None)
    assert way.polls is polled


def test_the_file_that_the_document_shows_is_one_that_is_read(tmp_path: Path) -> None:
    document = Path("docs/operating.md").read_text(encoding="utf-8")
    (shown,) = (block for block in document.split("```") if block.startswith("yaml\nproviders:"))
    path = tmp_path / "providers.yaml"
    path.write_text(shown.removeprefix("yaml\n"), encoding="utf-8")
    secrets = ("ALIYUN_SECRET", "ALIYUN_REPORTS", "CAMPUS_REPORTS", "WECOM_SECRET", "MAIL_PASSWORD")
    environment = dict.fromkeys(secrets, "a secret of the document") | {FILE: str(path)}
    found = read_providers(Settings("notify", health_port=None, extra=environment))
    assert [(each.name, str(each.channel), each.priority) for each in found] == [
        ("aliyun", "sms", 1),
        ("campus", "sms", 2),
        ("work", "wecom", 1),
        ("post", "email", 1),
    ]
    assert found[0].limits == Limits(failures=5, rest_seconds=30, rate_per_second=80, burst=100)
    assert "a secret" not in repr(found)
