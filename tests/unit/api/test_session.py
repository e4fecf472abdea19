# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for retries, tokens, pages and endpoints, over real connections."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import certifi
import pytest
import trustme
from urllib3.exceptions import InsecureRequestWarning

from ansible_collections.otc.evs.plugins.module_utils._api import client as _client
from ansible_collections.otc.evs.plugins.module_utils._api import pace as _backoff
from ansible_collections.otc.evs.plugins.module_utils._api.client import Client
from ansible_collections.otc.evs.plugins.module_utils._api.endpoints import complete, root_and_version
from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._api.pace import Backoff
from ansible_collections.otc.evs.plugins.module_utils._errors import (
    AnswerLost,
    ApiError,
    EvsError,
    LoginError,
    MalformedAnswer,
    Unreachable,
)
from ansible_collections.otc.evs.plugins.module_utils._model.projects import Place, Project
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Secret
from tests.emulator.server import EmulatorServer
from tests.support.scripted import Script, Step, answer, cut_off, half_an_answer, scripted, silence
from tests.support.server import SOURCE
from tests.support.tenants import evs_of, session_of

HTML = answer(200, "<html>gateway</html>", kind="text/html")
KEY = "00000000000000ff"

LOST: dict[str, Step] = {
    "reset": cut_off,
    "truncated": half_an_answer,
    "html": HTML,
    "not json": answer(200, "{"),
    "not an object": answer(200, []),
    "500": answer(500, {"computeFault": {"message": "boom", "code": 500}}),
    "502": answer(502, "bad gateway", kind="text/plain"),
    "503": answer(503, {"serviceUnavailable": {"message": "later", "code": 503}}),
    "504": answer(504, ""),
}


def client_of(emulator: EmulatorServer, script: Script, **options: Any) -> Client:
    """A client whose Keystone is the emulator and whose block storage is the script."""
    return session_of(emulator, SOURCE, endpoints={"evs": script.url}, **options).required_client("evs")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("how", LOST)
@pytest.mark.parametrize("method", ["get", "delete"])
def test_reads_and_deletes_are_repeated(emulator: EmulatorServer, how: str, method: str) -> None:
    with scripted(LOST[how], LOST[how], answer(200, {"fine": True})) as script:
        getattr(client_of(emulator, script), method)("volumes")
    assert [request.method for request in script.received] == [method.upper()] * 3


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("how", LOST)
def test_a_post_whose_answer_is_lost_is_not_repeated(emulator: EmulatorServer, how: str) -> None:
    with scripted(LOST[how]) as script, pytest.raises(EvsError) as caught:
        client_of(emulator, script).post("os-volume-transfer", {})
    assert len(script.received) == 1
    assert isinstance(caught.value, AnswerLost) or getattr(caught.value, "status", 0) >= 500


def test_a_post_that_times_out_is_not_repeated(emulator: EmulatorServer) -> None:
    with scripted(silence) as script, pytest.raises(AnswerLost, match="no answer arrived"):
        client_of(emulator, script, api_timeout=1).post("os-volume-transfer", {})
    assert len(script.received) == 1


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_a_throttled_request_is_repeated(emulator: EmulatorServer, method: str) -> None:
    throttled = answer(429, {"error_code": "APIG.0308", "error_msg": "throttling threshold has been reached"})
    body: list[Any] = [{}] if method == "post" else []
    with scripted(*[throttled] * 7, answer(200, {})) as script:
        getattr(client_of(emulator, script), method)("volumes", *body)
    assert len(script.received) == 8


def test_retry_after_is_honoured(emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch) -> None:
    delays: list[tuple[int, float | None]] = []

    def delay(self: Backoff, attempt: int, retry_after: float | None, deadline: float) -> bool:
        delays.append((attempt, retry_after))
        return True

    monkeypatch.setattr(Backoff, "delay", delay)
    with scripted(answer(429, {}, Retry_After="7"), answer(503, {}), answer(200, {})) as script:
        client_of(emulator, script).get("volumes")
    assert delays == [(1, 7.0), (2, None)]


