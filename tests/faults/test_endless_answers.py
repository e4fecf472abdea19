# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that never end, that lead elsewhere, and that ask to wait for ever."""

from __future__ import annotations

import contextlib
import datetime
import email.utils
import gzip
import itertools
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import trustme

from ansible_collections.otc.evs.plugins.module_utils._api import bound as _bound
from ansible_collections.otc.evs.plugins.module_utils._api import client as _client
from ansible_collections.otc.evs.plugins.module_utils._api import clouds as _clouds
from ansible_collections.otc.evs.plugins.module_utils._api import stall as _stall
from ansible_collections.otc.evs.plugins.module_utils._api.answers import outcome_is_open, retry_after
from ansible_collections.otc.evs.plugins.module_utils._api.client import Client
from ansible_collections.otc.evs.plugins.module_utils._errors import (
    AnswerLost,
    AnswerTooLong,
    ApiError,
    EvsError,
    MalformedAnswer,
)
from tests.emulator.server import EmulatorServer
from tests.support.modules import run_module
from tests.support.scripted import Script, Step, answer, scripted
from tests.support.server import SOURCE, TARGET
from tests.support.tenants import session_of

pytestmark = pytest.mark.usefixtures("quick")

LISTS: dict[str, Callable[[Client], Iterator[Any]]] = {
    "by marker": lambda client: client.linked_pages("list", "list", {}),
    "by offset": lambda client: client.linked_pages("list", "list", {}, by_offset=True),
    "counted": lambda client: client.counted_pages("list", {}),
    "transfers": lambda client: client.transfer_pages("list"),
}


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same limits, sooner reached."""
    monkeypatch.setattr(_client, "PAGE", 2)
    monkeypatch.setattr(_client, "MOST_PAGES", 5)
    monkeypatch.setattr(_bound, "MOST_MEBIBYTES", 1)


def client_of(emulator: EmulatorServer, script: Script, **options: Any) -> Client:
    """A client whose Keystone is the emulator and whose block storage is the script."""
    return session_of(emulator, SOURCE, endpoints={"evs": script.url}, **options).required_client("evs")


def page(*ids: Any, count: Any = 10**9) -> Step:
    entries = [{"id": each} for each in ids]
    links = [{"rel": "next", "href": "http://127.0.0.1:9/"}]
    return answer(200, {"list": entries, "transfers": entries, "list_links": links, "count": count})


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("how", LISTS)
def test_a_list_with_ever_new_pages_is_given_up(emulator: EmulatorServer, how: str) -> None:
    ids = itertools.count()
    pages = [page(f"a{next(ids)}", f"b{next(ids)}") for dummy in range(10)]
    with (
        scripted(*pages) as script,
        pytest.raises(MalformedAnswer, match=r"does not end: it has more than 5 pages.*Check that the endpoint"),
    ):
        list(LISTS[how](client_of(emulator, script)))
    assert len(script.received) == 6


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("how", LISTS)
def test_a_list_that_shows_the_same_page_again_is_given_up(emulator: EmulatorServer, how: str) -> None:
    with (
        scripted(*[page("a", "b")] * 10) as script,
        pytest.raises(MalformedAnswer, match="does not end: a page is followed by the same page"),
    ):
        list(LISTS[how](client_of(emulator, script)))
    assert len(script.received) == 2


@pytest.mark.usefixtures("short")
def test_a_list_that_goes_in_circles_is_given_up(emulator: EmulatorServer) -> None:
    with (
        scripted(page("a", "b"), page("c", "d"), page("a", "b"), page("c", "d")) as script,
        pytest.raises(MalformedAnswer, match="does not end: the page after b was read before"),
    ):
        list(LISTS["by marker"](client_of(emulator, script)))
    assert len(script.received) == 3


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("last", [None, 0, "", {}, ["x"]], ids=str)
def test_a_page_that_nobody_can_go_on_after_is_told(emulator: EmulatorServer, last: Any) -> None:
    with scripted(page("a", last)) as script, pytest.raises(MalformedAnswer, match="does not end"):
        list(LISTS["by marker"](client_of(emulator, script)))
    assert len(script.received) == 1


@pytest.mark.parametrize("count", [None, -1, 0, 1, "2", True, 1.5, [], {}], ids=str)
def test_a_count_that_would_hide_entries_is_told(emulator: EmulatorServer, count: Any) -> None:
    with (
        scripted(page("a", "b", count=count)) as script,
        pytest.raises(MalformedAnswer, match="shows 2 entries and says that there are"),
    ):
        list(LISTS["counted"](client_of(emulator, script)))


def endless(connection: socket.socket) -> None:
    """A body without end, until nobody listens any more."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    with contextlib.suppress(OSError):
        while True:
            connection.sendall(b" " * 2**16)


