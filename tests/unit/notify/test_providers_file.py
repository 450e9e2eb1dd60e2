"""A file of providers that cannot be used is a wrong setting: it is named, and the process ends with 78."""

from pathlib import Path

import pytest

from services.chassis import runtime
from services.chassis.settings import Settings, SettingsError
from services.notify.channels.providers import FILE, read_providers

TWICE = """
providers:
  - {name: post, channel: sms, kind: http, url: "https://sms.example/v1/send", shape: campus}
  - {name: post, channel: sms, kind: http, url: "https://sms.example/v1/send", shape: campus}
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
