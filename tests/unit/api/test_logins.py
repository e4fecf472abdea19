# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to log in, by the option auth, by cloud, by clouds.yaml and by OS_* variables; and what is told of a gap."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from ansible.module_utils.basic import AnsibleModule
from keystoneauth1 import loading

from ansible_collections.otc.evs.plugins.module_utils._api import signature, ways
from ansible_collections.otc.evs.plugins.module_utils._api.credentials import Credentials, credentials
from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._api.session import Session
from ansible_collections.otc.evs.plugins.module_utils._errors import ApiError, EvsError, LoginError
from ansible_collections.otc.evs.plugins.module_utils._options import LoginOptions
from tests.emulator.server import EmulatorServer
from tests.emulator.state import stable_id
from tests.support.modules import run_module
from tests.support.server import SOURCE, TARGET
from tests.support.tenants import NOTHING_GIVEN

# Of openstacksdk about its own ways.
pytestmark = pytest.mark.filterwarnings("ignore::Warning")

Entry = Mapping[str, Any]
Given = Callable[[Entry], dict[str, Any]]
WAYS = ("auth", "cloud", "clouds.yaml", "environment")
URL = "http://127.0.0.1:9/v3"
PASSWORD = {
    "auth_url": URL,
    "username": "alice",
    "password": "5ecre7",
    "project_name": "tenant-a",
    "user_domain_name": "Default",
    "project_domain_name": "Default",
}
TOP = ("region_name", "interface", "verify", "cacert", "api_timeout")


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Entry], LoginOptions]:
    """An entry of clouds.yaml, given in one of the ways."""

    def give(way: str, entry: Entry) -> LoginOptions:
        monkeypatch.setenv("HOME", str(tmp_path))
        options: dict[str, Any] = {**NOTHING_GIVEN, "endpoints": {}, "timeout": 30}
        if way == "auth":
            options.update({name: value for name, value in entry.items() if name in options})
        elif way == "cloud":
            options["cloud"] = entry
        elif way == "clouds.yaml":
            file = tmp_path / "clouds.yaml"
            file.write_text(yaml.safe_dump({"clouds": {"mine": dict(entry)}}), encoding="utf-8")
            monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
            options["cloud"] = "mine"
        else:
            flat = {**entry.get("auth", {}), **{name: value for name, value in entry.items() if name != "auth"}}
            for name, value in flat.items():
                text = ",".join(value) if isinstance(value, list) else str(value)
                monkeypatch.setenv(f"OS_{name.upper()}", text)
        return LoginOptions(**options)

    return give


Give = Callable[[str, Entry], LoginOptions]


def projects_disks(options: LoginOptions) -> tuple[str, list[str | None]]:
    session = Session(options, 2)
    return session.project.name, [volume.name for volume in Evs.of(session).volumes()]


def key_of(emulator: EmulatorServer, **changes: str) -> dict[str, str]:
    return {**emulator.key_login(SOURCE), **changes}


def temporary(emulator: EmulatorServer) -> dict[str, str]:
    """A temporary access key, made as the documents say."""
    http = requests.Session()
    http.trust_env = False
    login = emulator.cloud(SOURCE)["auth"]
    user = {"name": login["username"], "password": login["password"], "domain": {"name": login["user_domain_name"]}}
    scope = {"project": {"name": login["project_name"], "domain": {"name": "Default"}}}
    body: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}
    token = http.post(f"{emulator.auth_url}/auth/tokens", json={"auth": body}).headers["X-Subject-Token"]
    body = {"identity": {"methods": ["token"], "token": {"id": token, "duration_seconds": 900}}}
    url = emulator.auth_url.removesuffix("/v3") + "/v3.0/OS-CREDENTIAL/securitytokens"
    made = http.post(url, json={"auth": body}).json()["credential"]
    keys = {"access_key": made["access"], "secret_key": made["secret"], "security_token": made["securitytoken"]}
    return {"auth_url": emulator.auth_url, "project_id": emulator.project_id(SOURCE), **keys}


def token_of(emulator: EmulatorServer) -> str:
    Session(
        LoginOptions(**{**NOTHING_GIVEN, "endpoints": {}, "timeout": 30, "auth": emulator.cloud(SOURCE)["auth"]}), 1
    )
    return emulator.tokens()[-1]