def packed(connection: socket.socket) -> None:
    """A few KiB that unpack to more than anybody wants."""
    content = gzip.compress(b" " * 2**23)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(content)}\r\n\r\n"
    connection.sendall(head.encode() + content)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("how", [endless, packed])
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_a_body_without_end_is_given_up_once(emulator: EmulatorServer, method: str, how: Step) -> None:
    body: list[Any] = [{}] if method == "post" else []
    with (
        scripted(*[how] * 3) as script,
        pytest.raises(AnswerTooLong, match=r"has more than 1 MiB.*Check the endpoint") as caught,
    ):
        getattr(client_of(emulator, script), method)("x", *body)
    assert len(script.received) == 1
    assert outcome_is_open(caught.value)


@pytest.mark.usefixtures("short")
def test_a_login_without_end_is_given_up(emulator: EmulatorServer) -> None:
    with scripted(endless) as script:
        auth = {**emulator.cloud(SOURCE)["auth"], "auth_url": f"{script.url}/v3"}
        result = run_module("evs_volume_info", auth=auth)
    assert result["msg"].startswith(f"POST {script.url}/v3/auth/tokens: the answer has more than 1 MiB")
    assert len(script.received) == 1


def test_a_long_answer_is_read_whole(emulator: EmulatorServer) -> None:
    text = "x" * 2**24
    with scripted(answer(200, {"text": text})) as script:
        assert client_of(emulator, script).get("x")["text"] == text


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_no_redirect_of_a_service_is_followed(emulator: EmulatorServer, method: str, status: int) -> None:
    body: list[Any] = [{}] if method == "post" else []
    with (
        scripted() as elsewhere,
        scripted(answer(status, None, Location=f"{elsewhere.url}/x")) as script,
        pytest.raises(ApiError, match=rf"was answered {status}.*A redirect is not followed.*check the endpoint"),
    ):
        getattr(client_of(emulator, script), method)("x", *body)
    assert elsewhere.received == []
    assert len(script.received) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 305, 307, 308])
@pytest.mark.parametrize("version", ["", "/v3"], ids=["discovery", "version"])
def test_no_redirect_of_the_login_is_followed(emulator: EmulatorServer, version: str, status: int) -> None:
    with scripted() as elsewhere, scripted(*[answer(status, None, Location=f"{elsewhere.url}/v3")] * 5) as script:
        auth = {**emulator.cloud(SOURCE)["auth"], "auth_url": f"{script.url}{version}"}
        result = run_module("evs_volume_info", auth=auth)
    assert result["msg"].startswith(f"The login at {script.url}{version} with the option auth failed")
    assert "Check auth_url" in result["msg"]
    assert elsewhere.received == []


def test_no_link_to_another_host_is_followed(emulator: EmulatorServer) -> None:
    with scripted() as elsewhere:
        emulator.create_volumes(SOURCE, [{"name": f"d{number}"} for number in range(5)])
        emulator.configure(max_limit=2, link_base=elsewhere.url)
        try:
            result = run_module("evs_volume_info", auth=emulator.cloud(SOURCE)["auth"])
        finally:
            emulator.configure(max_limit=1000, link_base=None)
    assert len(result["volumes"]) == 5
    assert elsewhere.received == []


def asked_to_wait(value: str) -> float | None:
    response = requests.Response()
    response.headers["Retry-After"] = value
    return retry_after(response)


@pytest.mark.parametrize(("value", "seconds"), [("0", 0.0), ("7", 7.0), (" 7 ", 7.0), ("9" * 400, float("inf"))])
def test_seconds_to_wait_are_understood(value: str, seconds: float) -> None:
    assert asked_to_wait(value) == seconds


