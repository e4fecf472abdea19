# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""S3, S6, S10: no module shows any of a secret, whatever is in it, wherever it stands, and however the module fails.

A secret has a mark at both ends, and in between the characters that are written in another way in
JSON, in Python, in a URL or in YAML: a channel that shows any of it shows a mark.
"""

from __future__ import annotations

import json
import os
import syslog
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml
from ansible.module_utils import basic

from ansible_collections.otc.evs.plugins.module_utils import _module
from tests.emulator.server import EmulatorServer
from tests.support.modules import run_module
from tests.support.server import SOURCE, TARGET
from tests.support.watch import forms

# Of openstacksdk about its own ways.
pytestmark = [pytest.mark.filterwarnings("ignore::Warning"), pytest.mark.usefixtures("quick")]

Options = dict[str, Any]
MARKS = ("Zx9Mark", "kraM7wQ")
ODD = {
    "backslash": "\\",
    "single quote": "'",
    "double quote": '"',
    "line break": "\n",
    "carriage return": "\r",
    "control": "\0\a\b\x1b[31m\x7f\x9b",
    "no width": "\N{ZERO WIDTH SPACE}\N{ZERO WIDTH JOINER}\ufeff",
    "direction": "\u202e\u2066\u2028",
    "expression": "{{ x }}",
    "statement": "{% x %}{# x",
    "placeholder": "%s%(x)s%%",
    "variable": "$HOME ${HOME} ~",
    "YAML": "!x &x *x : - # |",
    "URL": "@/:?#%40&=+",
    "not ASCII": "\u00e4\u4f60\U0001f600",
    "blank": " ",
    "long": "x" * 4000,
}
TOGETHER = "".join(ODD.values())
EVERY = bool(os.environ.get("OTC_EVS_FAULT_CASES"))
"""Whether to try each of these by itself, at each place, in each failure."""
LONE = "12345678901234567890123456789012"
IDS = [f"00000000-0000-4000-8000-00000000000{number}" for number in range(2)]

MODULES: dict[str, Options] = {
    "evs_move": {"volumes": ["d"]},
    "evs_transfer": {"volumes": ["d"]},
    "evs_transfer_accept": {"transfers": [{"transfer_id": IDS[0], "volume_id": IDS[1], "auth_key": LONE}]},
    "evs_transfer_info": {},
    "evs_volume_info": {},
    "evs_quota_info": {},
}

PLUGINS: dict[str, tuple[str | None, str]] = {
    "password": (None, "password"),
    "token": ("token", "token"),
    "application credential": ("v3applicationcredential", "application_credential_secret"),
    "passcode": ("v3totp", "passcode"),
    "client secret": ("v3oidcpassword", "client_secret"),
    "misspelt": (None, "pasword"),
    "unknown plugin": ("v3nonsense", "password"),
}


def _plugin(name: str) -> Callable[[Options, str], Options]:
    auth_type, option = PLUGINS[name]

    def place(auth: Options, secret: str) -> Options:
        given: Options = {"auth": {**auth, option: secret}}
        return {**given, "auth_type": auth_type} if auth_type else given

    return place


# Where a secret stands among the options of a tenant, by what the login is without it.
LOGINS: dict[str, Callable[[Options, str], Options]] = {
    **{name: _plugin(name) for name in PLUGINS},
    "key of auth": lambda auth, secret: {"auth": {**auth, secret: "x"}},
    "key below auth": lambda auth, secret: {"auth": {**auth, "password": {secret: secret}}},
    "auth is JSON": lambda auth, secret: {"auth": json.dumps({**auth, "password": secret})},
    "auth is a list": lambda auth, secret: {"auth": [{**auth, "password": secret}]},
    "auth is text": lambda auth, secret: {"auth": secret},
    "cloud": lambda auth, secret: {"cloud": {"auth": {**auth, "password": secret}}},
    "key of cloud": lambda auth, secret: {"cloud": {"auth": auth, secret: secret}},
    "cloud is JSON": lambda auth, secret: {"cloud": json.dumps({"auth": {**auth, "password": secret}})},
    "cloud is a list": lambda auth, secret: {"cloud": [{"auth": {**auth, "password": secret}}]},
    "cloud and auth": lambda auth, secret: {"cloud": "nowhere", "auth": {**auth, "password": secret}},
    "auth_url": lambda auth, secret: {"auth": {**auth, "auth_url": f"https://user:{secret}@localhost:1/v3"}},
    "auth_url, bare": lambda auth, secret: {"auth": {**auth, "auth_url": f"user:{secret}@localhost:1/v3"}},
    "auth_url, user": lambda auth, secret: {"auth": {**auth, "auth_url": f"https://{secret}@localhost:1"}},
    "auth_url, cloud": lambda auth, secret: {
        "cloud": {"auth": {**auth, "auth_url": f"https://user:{secret}@localhost:1"}}
    },
    "endpoints": lambda auth, secret: {"auth": auth, "endpoints": {"evs": f"https://user:{secret}@localhost:1/v3"}},
    "endpoints, bare": lambda auth, secret: {"auth": auth, "endpoints": {"evs": f"user:{secret}@localhost:1/v3"}},
    "endpoints is JSON": lambda auth, secret: {
        "auth": auth,
        "endpoints": json.dumps({"evs": f"https://user:{secret}@localhost:1"}),
    },
    "key of endpoints": lambda auth, secret: {"auth": auth, "endpoints": {secret: "https://localhost:1"}},
    "client_key": lambda auth, secret: {
        "auth": auth,
        "client_cert": "/dev/null",
        "client_key": f"-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----\n",
    },
    "client_key, indented": lambda auth, secret: {
        "auth": auth,
        "client_key": f"  -----BEGIN PRIVATE KEY----- {secret}",
        "client_cert": "/dev/null",
    },
    "client_cert": lambda auth, secret: {"auth": auth, "client_cert": f"-----BEGIN CERTIFICATE-----\n{secret}"},
    "ca_cert": lambda auth, secret: {"auth": auth, "ca_cert": f"{secret}-----BEGIN PRIVATE KEY-----"},
}

# The same for options of their own.
OWN: dict[str, tuple[str, Callable[[str], Options]]] = {
    "auth_key": ("evs_transfer_accept", lambda secret: {"transfers": None, "transfer_id": IDS[0], "auth_key": secret}),
    "transfers": ("evs_transfer_accept", lambda secret: {"transfers": [{"transfer_id": IDS[0], "auth_key": secret}]}),
    "transfers, no ID": (
        "evs_transfer_accept",
        lambda secret: {"transfers": [{"transfer_id": "x" * 300, "auth_key": secret}]},
    ),
    "transfers, a list": (
        "evs_transfer_accept",
        lambda secret: {"transfers": [[{"transfer_id": IDS[0], "auth_key": secret}]]},
    ),
    "transfers, JSON": (
        "evs_transfer_accept",
        lambda secret: {"transfers": [json.dumps({"transfer_id": IDS[0], "auth_key": secret})]},
    ),
    "transfers, text": ("evs_transfer_accept", lambda secret: {"transfers": [secret]}),
    "transfers, keys": ("evs_transfer_accept", lambda secret: {"transfers": [{IDS[0]: secret, secret: IDS[0]}]}),
    "transfers, a dictionary": ("evs_transfer_accept", lambda secret: {"transfers": {IDS[0]: secret}}),
    "transfers, twice": (
        "evs_transfer_accept",
        lambda secret: {"transfers": [{"transfer_id": IDS[0], "auth_key": secret}] * 2},
    ),
    "known_transfers": (
        "evs_transfer",
        lambda secret: {"known_transfers": [{"transfer_id": IDS[0], "volume_id": IDS[1], "auth_key": secret}]},
    ),
    "known_transfers, a list": ("evs_transfer", lambda secret: {"known_transfers": [[{"auth_key": secret}]]}),
    "for_volumes": ("evs_quota_info", lambda secret: {"for_volumes": [{"size": 1, "auth_key": secret}]}),
    "for_volumes, JSON": (
        "evs_quota_info",
        lambda secret: {"for_volumes": [json.dumps({"size": "x", "auth_key": secret})]},
    ),
}

# How the module fails otherwise; some of these are of the arguments.
FAILURES: dict[str, Options] = {
    "none": {},
    "choice": {"interface": "nowhere"},
    "type": {"timeout": "soon"},
    "range": {"timeout": 0},
    "unknown option": {"nonsense": 1},
    "together": {"volumes": ["d"], "transfer_ids": [IDS[0]], "transfer_id": IDS[0], "transfers": []},
    "missing": {"volumes": None, "transfers": None, "target": None},
    "crash": {},
}


class Shown:
    """What a module shows: its result, and what it sends to the system's log."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.log: list[str] = []
        monkeypatch.setattr(basic, "has_journal", False)
        monkeypatch.setattr(syslog, "syslog", lambda *words: self.log.append(str(words)))

    def by(self, module: str, options: Options) -> str:
        self.log.clear()
        result = run_module(module, diff=True, _ansible_verbosity=4, **options)
        return json.dumps(result) + "\n".join(self.log)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    return Shown(monkeypatch)