def entry_of(emulator: EmulatorServer, **changes: Any) -> dict[str, Any]:
    auth = {**emulator.cloud(SOURCE)["auth"], **changes}
    return {"auth": {name: value for name, value in auth.items() if value is not None}}


LOGINS: dict[str, Callable[[EmulatorServer], dict[str, Any]]] = {
    "password": entry_of,
    "password, one domain": lambda e: entry_of(
        e, user_domain_name=None, project_domain_name=None, domain_name="Default"
    ),
    "password, by ID": lambda e: entry_of(
        e,
        username=None,
        user_domain_name=None,
        user_id=stable_id("alice").replace("-", ""),
        project_name=None,
        project_domain_name=None,
        project_id=e.project_id(SOURCE),
    ),
    "password, no version": lambda e: entry_of(e, auth_url=e.auth_url.removesuffix("/v3")),
    "v3password": lambda e: {**entry_of(e), "auth_type": "v3password"},
    "token, L4": lambda e: entry_of(e, token=token_of(e), username=None, password=None, user_domain_name=None),
    "v3token": lambda e: {
        **entry_of(e, token=token_of(e), username=None, password=None, user_domain_name=None),
        "auth_type": "v3token",
    },
    "AK/SK, L7": lambda e: {"auth": key_of(e)},
    "AK/SK, short names": lambda e: {
        "auth": {
            "auth_url": e.auth_url,
            "ak": e.key_login(SOURCE)["access_key"],
            "sk": e.key_login(SOURCE)["secret_key"],
            "project_id": e.project_id(SOURCE),
        }
    },
    "AK/SK, by auth_type": lambda e: {"auth": key_of(e), "auth_type": "aksk"},
    "AK/SK, the region's project": lambda e: {
        "auth": {name: value for name, value in key_of(e).items() if name != "project_name"},
        "region_name": SOURCE,
    },
    "temporary AK/SK": lambda e: {"auth": temporary(e)},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("login", LOGINS)
def test_logins(emulator: EmulatorServer, given: Give, login: str, way: str) -> None:
    emulator.create_volume(SOURCE, "disk-of-a")
    emulator.create_volume(TARGET, "disk-of-b")
    entry = LOGINS[login](emulator)
    options = given(way, entry)
    if login == "AK/SK, the region's project":
        # The emulator's projects are not called like its region, as those of the vendor are.
        emulator.configure(region=SOURCE)
    emulator.forget_requests()
    assert projects_disks(options)[1] == ["disk-of-a"]
    if "AK/SK" in login:
        assert {request.method for request in emulator.requests()} == {"GET"}, "nobody asks for a token"


def test_a_key_beside_auth_in_clouds_yaml(emulator: EmulatorServer, given: Give) -> None:
    """L7: where the vendor's tools look for it; with a password it is not for this."""
    key = emulator.key_login(SOURCE)
    beside = {"ak": key.pop("access_key"), "sk": key.pop("secret_key")}
    for way in ("cloud", "clouds.yaml"):
        assert projects_disks(given(way, {**beside, "auth": key}))[0] == SOURCE
        emulator.forget_requests()
        assert projects_disks(given(way, {**beside, **entry_of(emulator)}))[0] == SOURCE
        assert "POST" in {request.method for request in emulator.requests()}


def test_each_attempt_is_signed_anew(
    emulator: EmulatorServer, given: Give, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    sign = signature.authorization

    def noted(*args: Any) -> str:
        made.append(args[2])
        return sign(*args)

    session = Session(given("auth", {"auth": key_of(emulator)}), 2)
    monkeypatch.setattr(signature, "authorization", noted)
    emulator.order_fault("status", status=503, path="/volumes/detail", times=2)
    assert list(Evs.of(session).volumes()) == []
    assert len(made) == 3


WRONG_KEYS = {
    "the secret": ({"secret_key": "5ecre7"}, "verify aksk signature fail"),
    "the key": ({"access_key": "NOBODYS0000000000000"}, "does not exist"),
    "the token": ({"security_token": "5ecre7-token"}, "security token is not that"),
    "the project": ({"project_name": "tenant-b"}, "no project is 'tenant-b'. Give project_id"),
    "the project's ID": ({"project_id": "0" * 32}, "x-project-id is no project"),
}


@pytest.mark.parametrize("wrong", WRONG_KEYS)
def test_a_wrong_key_is_told_and_not_tried_again(emulator: EmulatorServer, given: Give, wrong: str) -> None:
    changes, words = WRONG_KEYS[wrong]
    with pytest.raises(LoginError, match=re.escape(words)) as caught:
        Session(given("auth", {"auth": key_of(emulator, **changes)}), 2)
    assert len(emulator.requests()) == 1, "some wrong signatures lock a key"
    assert "5ecre7" not in str(caught.value)
    if "Give project_id" not in words:
        assert "Check access_key, secret_key, a security_token that may have expired, and the clock" in str(
            caught.value
        )


def test_a_signature_of_long_ago_is_told(
    emulator: EmulatorServer, given: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(given("auth", {"auth": key_of(emulator)}), 2)
    monkeypatch.setattr(signature, "DATE_FORMAT", "20250101T000000Z")
    emulator.forget_requests()
    with pytest.raises(ApiError, match=r"APIG.0301.*x-sdk-date is too far.*the clock of this machine"):
        list(Evs.of(session).volumes())
    assert len(emulator.requests()) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("part", ["access_key", "secret_key", "security_token"])
def test_a_key_with_what_none_has_is_told(given: Give, part: str, way: str) -> None:
    """L7: pasted with a blank, the end of the line, or what an editor makes of a sign."""
    login = {"auth_url": URL, "access_key": "AK", "secret_key": "SK", "project_name": "tenant-a"}
    for spoilt in ("5ecre7 x", "5ecre7\n", "\x1b5ecre7", "5ecre7\xe4", "\u201c5ecre7\u201d"):
        with pytest.raises(LoginError, match=f"The {part} has a character that is not allowed") as told:
            credentials(given(way, {"auth": {**login, part: spoilt}}))
        assert "5ecre7" not in str(told.value)


KEY = {"auth_url": URL, "access_key": "AK", "secret_key": "SK", "security_token": "ST", "project_name": "tenant-a"}
SECRET: dict[str, tuple[dict[str, str], set[str]]] = {
    "access key": (KEY, {"AK", "SK", "ST"}),
    "by its short names": ({"auth_url": URL, "ak": "AK", "sk": "SK", "project_id": "0a0a"}, {"AK", "SK"}),
    "several factors": ({**PASSWORD, "auth_methods": "v3password,v3totp", "passcode": "123456"}, {"5ecre7", "123456"}),
    "password": (PASSWORD, {"5ecre7"}),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("login", SECRET)
def test_what_is_secret_is_known(given: Give, login: str, way: str) -> None:
    """L7, S3: and only that; the name of a project may be a part of the name of a disk."""
    auth, secrets = SECRET[login]
    assert credentials(given(way, {"auth": auth})).secrets == secrets


@pytest.mark.parametrize("way", ["auth", "cloud", "clouds.yaml"])
def test_no_part_of_a_key_is_shown(emulator: EmulatorServer, given: Give, way: str) -> None:
    """What is no secret stays: the project's name is not cut out of the names of disks."""
    key = temporary(emulator)
    emulator.create_volume(SOURCE, f"of {key['project_id']} by {key['secret_key']} {key['security_token']}")
    options = given(way, {"auth": key, "region_name": "eu-de"})
    login = {"cloud": options.cloud} if options.cloud else {"auth": key, "region_name": "eu-de"}
    text = str(run_module("evs_volume_info", **login))
    assert f"of {key['project_id']} by " in text
    assert key["secret_key"] not in text
    assert key["security_token"] not in text


GAPS: dict[str, tuple[dict[str, Any], str | None, str]] = {
    "no password, L1": ({"password": None}, None, "password"),
    "an empty password, L1": ({"password": ""}, None, "password"),
    "no user": ({"username": None}, None, "username or user_id"),
    "no domain": ({"user_domain_name": None}, None, "user_domain_name or user_domain_id"),
    "no auth_url": ({"auth_url": None}, None, "auth_url"),
    "two things": ({"password": None, "username": None}, None, "password and username or user_id"),
    "application credential": (
        {"password": None, "username": None, "application_credential_id": "x"},
        None,
        "application_credential_secret",
    ),
    "token": ({"password": None, "username": None, "user_domain_name": None}, "token", "token"),
    "totp": ({"password": None}, "v3totp", "passcode"),
    "factors": ({}, "v3multifactor", "auth_methods"),
    "access key": ({"password": None, "ak": "AK"}, None, "secret_key"),
    "secret key": ({"password": None, "sk": "SK"}, "aksk", "access_key"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("gap", GAPS)
def test_a_gap_is_named_with_where_to_fill_it(given: Give, gap: str, way: str) -> None:
    changes, auth_type, missing = GAPS[gap]
    auth = {name: value for name, value in {**PASSWORD, **changes}.items() if value is not None}
    known = {option.dest for option in ways.options_of(auth_type or ways.meant_type(None, auth), auth)}
    if auth_type or "ak" in auth or "application_credential_id" in auth:
        auth = {name: value for name, value in auth.items() if name in known or name in ("ak", "sk")}
    entry = {"auth": auth, **({"auth_type": auth_type} if auth_type else {})}
    are = "are" if " and " in missing else "is"
    with pytest.raises(LoginError, match=rf"are not complete: {missing} {are} missing\. .*(P|p)ut it ") as caught:
        credentials(given(way, entry))
    assert "5ecre7" not in str(caught.value)


@pytest.mark.parametrize("plugin", sorted(loading.get_available_plugin_names()))
@pytest.mark.parametrize("way", WAYS)
def test_nothing_given_is_never_a_bug(given: Give, plugin: str, way: str) -> None:
    """L1: every plugin that keystoneauth1 has, with nothing that it needs."""
    options = given(way, {"auth_type": plugin, "auth": {"auth_url": URL, "project_id": "x"}})
    if plugin == "v3tokenlessauth":
        assert credentials(options).plugin
    else:
        with pytest.raises(LoginError):
            credentials(options)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("auth_type", "words"),
    [
        ("agency", "It comes with a Python package that is not installed: pip install 'otcextensions' for "),
        ("magic", "Give one that keystoneauth1 knows"),
        ("v3kerberos", "pip install 'keystoneauth1[kerberos]'"),
        ("v3samlpassword", "pip install 'keystoneauth1[saml2]'"),
        ("v3oauth1", "pip install 'keystoneauth1[oauth1]'"),
        ("none", "does not log in to a Keystone"),
        ("admin_token", "does not log in to a Keystone"),
    ],
)
def test_what_a_plugin_comes_with_is_named(given: Give, auth_type: str, words: str, way: str) -> None:
    """L8."""
    with pytest.raises(LoginError, match=re.escape(words)):
        credentials(given(way, {"auth_type": auth_type, "auth": PASSWORD}))


FACTORS = {**PASSWORD, "passcode": "123456"}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("methods", [["v3password", "v3totp"], "v3password,v3totp"])
def test_several_factors(given: Give, methods: Any, way: str) -> None:
    """L5."""
    entry = {"auth_type": "v3multifactor", "auth": {**FACTORS, "auth_methods": methods}}
    plugin: Any = credentials(given(way, entry)).plugin
    assert [type(method).__name__ for method in plugin.auth_methods] == ["PasswordMethod", "TOTPMethod"]
    assert [method.username for method in plugin.auth_methods] == ["alice", "alice"]
    assert plugin.auth_methods[1].passcode == "123456"


@pytest.mark.parametrize("way", WAYS)
def test_an_agency_is_meant_where_one_is_named(given: Give, way: str) -> None:
    """L8: the password beside it is that of the user."""
    agency = {"target_agency_name": "movers", "target_domain_name": "Other", "target_project_name": "tenant-c"}
    with pytest.raises(LoginError, match=r"There is no auth_type 'agency'.*pip install 'otcextensions'"):
        credentials(given(way, {"auth": {**PASSWORD, **agency}}))


APPLICATION = {"auth_url": URL, "application_credential_secret": "5ecre7"}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "auth",
    [
        {**APPLICATION, "application_credential_id": "x"},
        {**APPLICATION, "application_credential_name": "x", "username": "alice", "user_domain_name": "Default"},
        {**APPLICATION, "application_credential_name": "x", "user_id": "0"},
    ],
)
def test_an_application_credential_is_taken_for_one(given: Give, auth: Entry, way: str) -> None:
    """L4."""
    found = credentials(given(way, {"auth": auth}))
    assert type(found.plugin).__name__ == "ApplicationCredential"
    assert found.secrets == {"5ecre7"}


def read(give: Give, way: str, **top: Any) -> Credentials:
    return credentials(give(way, {**top, "auth": PASSWORD}))


@pytest.mark.parametrize("way", ["cloud", "clouds.yaml"])
def test_values_are_understood_as_they_are_meant(given: Give, way: str, tmp_path: Path) -> None:
    """L6."""
    for verify, meant in (("false", False), ("False", False), ("no", False), ("true", True), (False, False)):
        assert read(given, way, verify=verify).verify is meant
    assert read(given, way, insecure="true").verify is False
    authority = tmp_path / "ca.pem"
    authority.touch()
    assert read(given, way, verify="true", cacert=str(authority)).verify == str(authority)
    assert read(given, way, verify=str(authority)).verify == str(authority)
    assert read(given, way, cacert="~/ca.pem").verify == str(authority)
    assert read(given, way, interface=["internal", "public"]).interfaces == ["internal", "public"]
    assert read(given, way, endpoint_type="internalURL").interfaces == ["internalURL"]
    assert read(given, way).interfaces == ["public"]
    for seconds, waited in (("none", 60), (None, 60), ("5", 5), (2.5, 2.5), ("", 60)):
        assert read(given, way, api_timeout=seconds).api_timeout == waited
    for nonsense in ("soon", -1, "inf", "nan", [3]):
        with pytest.raises(LoginError, match=r"The api_timeout of .* takes a number of seconds"):
            read(given, way, api_timeout=nonsense)


def test_variables_are_understood_as_they_are_meant(given: Give) -> None:
    """L6: as openstacksdk reads the environment."""
    assert read(given, "environment", insecure="true", api_timeout="7", endpoint_type="internal").verify is False
    found = read(given, "environment")
    assert (found.interfaces, found.api_timeout) == (["internal"], 7)


def test_the_second_interface_is_used_where_the_first_is_not_listed(emulator: EmulatorServer, given: Give) -> None:
    """L6."""
    entry = {**entry_of(emulator), "interface": ["internal", "public"]}
    assert projects_disks(given("clouds.yaml", entry))[0] == SOURCE


def test_what_is_not_taken_is_named(given: Give) -> None:
    """L7: a key beside a password in auth, where it is not for."""
    for way in ("auth", "cloud", "clouds.yaml"):
        with pytest.raises(LoginError, match="does not take access_key in auth"):
            credentials(given(way, {"auth": {**PASSWORD, "access_key": "5ecre7"}}))


def test_one_of_several_regions_is_taken_with_a_word(
    emulator: EmulatorServer, given: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L10."""
    emulator.configure(more_regions=["eu-nl"])
    session = Session(given("auth", entry_of(emulator)), 2)
    (warning,) = session.warnings
    assert "No region_name is given" in warning
    assert "lists 'eu-de', 'eu-nl': 'eu-de' is taken. Give region_name" in warning
    assert session.project.region_name == "eu-de"
    assert list(Evs.of(session).volumes()) == []
    assert Session(given("auth", {**entry_of(emulator), "region_name": "eu-de"}), 2).warnings == []
    said: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda self, text: said.append(text))
    run_module("evs_volume_info", **entry_of(emulator))
    assert said == [warning]
    emulator.configure(more_regions=[])
    assert Session(given("auth", entry_of(emulator)), 2).warnings == []
    cloud = {**entry_of(emulator), "regions": ["eu-de", "eu-nl"]}
    (warning,) = Session(given("clouds.yaml", cloud), 2).warnings
    assert "the cloud 'mine' of clouds.yaml lists 'eu-de', 'eu-nl': 'eu-de' is taken" in warning


def test_a_file_of_the_user_is_named_from_where_he_is(
    given: Give, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L2: certificates, too."""
    (tmp_path / "ca.pem").touch()
    for way in ("auth", "cloud", "clouds.yaml", "environment"):
        monkeypatch.delenv("OTC_EVS_DIRECTORY", raising=False)
        options = given(way, {"auth": PASSWORD, "cacert" if way != "auth" else "ca_cert": "ca.pem"})
        with pytest.raises(EvsError, match=r"There is no file 'ca\.pem' in "):
            credentials(options)
        monkeypatch.setenv("OTC_EVS_DIRECTORY", str(tmp_path))
        assert credentials(options).verify == str(tmp_path / "ca.pem")