@pytest.mark.parametrize(
    "value", ["", "soon", "-5", "1.5", "1e3", "\N{SUPERSCRIPT TWO}", "Fri, 99 Foo 2026 99:99:99 GMT"], ids=ascii
)
def test_a_time_to_wait_that_is_none_is_passed_over(value: str) -> None:
    assert asked_to_wait(value) is None


@pytest.mark.parametrize("zone", ["GMT", "+0000", "-0000"])
def test_a_date_to_wait_for_is_understood(zone: str) -> None:
    then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    seconds = asked_to_wait(email.utils.format_datetime(then, usegmt=True).replace("GMT", zone))
    assert seconds is not None
    assert 80_000 < seconds < 87_000


LATE = ["Fri, 31 Dec 9999 23:59:59 GMT", "9" * 400, "86400"]
PAST = ["Thu, 01 Jan 1970 00:00:00 GMT", "0"]


@pytest.mark.parametrize("value", LATE)
def test_nobody_waits_longer_than_the_timeout(emulator: EmulatorServer, value: str) -> None:
    with scripted(answer(429, {}, Retry_After=value)) as script, pytest.raises(ApiError) as caught:
        client_of(emulator, script).get("x")
    assert caught.value.status == 429
    assert len(script.received) == 1


@pytest.mark.parametrize("value", PAST)
def test_a_time_that_is_over_is_not_waited_for(emulator: EmulatorServer, value: str) -> None:
    with scripted(answer(429, {}, Retry_After=value), answer(200, {"fine": True})) as script:
        assert client_of(emulator, script).get("x") == {"fine": True}


@pytest.mark.parametrize("value", LATE)
def test_the_login_does_not_wait_longer_either(emulator: EmulatorServer, value: str) -> None:
    with scripted(*[answer(429, {}, Retry_After=value)] * 3) as script:
        auth = {**emulator.cloud(SOURCE)["auth"], "auth_url": f"{script.url}/v3"}
        result = run_module("evs_volume_info", auth=auth)
    assert "answered 429" in result["msg"]
    assert len(script.received) == 1