def secrets() -> Iterator[str]:
    for odd in [*ODD.values()] * EVERY + [TOGETHER]:
        yield odd.join(MARKS)


def marks_in(text: str) -> list[str]:
    return [mark for mark in MARKS if any(form.decode() in text for form in forms(mark))]


def crash(params: Any) -> NoReturn:
    raise ValueError(f"Unforeseen: {params!r}")


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("module", MODULES)
def test_a_secret_among_the_options_of_a_tenant(
    emulator: EmulatorServer, shown: Shown, monkeypatch: pytest.MonkeyPatch, module: str, failure: str
) -> None:
    emulator.create_volume(SOURCE, "d")
    if failure == "crash":
        monkeypatch.setattr(_module, "concurrency_of", crash)
    mine, other = ({"auth": emulator.cloud(cloud)["auth"]} for cloud in (SOURCE, TARGET))
    broke = []
    for name, place in LOGINS.items():
        for secret in secrets():
            given = place(mine["auth"], secret)
            tries = [given, {**given, "target": other}, {**mine, "target": place(other["auth"], secret)}]
            for options in tries[1:] if module == "evs_move" else tries[:1]:
                text = shown.by(module, {**MODULES[module], **options, "timeout": 1, **FAILURES[failure]})
                if marks_in(text):
                    broke.append((name, text))
    assert not broke, (len(broke), {name for name, dummy in broke}, broke[0])


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("name", OWN)
def test_a_secret_among_the_other_options(
    emulator: EmulatorServer, shown: Shown, monkeypatch: pytest.MonkeyPatch, name: str, failure: str
) -> None:
    if failure == "crash":
        monkeypatch.setattr(_module, "concurrency_of", crash)
    module, place = OWN[name]
    login = {"auth": emulator.cloud(SOURCE)["auth"]}
    for secret in secrets():
        text = shown.by(module, {**MODULES[module], **login, **FAILURES[failure], **place(secret)})
        assert not marks_in(text), text


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], None]:
    def put(values: dict[str, str]) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return put


