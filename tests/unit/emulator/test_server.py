# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process and its handle: start, stop, control API, log, latency, TLS."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import yaml

from tests.emulator.server import REPO, EmulatorServer
from tests.support.conditions import LONG, wait_for
from tests.support.server import SOURCE, Request, Server
from tests.support.tenants import evs_of
from tests.unit.emulator.conftest import Cloud, plain_session

COMMAND = [sys.executable, "-m", "tests.emulator"]


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Start the emulator as a person would, with a standard input that can be closed."""
    clouds = f"--clouds-file={tmp_path / 'clouds.yaml'}"
    started = subprocess.Popen(
        [*COMMAND, "--until-eof", "--data=demo", clouds],
        cwd=REPO,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with started:
        yield started
        started.kill()


def listens(url: str) -> bool:
    """Tell whether somebody listens there."""
    parts = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((parts.hostname or "", parts.port or 0)) == 0


def test_it_listens_where_it_is_told_to() -> None:
    with EmulatorServer(host="127.0.0.2") as server:
        assert set(server.endpoints) >= {"identity", "evs"}
        assert all(url.startswith("http://127.0.0.2:") for url in [server.auth_url, *server.endpoints.values()])
        server.create_volume(SOURCE, "data")
        assert [disk.name for disk in evs_of(server, SOURCE).volumes()] == ["data"]


def test_it_is_a_server_under_test() -> None:
    server: Server = EmulatorServer()
    assert server.kind == "emulator"


def test_start_and_stop_can_be_repeated() -> None:
    server = EmulatorServer()
    server.stop()
    for dummy in range(2):
        server.start()
        server.start()
        assert listens(server.auth_url)
        clouds = yaml.safe_load(server.clouds_file.read_text())["clouds"]
        assert set(clouds) >= {"tenant-a", "tenant-b", "tenant-a-reader", "tenant-a-admin", "tenant-c"}
        assert clouds["tenant-b"] == server.cloud("tenant-b")
        server.stop()
        server.stop()
        assert not listens(server.auth_url)
        assert not server.clouds_file.exists()


def test_a_failed_start_shows_the_log(tmp_path: Path) -> None:
    server = EmulatorServer(tls_cert=tmp_path / "missing.pem")
    with pytest.raises(RuntimeError, match="No such file"):
        server.start()


def test_it_tells_a_person_where_it_listens(process: subprocess.Popen[str]) -> None:
    assert process.stdout
    line = process.stdout.readline().split()
    assert line[0] == "Keystone"
    assert plain_session().get(line[1]).status_code == 200


def test_it_ends_with_its_parent(process: subprocess.Popen[str]) -> None:
    assert process.stdout
    assert process.stdin
    process.stdout.readline()
    process.stdin.close()
    assert process.wait(LONG) == 0


def test_it_ends_on_a_signal(process: subprocess.Popen[str]) -> None:
    assert process.stdout
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    assert process.wait(LONG) == 0


def test_the_demo_has_disks_of_every_kind() -> None:
    with EmulatorServer(data="demo", rng_seed=7) as server, EmulatorServer(rng_seed=7) as plain:
        disks = {v["name"]: v for v in server.volumes("tenant-a")}
        assert len(disks) >= 12
        assert disks["app01-system"]["bootable"]
        assert disks["hr-records"]["metadata"]["__system__encrypted"] == "1"
        first = next(iter(disks.values()))["id"]
        assert plain.create_volume("tenant-a", "x") == first
        server.create_volume("tenant-a", "more")
        server.reset()
        assert {v["id"] for v in server.volumes()} == {v["id"] for v in disks.values()}


def test_reset_forgets(cloud: Cloud) -> None:
    server = cloud.server
    cloud.a.offer(server.create_volume("tenant-a", "d"))
    server.set_quota("tenant-b", volumes=1)
    server.configure(max_limit=2, latency=0.001)
    server.reset()
    assert (server.volumes(), server.transfers(), server.requests()) == ([], [], [])
    assert server.configure()["max_limit"] == 1000
    assert server.configure()["latency"] == 0
    quota = cloud.b.call("GET", f"/os-quota-sets/{cloud.b.project}").json()["quota_set"]
    assert quota["volumes"] == -1


def test_the_log_has_what_was_asked_in_order(cloud: Cloud) -> None:
    server, project = cloud.server, cloud.a.project
    server.forget_requests()
    cloud.login("tenant-a")
    cloud.a.call("GET", "/volumes?limit=1", version="v2")
    cloud.a.call("GET", "/os-volume-transfer/nope")
    cloud.a.call("GET", "/bogus")
    server.volumes()
    assert server.requests() == [
        Request("POST", "/v3/auth/tokens", 201),
        Request("GET", f"/v2/{project}/volumes?limit=1", 200),
        Request("GET", f"/v3/{project}/os-volume-transfer/nope", 404),
        Request("GET", f"/v3/{project}/bogus", 404),
    ]
    server.forget_requests()
    assert server.requests() == []


def test_unknown_urls_and_methods_answer_like_cinder(cloud: Cloud) -> None:
    answer = cloud.a.call("GET", "/bogus")
    text = "The resource could not be found."
    assert answer.json() == {"itemNotFound": {"code": 404, "message": text}}
    assert cloud.a.call("PATCH", "/os-volume-transfer").status_code == 405


def test_a_bug_of_the_emulator_is_a_500_with_a_trace(cloud: Cloud) -> None:
    body = {"volume": {"size": 1, "metadata": 1}}
    answer = cloud.a.call("POST", "/volumes", body)
    assert (answer.status_code, answer.json()["computeFault"]["code"]) == (500, 500)
    assert "Traceback" in cloud.server.log()
    assert cloud.server.requests()[-1].status == 500


def test_latency_holds_for_each_request_not_for_all() -> None:
    """All are in work at once, and none is answered: they end with the server."""
    with EmulatorServer() as server, ThreadPoolExecutor(32) as pool:
        client = Cloud(server).a
        server.configure(latency=86400)
        server.forget_requests()
        url, headers = f"{client.root}/v3/{client.project}/volumes", dict(client.session.headers)
        calls = [pool.submit(plain_session().get, url, headers=headers) for dummy in range(32)]
        wait_for(lambda: server.peak_requests() == len(calls))
        assert not any(call.done() for call in calls)
        server.stop()
        for call in calls:
            assert isinstance(call.exception(), requests.exceptions.ConnectionError)


def test_mistakes_of_a_test_are_told(server: EmulatorServer) -> None:
    with pytest.raises(ValueError, match="no field colour"):
        server.create_volume("tenant-a", "d", colour="red")
    with pytest.raises(ValueError, match="no tenant"):
        server.create_volume("tenant-x", "d")
    with pytest.raises(ValueError, match="no such volume"):
        server.update_volume("nope", size=2)
    with pytest.raises(ValueError, match="no field speed"):
        server.configure(speed=1)
    assert server.volumes() == []


def test_a_volume_can_be_moved_and_deleted(cloud: Cloud) -> None:
    disk = cloud.server.create_volume("tenant-a", "d")
    cloud.server.update_volume(disk, tenant="tenant-b", size=3)
    assert cloud.b.volume(disk).json()["volume"]["size"] == 3
    assert cloud.server.volumes("tenant-a") == []
    cloud.server.delete_volume(disk)
    assert cloud.server.volumes() == []


def test_keys_and_ages_of_transfers_can_be_fixed(cloud: Cloud) -> None:
    cloud.server.set_auth_keys("12345678901234e5")
    transfer = cloud.a.offer(cloud.server.create_volume("tenant-a", "d"))
    assert transfer["auth_key"] == "12345678901234e5"
    cloud.server.update_transfer(transfer["id"], created_at="2020-01-01T00:00:00.000000")
    path = f"/os-volume-transfer/{transfer['id']}"
    shown = cloud.a.call("GET", path).json()["transfer"]
    assert shown["created_at"] == "2020-01-01T00:00:00.000000"
    assert "auth_key" not in json.dumps(cloud.server.transfers())
    assert cloud.b.accept(transfer).status_code == 202


def test_ten_thousand_disks() -> None:
    with EmulatorServer(disks=10_000) as server:
        client = Cloud(server).a
        found: set[str] = set()
        marker = ""
        for dummy in range(10):
            page = client.call("GET", f"/volumes/detail?marker={marker}").json()["volumes"]
            found |= {volume["id"] for volume in page}
            marker = page[-1]["id"]
        assert len(found) == 10_000


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl for a certificate")
def test_tls(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-out", str(cert), "-keyout", str(key)]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject, *files]
    subprocess.run(command, check=True, capture_output=True)
    with EmulatorServer(tls_cert=cert, tls_key=key) as server:
        assert server.auth_url.startswith("https://")
        assert server.volumes() == []
        with pytest.raises(requests.exceptions.SSLError):
            plain_session().get(server.auth_url)
        assert plain_session().get(server.auth_url, verify=str(cert)).status_code == 200


def test_passwords_can_be_changed_until_the_next_reset(cloud: Cloud) -> None:
    auth = cloud.server.cloud("tenant-a")["auth"]

    def status(password: str) -> int:
        given = {"name": auth["username"], "password": password, "domain": {"name": "Default"}}
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": given}}}}
        return requests.post(f"{auth['auth_url']}/auth/tokens", json=body, timeout=LONG).status_code

    cloud.server.set_passwords(alice="an 'odd' \\ one")
    assert [status("an 'odd' \\ one"), status(auth["password"])] == [201, 401]
    cloud.server.reset()
    assert [status("an 'odd' \\ one"), status(auth["password"])] == [401, 201]
