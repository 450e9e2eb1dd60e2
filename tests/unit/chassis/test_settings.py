"""Settings: read once, checked as a whole, no known secret outside one person's machine."""

import base64
from datetime import timedelta
from pathlib import Path

import pytest

from services.chassis.session import new_keys
from services.chassis.settings import GATEWAY_NEEDS, OPERATOR_NEEDS, Settings, SettingsError

PRIVATE, PUBLIC = new_keys()
KEY = base64.b64encode(bytes(range(32))).decode()
LOCAL = {
    "JISHI_PROFILE": "local",
    "AMQP_URI": "amqp://u:long-and-made-up@127.0.0.1/",
    "MONGO_URI": "mongodb://127.0.0.1",
    "SESSION_PUBLIC_KEY": PUBLIC,
    "FIELD_KEY": KEY,
}
PRODUCTION = {**LOCAL, "JISHI_PROFILE": "production"}


def problems(environment: dict[str, str], **options: tuple[str, ...]) -> dict[str, str]:
    with pytest.raises(SettingsError) as wrong:
        Settings.from_environment("records", environment, **options)
    return wrong.value.problems


def test_a_complete_environment_is_read() -> None:
    settings = Settings.from_environment(
        "records", {**LOCAL, "CLOCK_OFFSET_SECONDS": "-60", "CORS_ORIGINS": "https://a.edu,https://b.edu"}
    )
    assert settings.local
    assert settings.database_name == "jishi_records"
    assert settings.field_key == bytes(range(32))
    assert settings.clock_offset == timedelta(seconds=-60)
    assert settings.cors_origins == ("https://a.edu", "https://b.edu")


def test_everything_that_is_wrong_is_named_at_once() -> None:
    wrong = {
        "JISHI_PROFILE": "staging",
        "AMQP_URI": "redis://x",
        "MONGO_URI": "",
        "FIELD_KEY": "%%%",
        "HTTP_PORT": "seventy",
        "SMS_URL": "ftp://sms",
        "CAMPUS_TIMEZONE": "Mars/Olympus",
        "LOG_LEVEL": "LOUD",
        "DATABASE_PREFIX": "a b",
        "DRAIN_SECONDS": "-1",
        "TRUSTED_PROXIES": "10.0.0.0/8,the-proxy",
        "CONNECTIONS_PER_ADDRESS": "0",
    }
    assert set(problems(wrong)) == set(wrong) | {"SESSION_PUBLIC_KEY"}


def test_a_problem_never_quotes_a_secret() -> None:
    told = str(SettingsError(problems({**LOCAL, "FIELD_KEY": "bXktc2VjcmV0", "AMQP_URI": "my-secret"})))
    assert "bXktc2VjcmV0" not in told
    assert "my-secret" not in told


def test_settings_show_no_secret() -> None:
    shown = repr(Settings.from_environment("records", {**LOCAL, "SMS_RECEIPT_TOKEN": "a-receipt-token"}))
    assert not [secret for secret in ("long-and-made-up", "a-receipt-token", "x00") if secret in shown]


def test_an_empty_variable_counts_as_not_set() -> None:
    assert Settings.from_environment("records", {**LOCAL, "HTTP_PORT": "", "SMS_URL": ""}).http_port == 7300


def test_a_secret_may_be_the_content_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    environment = {**LOCAL, "FIELD_KEY": "", "FIELD_KEY_FILE": str(tmp_path / "key")}
    assert Settings.from_environment("records", environment).field_key == bytes(range(32))


def test_a_secret_file_that_cannot_be_read_is_named() -> None:
    environment = {**LOCAL, "FIELD_KEY": "", "FIELD_KEY_FILE": "/nowhere/key"}
    assert set(problems(environment)) == {"FIELD_KEY_FILE"}


def test_a_process_need_not_be_given_what_it_does_not_need() -> None:
    assert set(problems({}, needs=GATEWAY_NEEDS)) == {"AMQP_URI", "SESSION_PUBLIC_KEY", "SESSION_PRIVATE_KEY"}
    assert set(problems({}, needs=OPERATOR_NEEDS)) == {"AMQP_URI", "MONGO_URI"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FIELD_KEY", base64.b64encode(b"0" * 32).decode()),
        ("AMQP_URI", "amqp://guest:guest@broker/"),
        ("AMQP_URI", "amqp://app:%67uest@broker/"),
        ("AMQP_URI", "amqp://app@broker/"),
        ("AMQP_URI", "amqp://:long-and-made-up@broker/"),
        ("AMQP_URI", "amqp://broker:5672//"),
        ("AMQP_URI", "amqp://"),
        ("MONGO_URI", "mongodb://app:changeme@store/"),
        ("SMS_RECEIPT_TOKEN", "secret"),
        ("SMS_RECEIPT_TOKEN", "short"),
        ("CLOCK_OFFSET_SECONDS", "86400"),
    ],
)
def test_production_refuses_known_secrets_and_moved_clocks(name: str, value: str) -> None:
    assert set(problems({**PRODUCTION, name: value})) == {name}
    assert Settings.from_environment("records", {**LOCAL, name: value}).local


def test_a_profile_that_was_forgotten_is_production() -> None:
    forgotten = {name: value for name, value in LOCAL.items() if name != "JISHI_PROFILE"}
    assert Settings.from_environment("records", forgotten).profile == "production"
    assert set(problems({**forgotten, "CLOCK_OFFSET_SECONDS": "60"})) == {"CLOCK_OFFSET_SECONDS"}
    assert not Settings("records").local


@pytest.mark.parametrize("profile", ["local", "production"])
@pytest.mark.parametrize("wrong", ["key", "é", PUBLIC[:-8], "-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END"])
def test_a_session_key_that_is_none_is_refused_at_the_start(wrong: str, profile: str) -> None:
    for name in ("SESSION_PUBLIC_KEY", "SESSION_PRIVATE_KEY"):
        keys = {"SESSION_PUBLIC_KEY": PUBLIC, "SESSION_PRIVATE_KEY": PRIVATE, name: wrong}
        found = problems({**LOCAL, "JISHI_PROFILE": profile, **keys}, needs=GATEWAY_NEEDS)
        assert set(found) == {name}
        assert wrong not in found[name]


def test_session_keys_that_are_no_pair_are_refused() -> None:
    other, _ = new_keys()
    environment = {**PRODUCTION, "SESSION_PRIVATE_KEY": other}
    assert set(problems(environment, needs=GATEWAY_NEEDS)) == {"SESSION_PUBLIC_KEY"}
    pair = Settings.from_environment("gateway", {**PRODUCTION, "SESSION_PRIVATE_KEY": PRIVATE})
    assert pair.session_private_key == PRIVATE


def test_production_runs_with_real_secrets() -> None:
    assert not Settings.from_environment("records", PRODUCTION).local
    named = {**PRODUCTION, "AMQP_URI": "amqps://jishi:long-and-made-up@broker/"}
    assert Settings.from_environment("records", named).amqp_uri == named["AMQP_URI"]
