# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The handle of a running emulator: a tests.support.server.Server, and its control API."""

from __future__ import annotations

import http.client
import json
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from tests.emulator import clouds
from tests.emulator.state import Config, stable_id
from tests.support.server import Request

REPO = Path(__file__).resolve().parents[2]
START_TIMEOUT = 300.0
STOP_TIMEOUT = 60.0


class EmulatorServer:
    """An emulator in a process of its own, which ends with this one."""

    kind = "emulator"

    def __init__(
        self,
        *,
        latency: float = 0.0,
        data: str | None = None,
        disks: int = 0,
        rng_seed: int | None = None,
        token_lifetime: float = 86400.0,
        max_limit: int = 1000,
        volumev3_only: bool = False,
        tls_cert: Path | None = None,
        tls_key: Path | None = None,
        host: str | None = None,
    ) -> None:
        """Keep what start() needs; see `python -m tests.emulator --help` for the meaning."""
        self._options = {
            "--latency": latency,
            "--data": data,
            "--disks": disks,
            "--rng-seed": rng_seed,
            "--token-lifetime": token_lifetime,
            "--max-limit": max_limit,
            "--tls-cert": tls_cert,
            "--tls-key": tls_key,
            "--host": host,
        }
        self._flags = ["--volumev3-only"] if volumev3_only else []
        self._process: subprocess.Popen[bytes] | None = None
        self._directory: Path | None = None
        self.auth_url = ""
        self.clouds_file = Path()
        self.endpoints: dict[str, str] = {}
        """The roots of `identity`, `evs`, `cbr`, `vbs`, `sdrs`, `compute`, without a version; and `control`."""
        self.control = ""
        """The URL of the control API."""
        self._projects: dict[str, str] = {}

    def __enter__(self) -> EmulatorServer:
        """Start."""
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Stop."""
        self.stop()

    # The protocol of all servers under test

    def start(self) -> None:
        """Start the process and return when it listens."""
        if self._process is not None:
            return
        self._directory = Path(tempfile.mkdtemp(prefix="otc-evs-emulator-"))
        self.clouds_file = self._directory / "clouds.yaml"
        with (self._directory / "log").open("wb") as log:
            self._process = subprocess.Popen(
                self._command(),
                cwd=REPO,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        try:
            self._take_place(self._first_line(self._process))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the process and remove its files."""
        process, self._process = self._process, None
        if process is not None:
            end(process)
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None

    def reset(self) -> None:
        """Go back to the state after start()."""
        self._ask("POST", "/reset")

    def cloud(self, name: str) -> dict[str, Any]:
        """Return the entry of clouds.yaml."""
        entry: dict[str, Any] = clouds.clouds(self.auth_url, Config().region)[name]
        return entry

    def key_login(self, name: str) -> dict[str, str]:
        """Return what goes into `auth` to log in as the user of a cloud by an access key."""
        return {"auth_url": self.auth_url, **clouds.key_login(name)}

    def project_id(self, tenant: str) -> str:
        """Return the id of a project."""
        return self._projects[tenant]

    def create_volume(self, tenant: str, name: str, size: int = 1, **traits: Any) -> str:
        """Create a volume; beyond the common traits it takes every field of state.Volume."""
        return self.create_volumes(tenant, [{"name": name, "size": size, **traits}])[0]

    def set_quota(self, tenant: str, **limits: Any) -> None:
        """Set limits: a number, None to hide the quota, or {"limit": 5, "reserved": 2}."""
        self._ask("PUT", f"/quotas/{tenant}", limits)

    def requests(self) -> list[Request]:
        """Return what was asked since the last forget_requests()."""
        log = self._ask("GET", "/requests")["requests"]
        return [Request(r["method"], r["path"], r["status"], r["fault"]) for r in log]

    def forget_requests(self) -> None:
        """Start a new log."""
        self._ask("DELETE", "/requests")

    # What only the emulator can do

    def configure(self, **values: Any) -> dict[str, Any]:
        """Change the configuration: latency, max_limit and the other fields of state.Config."""
        return self._ask("PATCH", "/config", values)

    def create_volumes(self, tenant: str, specs: list[dict[str, Any]]) -> list[str]:
        """Create volumes in one request and return their ids in the same order."""
        body = {"tenant": tenant, "volumes": [traits_of(spec) for spec in specs]}
        ids: list[str] = self._ask("POST", "/volumes", body)["ids"]
        return ids

    def load(self, tenant: str, **specs: list[dict[str, Any]]) -> dict[str, list[str]]:
        """Create volumes, snapshots, backups, vaults, policies, vbs_policies, pairs and servers in one request.

        Returns the ids by kind, in the same order; load.py says what a spec may have.
        """
        if "volumes" in specs:
            specs["volumes"] = [traits_of(spec) for spec in specs["volumes"]]
        made: dict[str, list[str]] = self._ask("POST", "/load", {"tenant": tenant, **specs})
        return made

    def add(self, kind: str, tenant: str, **fields: Any) -> str:
        """Create one record of a kind, as load() does, and return its id."""
        return self.load(tenant, **{kind: [fields]})[kind][0]

    def records(self, kind: str) -> list[dict[str, Any]]:
        """Return all records of a kind, with all fields."""
        records: list[dict[str, Any]] = self._ask("GET", f"/records/{kind}")["records"]
        return records

    def change(self, kind: str, record_id: str, **fields: Any) -> None:
        """Change fields of a record."""
        self._ask("PATCH", f"/records/{kind}/{record_id}", fields)

    def remove(self, kind: str, record_id: str) -> None:
        """Delete a record; a server's backup with its parts."""
        self._ask("DELETE", f"/records/{kind}/{record_id}")

    def verdicts(self, tenant: str) -> dict[str, list[str]]:
        """Return by volume id the names of the constraints for which an offer would be refused."""
        verdicts: dict[str, list[str]] = self._ask("GET", f"/verdicts/{tenant}")["verdicts"]
        return verdicts

    def set_outage(self, service: str, status: int | None, **where: str) -> None:
        """Let evs, cbr, vbs, sdrs or compute answer with that status, or end that with None.

        `where` is any of tenant, user, path (its beginning behind the project: "/snapshots")
        and method. A missing permission is a 403, which SDRS words as a 400.
        """
        self._ask("PUT", "/outages", {"service": service, "status": status, **where})

    def end_outages(self) -> None:
        """End all outages."""
        self._ask("DELETE", "/outages")

    def order_fault(self, kind: str, **which: Any) -> None:
        """Let requests go wrong; faults.py says how, which and how often."""
        self._ask("POST", "/faults", {"kind": kind, **which})

    def faults(self) -> list[dict[str, Any]]:
        """Return the ordered faults and how many requests each has hit."""
        faults: list[dict[str, Any]] = self._ask("GET", "/faults")["faults"]
        return faults

    def held_requests(self) -> int:
        """Return how many requests a fault holds at this moment."""
        held: int = self._ask("GET", "/faults")["held"]
        return held

    def end_faults(self) -> None:
        """Let everything go well again."""
        self._ask("DELETE", "/faults")

    def update_volume(self, volume_id: str, **traits: Any) -> None:
        """Change traits of a volume whatever its status; `tenant` moves it."""
        self._ask("PATCH", f"/volumes/{volume_id}", traits_of(traits))

    def delete_volume(self, volume_id: str) -> None:
        """Delete a volume whatever its status."""
        self._ask("DELETE", f"/volumes/{volume_id}")

    def volumes(self, tenant: str | None = None) -> list[dict[str, Any]]:
        """Return all volumes, or a tenant's, with all traits and `tenant`."""
        everything: list[dict[str, Any]] = self._ask("GET", "/volumes")["volumes"]
        return [v for v in everything if tenant in (None, v["tenant"])]

    def create_server(self, tenant: str, name: str, *disks: str | dict[str, Any], **fields: Any) -> str:
        """Create a server with a disk to boot from and data disks, and return its id; load.py says how."""
        return self.add("servers", tenant, name=name, disks=list(disks), **fields)

    def servers(self) -> list[dict[str, Any]]:
        """Return all servers, with all fields, their disks in `seats` and `tenant`."""
        everything: list[dict[str, Any]] = self._ask("GET", "/servers")["servers"]
        return everything

    def update_server(self, server_id: str, **fields: Any) -> None:
        """Change fields of a server."""
        self._ask("PATCH", f"/servers/{server_id}", fields)

    def delete_server(self, server_id: str) -> None:
        """Delete a server."""
        self._ask("DELETE", f"/servers/{server_id}")

    def seat(self, server_id: str, volume_id: str | None) -> None:
        """Attach a disk at once as somebody else would; with None detach all disks."""
        self._ask("PUT", f"/servers/{server_id}/disks", {"volume": volume_id})

    def transfers(self) -> list[dict[str, Any]]:
        """Return all open transfers: id, name, volume_id, created_at, tenant."""
        transfers: list[dict[str, Any]] = self._ask("GET", "/transfers")["transfers"]
        return transfers

    def update_transfer(self, transfer_id: str, **changes: str) -> None:
        """Change `created_at` or `name` of a transfer."""
        self._ask("PATCH", f"/transfers/{transfer_id}", changes)

    def set_auth_keys(self, *keys: str) -> None:
        """Fix the keys of the next transfers."""
        self._ask("PUT", "/auth-keys", {"keys": list(keys)})

    def set_passwords(self, **passwords: str) -> None:
        """Give users other passwords than those in clouds.yaml."""
        self._ask("PUT", "/passwords", passwords)

    def tokens(self) -> list[str]:
        """Return every token that was issued, but for those ended by expire_tokens()."""
        tokens: list[str] = self._ask("GET", "/tokens")["tokens"]
        return tokens

    def expire_tokens(self, tenant: str | None = None) -> int:
        """End the tokens of a tenant, or all, and return how many there were."""
        ended: int = self._ask("POST", "/tokens/expire", {"tenant": tenant})["expired"]
        return ended

    def peak_requests(self) -> int:
        """Return how many requests were in work at once since the last forget_requests()."""
        peak: int = self._ask("GET", "/requests")["peak"]
        return peak

    def log(self) -> str:
        """Return what the process wrote to its standard error: the traces of its own bugs."""
        if self._directory is None:
            return ""
        return (self._directory / "log").read_text(encoding="utf-8", errors="replace")

    def _command(self) -> list[str]:
        given = {name: value for name, value in self._options.items() if value is not None}
        pairs = [f"{name}={value}" for name, value in given.items()]
        clouds_file = f"--clouds-file={self.clouds_file}"
        command = [sys.executable, "-m", "tests.emulator", "--json", "--until-eof", clouds_file]
        return [*command, *pairs, *self._flags]

    def _first_line(self, process: subprocess.Popen[bytes]) -> bytes:
        stdout: IO[bytes] | None = process.stdout
        # A process that hangs is killed, which ends the wait for its line.
        deadline = threading.Timer(START_TIMEOUT, process.kill)
        deadline.start()
        try:
            line = stdout.readline() if stdout else b""
        finally:
            deadline.cancel()
        if not line:
            raise RuntimeError(f"the emulator did not start:\n{self.log()}")
        return line

    def _take_place(self, line: bytes) -> None:
        place = json.loads(line)
        self.auth_url = place["auth_url"]
        self.endpoints = place["endpoints"]
        self.control = place["control"]
        self._projects = place["projects"]

    def _ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        url = urlsplit(self.control)
        connection = connect(url.scheme, url.netloc)
        try:
            payload = json.dumps({} if body is None else body)
            connection.request(method, url.path + path, payload)
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise ValueError(f"{method} {path}: {answer['error']}")
        return answer


def connect(scheme: str, netloc: str) -> http.client.HTTPConnection:
    """Connect to the control API, past any proxy and any certificate of a test."""
    if scheme == "https":
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection(netloc, timeout=START_TIMEOUT, context=context)
    return http.client.HTTPConnection(netloc, timeout=START_TIMEOUT)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process, in the end by force."""
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
    try:
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def traits_of(spec: dict[str, Any]) -> dict[str, Any]:
    """Turn the traits that all servers know into fields of state.Volume.

    `attached` puts the disk at a server as a second disk; `encrypted` marks it in both of the
    ways in which EVS shows it.
    """
    traits = dict(spec)
    if traits.pop("attached", False):
        server = {"server_id": stable_id("server"), "device": "/dev/vdb"}
        traits = {"status": "in-use", "attachments": [server], **traits}
    if traits.get("encrypted") is True:
        key = {"__system__encrypted": "1", "__system__cmkid": stable_id("master key")}
        traits["metadata"] = {**key, **traits.get("metadata", {})}
    return traits