def test_throttling_ends_with_the_timeout(emulator: EmulatorServer) -> None:
    with scripted(answer(429, {}, Retry_After="3600")) as script, pytest.raises(ApiError) as caught:
        client_of(emulator, script).get("volumes")
    assert caught.value.status == 429
    assert len(script.received) == 1


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("status", [400, 403, 404, 409, 413])
def test_a_refusal_is_final(emulator: EmulatorServer, status: int) -> None:
    refusal = answer(status, {"overLimit": {"message": "no", "code": status}}, Retry_After="0")
    with scripted(refusal) as script, pytest.raises(ApiError, match="no") as caught:
        client_of(emulator, script).get("volumes")
    assert caught.value.status == status
    assert len(script.received) == 1


@pytest.mark.usefixtures("quick")
def test_failing_reads_end_after_some_attempts(emulator: EmulatorServer) -> None:
    with scripted(*[answer(503, {})] * 50) as script, pytest.raises(ApiError):
        client_of(emulator, script).get("volumes")
    assert len(script.received) == _backoff.MOST_ATTEMPTS


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_unreachable_server_is_tried_again_then_named(
    emulator: EmulatorServer, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = itertools.count(1)
    seen: list[int] = []
    delay = Backoff.delay

    def counted(self: Backoff, *args: Any) -> bool:
        seen.append(next(attempts))
        return delay(self, *args)

    monkeypatch.setattr(Backoff, "delay", counted)
    with scripted() as script:
        pass
    client = client_of(emulator, script)
    with pytest.raises(Unreachable, match=f"{script.url}.*Check the endpoint"):
        getattr(client, method)("volumes", *([{}] if method == "post" else []))
    assert len(seen) == _backoff.MOST_ATTEMPTS - 1


def test_a_rejected_token_is_renewed_once_for_all(emulator: EmulatorServer) -> None:
    session = session_of(emulator, SOURCE)
    evs = Evs.of(session)
    emulator.expire_tokens()
    emulator.forget_requests()
    assert list(evs.volumes()) == []
    asked = [
        (request.method, request.path.split("?")[0].rsplit("/", 1)[-1], request.status)
        for request in emulator.requests()
    ]
    assert asked == [("GET", "detail", 401), ("POST", "tokens", 201), ("GET", "detail", 200)]


def test_a_second_rejection_is_an_error(emulator: EmulatorServer) -> None:
    rejection = answer(401, {"error": {"message": "no such token", "code": 401}})
    with scripted(rejection, rejection) as script, pytest.raises(ApiError, match="no such token"):
        client_of(emulator, script).get("volumes")
    assert len(script.received) == 2


def test_a_redirect_is_not_followed(emulator: EmulatorServer) -> None:
    with (
        scripted() as elsewhere,
        scripted(answer(307, {}, Location=f"{elsewhere.url}/x")) as script,
        pytest.raises(ApiError, match="307"),
    ):
        client_of(emulator, script).post("os-volume-transfer", {})
    assert elsewhere.received == []


def test_the_netrc_is_not_used(emulator: EmulatorServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password dummy\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with scripted(answer(200, {})) as script:
        client_of(emulator, script).get("volumes")
    assert "authorization" not in script.received[0].headers
    assert script.received[0].headers["x-auth-token"]
    auth = emulator.cloud(SOURCE)["auth"]
    with (
        scripted(answer(401, {}, X_Openstack_Request_Id="r" * 60_000)) as keystone,
        pytest.raises(LoginError) as caught,
    ):
        session_of(emulator, SOURCE, auth={**auth, "auth_url": f"{keystone.url}/v3"})
    assert "authorization" not in keystone.received[0].headers, "nor is it sent to Keystone (S10)"
    assert len(str(caught.value.details["request_id"])) < 100


@pytest.mark.parametrize("option", ["ca_cert", "client_cert", "client_key"])
def test_the_text_of_a_key_is_not_taken_for_its_path_and_not_shown(emulator: EmulatorServer, option: str) -> None:
    """S10: a PEM pasted where a path belongs."""
    text = "-----BEGIN PRIVATE KEY-----\nMIIB5ecre7\n-----END PRIVATE KEY-----\n"
    options: dict[str, Any] = {"client_cert": __file__, option: text}
    with pytest.raises(LoginError, match="contains a certificate or a key itself") as caught:
        session_of(emulator, SOURCE, **options)
    assert "5ecre7" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "reason", "code"),
    [
        ({"badRequest": {"message": "words", "code": 400}}, "words", "400"),
        ({"badrequest": {"message": "words", "code": "400"}}, "words", "400"),
        ({"error": {"message": "words", "code": "EVS.5400"}}, "words", "EVS.5400"),
        ({"error_code": "APIG.0308", "error_msg": "words", "request_id": "r-1"}, "words", "APIG.0308"),
        ("<html>", "Scripted", None),
        ({"error": "flat"}, "Scripted", None),
    ],
)
def test_the_servers_words_are_found(emulator: EmulatorServer, body: Any, reason: str, code: str | None) -> None:
    with scripted(answer(400, body)) as script, pytest.raises(ApiError) as caught:
        client_of(emulator, script).get("volumes")
    assert (caught.value.reason, caught.value.code) == (reason, code)
    expected = "r-1" if isinstance(body, dict) and "request_id" in body else None
    assert caught.value.request_id == expected


