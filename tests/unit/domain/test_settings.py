"""Settings from the environment: typed, all wrong ones at once, each with a right example."""

import pytest

from botmeter.domain.errors import Refused
from botmeter.domain.setting_values import MailServer, PublicUrl
from botmeter.domain.settings import DECLARED, Setting, Settings, unknown_variables, wrong_settings


def read(**variables: str) -> Settings:
    return Settings.from_environment(variables)


@pytest.mark.parametrize("setting", DECLARED.values(), ids=lambda setting: setting.variable)
def test_every_example_and_default_is_right(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botmeter.domain.setting_values.find_spec", lambda name: name)
    for text in (setting.example, setting.default):
        assert wrong_settings({setting.variable: text}) == {}


@pytest.mark.parametrize("hosts", ["*", "meter.example, *", ".meter.example"])
def test_mail_needs_a_url_where_strangers_could_choose_the_host_of_its_links(hosts: str) -> None:
    open_hosts = {"BOTMETER_HOSTS": hosts}
    mail = {"BOTMETER_MAIL": "smtp://mail.example"}
    (fault,) = wrong_settings(open_hosts | mail).values()
    assert fault.startswith("BOTMETER_URL is not set, although BOTMETER_MAIL is")
    for right in (open_hosts, mail, mail | {"BOTMETER_HOSTS": "meter.example"}):
        assert wrong_settings(right) == {}
    assert wrong_settings(open_hosts | mail | {"BOTMETER_URL": "https://meter.example"}) == {}


def test_an_empty_variable_is_not_set() -> None:
    assert read(BOTMETER_URL="", BOTMETER_MEMORY="") == read()
    assert (read().url, read().memory_limit, read().wait_seconds) == (None, "800MB", 10.0)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://meter.example", PublicUrl(scheme="https", host="meter.example")),
        ("HTTPS://Meter.Example:443/", PublicUrl(scheme="https", host="meter.example")),
        ("http://[::1]:8000", PublicUrl(scheme="http", host="[::1]", port=8000)),
        ("https://tools.example/meter/", PublicUrl(scheme="https", host="tools.example", path="/meter")),
    ],
)
def test_a_public_url_is_read_as_browsers_write_it(text: str, url: PublicUrl) -> None:
    assert read(BOTMETER_URL=text).url == url


@pytest.mark.parametrize(
    ("variable", "text", "part"),
    [
        ("BOTMETER_URL", "tools.example", "neither https:// nor http://"),
        ("BOTMETER_URL", "ftp://tools.example", "neither https:// nor http://"),
        ("BOTMETER_URL", "https://", "no host"),
        ("BOTMETER_URL", "https://tools.example:99999", "port"),
        ("BOTMETER_URL", "https://tools.example:0", "port"),
        ("BOTMETER_URL", "https://[tools", "not a URL"),
        ("BOTMETER_URL", "https://tööls.example", "ASCII"),
        ("BOTMETER_URL", "https://tools.example/a b", "blanks"),
        ("BOTMETER_URL", "https://tools.example/a//b", "path"),
        ("BOTMETER_URL", "https://tools.example/../b", "path"),
        ("BOTMETER_URL", "https://tools.example/?a=b", "more than a host and a path"),
        ("BOTMETER_URL", "https://ada:secret@tools.example", "user name or password"),
        ("BOTMETER_HOSTS", "tools.example:8000", "'tools.example:8000' is not a host name"),
        ("BOTMETER_MAIL", "mail.example:587", "neither smtp:// nor smtps://"),
        ("BOTMETER_MAIL", "smtp://ada:secret@mail.example/box", "more than"),
        ("BOTMETER_MAIL_FROM", "Botmeter", "not an email address"),
        ("DATABASE_URL", "mysql://ada:secret@db.example/botmeter", "neither postgresql:// nor sqlite:///"),
        ("DATABASE_URL", "postgresql://ada:secret@db.example", "names no database"),
        ("BOTMETER_LOG_FORMAT", "xml", "neither text nor json"),
        ("BOTMETER_LOG_LEVEL", "loud", "none of debug, info, warning, error"),
        ("BOTMETER_MEMORY", "lots", "not a size"),
        ("BOTMETER_MEMORY", "400", "not a size"),
        ("BOTMETER_MEMORY", "20MB", "less than 100MB"),
        ("BOTMETER_MEMORY", "120%", "0% and 100%"),
        ("BOTMETER_WAIT", "-1", "not a number of seconds"),
        ("BOTMETER_WAIT", "nan", "not a number of seconds"),
        ("BOTMETER_GALLERY", "maybe", "neither 1 nor 0"),
    ],
)
def test_a_wrong_value_is_a_sentence_with_a_right_one(variable: str, text: str, part: str) -> None:
    with pytest.raises(Refused) as refused:
        read(**{variable: text})
    assert refused.value.code == "setting_invalid"
    assert refused.value.message.startswith(f"{variable} ")
    assert part in refused.value.message
    assert refused.value.message.endswith(f"Write it as in {variable}={by_variable(variable).example}.")
    assert "secret" not in refused.value.message


def by_variable(name: str) -> Setting:
    return next(setting for setting in DECLARED.values() if setting.variable == name)


def test_all_wrong_values_are_reported_at_once_and_doctor_reads_the_others() -> None:
    variables = {"BOTMETER_URL": "tools.example", "BOTMETER_MEMORY": "lots", "BOTMETER_WAIT": "3"}
    with pytest.raises(Refused) as refused:
        Settings.from_environment(variables)
    assert len(refused.value.message.splitlines()) == 2
    settings = Settings.from_environment(variables, ignore_wrong=True)
    assert (settings.url, settings.memory_limit, settings.wait_seconds) == (None, "800MB", 3.0)


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("smtp://mail.example", MailServer(host="mail.example", port=587, encryption="starttls")),
        ("smtp://mail.example?encryption=none", MailServer(host="mail.example", port=587, encryption="none")),
        # Nobody listens on the way to this machine, and its mail servers seldom have a certificate.
        ("smtp://localhost:25", MailServer(host="localhost", port=25, encryption="none")),
        (
            "smtp://ada%40meter.example:a%2Fb@mail.example:25",
            MailServer(host="mail.example", port=25, user="ada@meter.example", password="a/b", encryption="starttls"),  # noqa: S106
        ),
        ("smtps://mail.example", MailServer(host="mail.example", port=465, encryption="tls")),
    ],
)
def test_a_mail_server_is_read_from_its_url(text: str, server: MailServer) -> None:
    assert read(BOTMETER_MAIL=text).mail == server


def test_a_mistyped_variable_is_named_with_the_one_that_is_meant() -> None:
    sentences = list(unknown_variables({"BOTMETER_URLL": "x", "BOTMETER_SOMETHING_ELSE": "x", "BOTMETER_KEY": "x"}))
    assert sentences == [
        "BOTMETER_SOMETHING_ELSE is not a setting and has no effect. See docs/reference/settings.md.",
        "BOTMETER_URLL is not a setting and has no effect. Did you mean BOTMETER_URL?",
    ]