def dripping(first: bytes, drop: bytes) -> Step:
    """Send one byte after the other, never silent for long, until nobody listens any more."""

    def step(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(first)
            while True:
                connection.sendall(drop)
                connection.settimeout(0.02)
                with contextlib.suppress(TimeoutError):
                    if not connection.recv(1):
                        return

    return step


DRIPPING = {
    "in its headers": dripping(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
    "of 100 Continue": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "with a length": dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b" "),
    "without a length": dripping(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", b" "),
    "in chunks": dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "of an error": dripping(b"HTTP/1.1 500 Oh\r\nContent-Length: 1000000\r\n\r\n", b" "),
}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_clouds, "DEFAULT_API_TIMEOUT", 1)
    monkeypatch.setattr(_stall, "MOST_TIMES", 2)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, str]:
    """What a server shows that speaks TLS, and the file with which it is trusted."""
    made = trustme.CA()
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    made.cert_pem.write_to_path(str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.issue_cert("127.0.0.1", "evs.example.com").configure_cert(context)
    return context, str(file)


Authority = tuple[ssl.SSLContext, str]
LINES = pytest.mark.parametrize("line", ["plain", "TLS"])


@LINES
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("how", DRIPPING)
def test_an_answer_that_comes_in_drops_is_given_up(
    emulator: EmulatorServer, authority: Authority, line: str, how: str
) -> None:
    """S5: no look at the line is silent for long, and the answer never ends; a POST is not sent again."""
    context, file = authority
    with (
        scripted(DRIPPING[how], tls=context if line == "TLS" else None) as script,
        pytest.raises((AnswerLost, MalformedAnswer)) as caught,
    ):
        client_of(emulator, script, ca_cert=file).post("x", {})
    assert len(script.received) == 1
    # http.client gives up by itself after a hundred headers.
    assert how == "in its headers" or "arrives too slowly" in str(caught.value)
    assert outcome_is_open(caught.value)


@LINES
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("how", DRIPPING)
def test_a_keystone_that_answers_in_drops_is_given_up(
    emulator: EmulatorServer, authority: Authority, line: str, how: str
) -> None:
    context, file = authority
    auth = emulator.cloud(SOURCE)["auth"]
    with (
        scripted(*[DRIPPING[how]] * 5, tls=context if line == "TLS" else None) as script,
        pytest.raises(EvsError) as caught,
    ):
        session_of(emulator, SOURCE, auth={**auth, "auth_url": f"{script.url}/v3"}, ca_cert=file, timeout=1)
    assert how == "in its headers" or "arrives too slowly" in str(caught.value)


PROXIED = {
    "plain": ("http://evs.example.com/v2", DRIPPING["with a length"], "POST http://"),
    "of 100 Continue": ("http://evs.example.com/v2", DRIPPING["of 100 Continue"], "POST http://"),
    "tunnel": (
        "https://evs.example.com/v2",
        dripping(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        "CONNECT evs.example.com",
    ),
}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("how", PROXIED)
def test_a_proxy_that_answers_in_drops_is_given_up(
    emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """S5: the headers of its answer to CONNECT come before anything is sent."""
    endpoint, step, request = PROXIED[how]
    with scripted(*[step] * 5) as script:
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, script.url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        client = session_of(emulator, SOURCE, endpoints={"evs": endpoint}, timeout=1).required_client("evs")
        with pytest.raises(EvsError, match="arrives too slowly"):
            client.post("x", {})
        first = script.received[0]
    assert f"{first.method} {first.path}".startswith(request)


class TlsInTls:
    """What urllib3 puts around a line to a proxy that speaks TLS itself."""

    def __init__(self, line: socket.socket) -> None:
        self.socket = line


def test_a_line_within_that_of_a_proxy_is_cut_as_well() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        guard, answer = _stall._Guard(), _stall._Answer(0.001)
        guard.begin(answer, TlsInTls(ours))
        assert theirs.recv(1) == b"", "it was shut down"
        assert answer.given_up


def stalls_at_the_accept(script: list[Script]) -> Step:
    """A block storage of the target that has no disk, and answers an accept in drops."""

    def step(connection: socket.socket) -> None:
        request = script[0].received[-1]
        if request.method == "POST":
            DRIPPING["with a length"](connection)
        elif "detail" in request.path:
            answer(200, {"volumes": [], "transfers": []})(connection)
        else:
            answer(404, {"itemNotFound": {"message": "no such disk", "code": 404}})(connection)

    return step


@pytest.mark.usefixtures("impatient")
def test_the_offers_of_a_move_are_withdrawn_if_the_target_stalls(emulator: EmulatorServer) -> None:
    """S5: the disks are free again when the time is over."""
    emulator.create_volumes(SOURCE, [{"name": "a"}, {"name": "b"}])
    scripts: list[Script] = []
    with scripted(*[stalls_at_the_accept(scripts)] * 200) as script:
        scripts.append(script)
        result = run_module(
            "evs_move",
            auth=emulator.cloud(SOURCE)["auth"],
            target={"auth": emulator.cloud(TARGET)["auth"], "endpoints": {"evs": script.url}},
            volumes=["a", "b"],
            check_quota=False,
            # Nothing can be read of this target beforehand.
            unchecked="allow",
            concurrency=1,
            timeout=1,
        )
        assert any(request.method == "POST" for request in script.received)
    assert result["failed"]
    assert {row["outcome"] for row in result["disks"]} <= {"failed", "unknown"}
    assert emulator.transfers() == []
    assert {disk["status"] for disk in emulator.volumes()} == {"available"}


@LINES
@pytest.mark.usefixtures("impatient")
def test_an_answer_on_a_thin_line_is_not_cut(
    emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch, authority: Authority, line: str
) -> None:
    """It takes longer than api_timeout, and each part of it comes in time."""
    monkeypatch.setattr(_stall, "MOST_TIMES", 100)
    parts = 8

    def thin(connection: socket.socket) -> None:
        body = b'{"list": []}' + b" " * (parts * _stall.PART)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        for first in range(0, len(body), _stall.PART):
            connection.sendall(body[first : first + _stall.PART])
            connection.settimeout(0.15)
            with contextlib.suppress(TimeoutError):
                connection.recv(1)

    context, file = authority
    with scripted(thin, tls=context if line == "TLS" else None) as script:
        assert client_of(emulator, script, ca_cert=file).get("x") == {"list": []}
    assert len(script.received) == 1