def test_a_request_id_is_told(emulator: EmulatorServer) -> None:
    with scripted(answer(404, {}, x_compute_request_id="req-7")) as script, pytest.raises(ApiError, match="req-7"):
        client_of(emulator, script).get("volumes")


def test_an_echoed_key_is_masked(emulator: EmulatorServer) -> None:
    words = f"Invalid input for {{'auth_key': '{KEY}'}}"
    echo = answer(400, {"badRequest": {"message": words, "code": f"C{KEY}"}}, X_Request_Id=f"req-{KEY}")
    with scripted(echo, echo) as script:
        client = client_of(emulator, script)
        evs = Evs(client, Project("p", "p", None), Place("", ""))
        with pytest.raises(ApiError) as accept:
            evs.accept_transfer("t", Secret(KEY))
        with pytest.raises(ApiError) as later:
            evs.delete_transfer("t")
    assert KEY in script.received[0].body.decode()
    for caught in (accept, later):
        assert KEY not in f"{caught.value} {caught.value.details} {caught.value.reason}"
        assert caught.value.reason == words.replace(KEY, "********")


def test_disks_are_paged_by_marker_and_links_are_not_followed(emulator: EmulatorServer) -> None:
    ids = emulator.create_volumes(SOURCE, [{"name": f"d{number}"} for number in range(7)])
    emulator.configure(max_limit=3, link_base="http://127.0.0.1:9/internal")
    try:
        found = [volume.id for volume in evs_of(emulator, SOURCE).volumes()]
    finally:
        emulator.configure(max_limit=1000)
    assert sorted(found) == sorted(ids)


def test_a_list_that_does_not_end_is_an_error(emulator: EmulatorServer) -> None:
    page = answer(200, {"volumes": [{"id": "v", "status": "available"}], "volumes_links": [{"rel": "next"}]})
    with scripted(page, page, page) as script, pytest.raises(MalformedAnswer, match="does not end"):
        list(client_of(emulator, script).linked_pages("volumes/detail", "volumes", {}))
    assert len(script.received) == 2