URL = "https://user:Zx9Mark/%kraM7wQ@localhost:1/v3"


@pytest.mark.parametrize("url", [URL, URL.partition("://")[2], "https:/" + URL, URL.replace("/", "\\")])
@pytest.mark.parametrize("way", ["OS_*", "clouds.yaml", "endpoint in clouds.yaml"])
def test_a_url_with_a_password_is_not_shown_wherever_it_comes_from(
    emulator: EmulatorServer, shown: Shown, environ: Any, tmp_path: Path, url: str, way: str
) -> None:
    """S6"""
    auth = emulator.cloud(SOURCE)["auth"]
    options: Options = {"timeout": 1}
    if way == "OS_*":
        environ({f"OS_{name.upper()}": value for name, value in auth.items()} | {"OS_AUTH_URL": url})
    else:
        entry: Options = {"auth": auth}
        if way == "clouds.yaml":
            entry = {"auth": {**auth, "auth_url": url}}
        else:
            entry["block_storage_endpoint_override"] = url
        write_clouds(environ, tmp_path, {"mine": entry})
        options["cloud"] = "mine"
    for module in ("evs_transfer_info", "evs_volume_info"):
        text = shown.by(module, options)
        assert "before the @" in text
        assert not marks_in(text), text


def write_clouds(environ: Any, folder: Path, clouds: Options) -> None:
    file = folder / "clouds.yaml"
    file.write_text(yaml.safe_dump({"clouds": clouds}), encoding="utf-8")
    environ({"OS_CLIENT_CONFIG_FILE": str(file)})