@pytest.mark.parametrize(
    ("pages", "queries"), [([2, 1], ["", "offset=2"]), ([2, 2, 0], ["", "offset=2", "offset=4"]), ([0], [""])]
)
def test_transfers_are_paged_by_offset_and_only_after_a_full_page(
    emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch, pages: list[int], queries: list[str]
) -> None:
    monkeypatch.setattr(_client, "PAGE", 2)
    numbers = itertools.count()
    steps = [answer(200, {"transfers": [{"id": f"t{next(numbers)}"} for dummy in range(count)]}) for count in pages]
    with scripted(*steps) as script:
        found = list(client_of(emulator, script).transfer_pages("os-volume-transfer/detail"))
    assert [len(page) for page in found] == pages
    assert [request.path.partition("?")[2] for request in script.received] == queries


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("https://evs.example.com", "https://evs.example.com/v3/P"),
        ("https://evs.example.com/", "https://evs.example.com/v3/P"),
        ("https://evs.example.com/v3", "https://evs.example.com/v3/P"),
        ("https://evs.example.com/v3/P", "https://evs.example.com/v3/P"),
        ("https://evs.example.com/v3/%(project_id)s/", "https://evs.example.com/v3/P"),
        ("https://evs.example.com/v2/$(tenant_id)s", "https://evs.example.com/v2/P"),
        ("http://127.0.0.1:8776/volume/v3", "http://127.0.0.1:8776/volume/v3/P"),
    ],
)
def test_an_endpoint_is_made_whole(url: str, whole: str) -> None:
    assert complete(url, "evs", "P") == whole


@pytest.mark.parametrize("url", ["evs.example.com", "ftp://evs.example.com", "https://"])
def test_an_endpoint_that_is_no_url_is_named(url: str) -> None:
    with pytest.raises(LoginError, match="is not a URL"):
        complete(url, "evs", "P")


@pytest.mark.parametrize(
    "user", ["alice:5ecre7", "5ecre7", ":5ecre7", "5ecre7:", "alice:5ecre/7", "alice:?5ecre7", "a:#5ecre7", "a:@5ecre7"]
)
def test_a_url_with_credentials_is_refused_and_not_shown(emulator: EmulatorServer, user: str) -> None:
    """S6: a URL is shown in messages and logs."""
    with pytest.raises(LoginError, match="before the @") as endpoint:
        complete(f"https://{user}@evs.example.com/v2", "evs", "p")
    with pytest.raises(LoginError, match="before the @") as bare:
        complete(f"{user}@evs.example.com/v2", "evs", "p")
    entry = emulator.cloud(SOURCE)
    auth = {**entry["auth"], "auth_url": emulator.auth_url.replace("://", f"://{user}@")}
    with pytest.raises(LoginError, match=r"the auth_url of the option auth, before the @") as login:
        session_of(emulator, SOURCE, auth=auth)
    assert "5ecre" not in f"{endpoint.value} {bare.value} {login.value}"


def test_the_catalogue_decides_about_the_version(emulator: EmulatorServer) -> None:
    def url() -> str:
        return evs_of(emulator, SOURCE)._client.url

    assert "/v2/" in url()
    emulator.configure(volumev3_only=True)
    try:
        assert "/v3/" in url()
    finally:
        emulator.configure(volumev3_only=False)


def test_v2_that_was_left_over_in_the_catalogue_is_not_taken(emulator: EmulatorServer) -> None:
    """P8."""
    emulator.configure(leftover_v2=True)
    try:
        assert list(evs_of(emulator, SOURCE).volumes()) == []
    finally:
        emulator.configure(leftover_v2=False)


@pytest.mark.parametrize(
    ("url", "root", "version"),
    [
        ("https://evs.example.com/v3/P", "https://evs.example.com/", "v3"),
        ("http://127.0.0.1:8776/volume/v2/P", "http://127.0.0.1:8776/volume/", "v2"),
        ("https://evs.example.com/p", "https://evs.example.com/p/", ""),
    ],
)
def test_where_a_service_tells_its_versions(url: str, root: str, version: str) -> None:
    assert root_and_version(url) == (root, version)


def test_the_newest_microversion_is_read(emulator: EmulatorServer) -> None:
    assert evs_of(emulator, SOURCE)._client.newest_microversion() is None, "EVS v2 has none"
    client = evs_of(emulator, SOURCE, endpoints={"evs": emulator.endpoints["evs"]})._client
    assert client.newest_microversion() == (3, 50)
    emulator.order_fault("status", status=403, path="^/$", times=None)
    with pytest.raises(MalformedAnswer, match=r"The versions of the service at http://.* could not be read"):
        client.newest_microversion()


def test_a_missing_endpoint_says_what_there_is(emulator: EmulatorServer) -> None:
    with pytest.raises(LoginError, match=r"evs or volumev3 .* region nowhere; it lists .*volumev3.*endpoints"):
        evs_of(emulator, SOURCE, region_name="nowhere")