@pytest.mark.parametrize(
    "proxy",
    [
        "http://user:Zx9Mark-kraM7wQ@127.0.0.1:1",
        "http://user:Zx9Mark%2FkraM7wQ@127.0.0.1:1",
        "http://user:Zx9Mark/kraM7wQ@127.0.0.1:1",
        "http://user:Zx9Mark kraM7wQ@[127.0.0.1:1",
        "user:Zx9Mark#kraM7wQ@127.0.0.1:1",
        "http://user:Zx9Mark:kraM7wQ@127.0.0.1:port",
        "socks5://user:Zx9Mark-kraM7wQ@127.0.0.1:1",
        "Zx9Mark://kraM7wQ",
        "http://Zx9Mark-kraM7wQ@",
        "http://user:Zx9Mark-kraM7wQ@\u2028host:1",
    ],
)
@pytest.mark.parametrize("through", ["Keystone", "service"])
def test_the_password_of_a_proxy_is_not_shown(
    emulator: EmulatorServer, shown: Shown, environ: Any, proxy: str, through: str
) -> None:
    """S6"""
    environ({"http_proxy": proxy, "no_proxy": "" if through == "Keystone" else "127.0.0.1"})
    options = {"auth": emulator.cloud(SOURCE)["auth"], "endpoints": {"evs": "http://localhost:1"}, "timeout": 1}
    text = shown.by("evs_transfer_info", options)
    assert not marks_in(text), text
    assert '"failed": true' in text
    assert "Unexpected error" not in text, text


@pytest.mark.parametrize(
    "content",
    [
        "clouds: {mine: {auth: {password: *Zx9Mark}}}",
        "clouds: {mine: {auth: {password: !Zx9Mark x}}}",
        "clouds: {mine: {auth: {password: Zx9Mark: kraM7wQ}}}",
        'clouds: {mine: {auth: {password: "Zx9Mark\\kraM7wQ"}}}',
        "clouds: {mine: {auth: {password: Zx9Mark\0}}}",
        "clouds: {mine: {auth: [Zx9Mark]}}",
        "clouds: {mine: {auth: Zx9Mark}}",
        "clouds: {mine: Zx9Mark}",
        "clouds: Zx9Mark",
        "Zx9Mark",
        "clouds: {mine: {profile: Zx9Mark, auth: {password: kraM7wQ}}}",
        "clouds: {mine: {auth: {Zx9Mark: kraM7wQ, auth_url: 'http://localhost:1/v3', username: a}}}",
        "clouds: {mine: {auth: {password: Zx9Mark}, api_timeout: kraM7wQ}}",
        "clouds: {mine: {auth_type: token, auth: {token: [Zx9Mark], auth_url: 'http://localhost:1/v3'}}}",
    ],
)
def test_what_is_wrong_with_a_clouds_file_is_told_without_its_text(
    shown: Shown, environ: Any, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "clouds.yaml"
    file.write_text(content, encoding="utf-8")
    environ({"OS_CLIENT_CONFIG_FILE": str(file)})
    text = shown.by("evs_transfer_info", {"cloud": "mine", "timeout": 1})
    assert not marks_in(text), text
    assert "Unexpected error" not in text, text