def test_a_token_without_project_is_refused(emulator: EmulatorServer) -> None:
    auth = {key: value for key, value in emulator.cloud(SOURCE)["auth"].items() if not key.startswith("project")}
    with pytest.raises(LoginError, match="not scoped to a project"):
        session_of(emulator, SOURCE, auth=auth)


def test_one_login_is_one_request(emulator: EmulatorServer) -> None:
    evs_of(emulator, SOURCE)
    assert [(request.method, request.path) for request in emulator.requests()] == [("POST", "/v3/auth/tokens")]


def wrong(**changes: Any) -> Callable[[EmulatorServer], dict[str, Any]]:
    return lambda emulator: {**emulator.cloud(SOURCE)["auth"], **changes}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("auth", "message"),
    [
        (wrong(password="dummy"), "refused the credentials of the option auth.*Check the user, the password"),
        (wrong(auth_url="http://127.0.0.1:9/v3"), "http://127.0.0.1:9/v3 cannot be reached.*Check auth_url"),
        (wrong(auth_url=None), "not complete.*auth_url"),
        (wrong(pasword="blue"), "does not take pasword in auth. It takes auth_url, .*password"),
        (wrong(access_key="x", sk="x", cacert="x"), "does not take access_key, cacert, sk in auth"),
        (wrong(hunter2="x", geheim="x", sk="x"), r"does not take sk, 2 that are not shown \(they may be secrets\)"),
    ],
)
def test_what_is_wrong_with_a_login_is_told(
    emulator: EmulatorServer, auth: Callable[[EmulatorServer], dict[str, Any]], message: str
) -> None:
    with pytest.raises(EvsError, match=message):
        session_of(emulator, SOURCE, auth=auth(emulator))


def test_an_unknown_auth_type_is_named(emulator: EmulatorServer) -> None:
    with pytest.raises(LoginError, match="no auth_type 'magic'"):
        session_of(emulator, SOURCE, auth_type="magic")


@pytest.mark.usefixtures("quick")
def test_a_failing_keystone_is_tried_again(emulator: EmulatorServer) -> None:
    with scripted(
        answer(503, {}), answer(429, {}), answer(500, {}), answer(403, {"error": {"message": "no"}})
    ) as script:
        auth = {**emulator.cloud(SOURCE)["auth"], "auth_url": f"{script.url}/v3"}
        with pytest.raises(LoginError, match="answered 403"):
            session_of(emulator, SOURCE, auth=auth)
    assert len(script.received) == 4


def test_an_untrusted_certificate_is_told_and_a_trusted_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certifi.where())
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    pem, ca = tmp_path / "server.pem", tmp_path / "ca.pem"
    certificate.private_key_and_cert_chain_pem.write_to_path(str(pem))
    authority.cert_pem.write_to_path(str(ca))
    with EmulatorServer(tls_cert=pem, tls_key=pem) as server:
        with pytest.raises(Unreachable, match=r"certificate verify failed.*give that authority's file in ca_cert"):
            evs_of(server, SOURCE)
        assert list(evs_of(server, SOURCE, ca_cert=str(ca)).volumes()) == []
        with pytest.warns(InsecureRequestWarning):
            assert list(evs_of(server, SOURCE, validate_certs=False).volumes()) == []


@pytest.mark.parametrize("options", [{"ca_cert": "/nowhere.pem"}, {"client_cert": "/nowhere.pem"}])
def test_a_file_that_is_not_there_is_named(emulator: EmulatorServer, options: dict[str, Any]) -> None:
    with pytest.raises(LoginError, match=r"no file '/nowhere.pem', which ca_cert"):
        session_of(emulator, SOURCE, **options)


def test_a_relative_path_is_told_with_its_folder(
    emulator: EmulatorServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LoginError, match=rf"no file 'ca.pem' in {tmp_path}, which ca_cert.* Give its whole path."):
        session_of(emulator, SOURCE, ca_cert="ca.pem")
