# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role on a real Nova: disks of servers of the one tenant go into servers of the other."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import FIGURES
from tests.nova.server import NovaServer
from tests.support.gate import Gate, Passed
from tests.support.playbooks import Run, Running, begin, play
from tests.support.samples import WHOLE
from tests.support.server import SOURCE, TARGET

DISKS = {"app01": ["z-data", "a-logs"], "db01": ["y-data", "b-logs"]}
"""In the order of their devices, which is not that of their names."""


def pairs(source: Iterable[str], target: Iterable[str]) -> list[dict[str, str]]:
    """Servers of the source with those of the target that get their disks."""
    return [{"name": name, "target": goal} for name, goal in zip(source, target, strict=True)]


AFTER = {f"{name}-new": disks for name, disks in DISKS.items()}
SERVERS = pairs(DISKS, AFTER)
SIDES = {"source": SOURCE, "target": TARGET}
ASKED: dict[str, Any] = {
    **{f"tenant_transfer_{side}": {"cloud": cloud} for side, cloud in SIDES.items()},
    "tenant_transfer_servers": SERVERS,
    "tenant_transfer_detach": "stopped",
    "tenant_transfer_report_dir": "reports",
}

PAUSE = 0.02

DETACH, OFFER, ACCEPT, ATTACH, WITHDRAW = "detach", "offer", "accept", "attach", "withdraw"


def step_of(request: Passed) -> str | None:
    """Which step of a disk a request is."""
    if not request.changes:
        return None
    if "os-volume_attachments" in request.path:
        return DETACH if request.method == "DELETE" else ATTACH
    if request.method == "DELETE":
        return WITHDRAW
    return ACCEPT if request.path.endswith("/accept") else OFFER


def is_step(step: str) -> Callable[[Passed], bool]:
    return lambda request: step_of(request) == step


@dataclass(frozen=True)
class Moment:
    """A moment: before the request of that number among those of a step, or after it was carried out."""

    step: str
    number: int
    after: bool


class Stage:
    """Servers of both tenants, the requests of the playbooks, and where each disk is."""

    def __init__(self, lab: NovaServer, gate: Gate, home: Path) -> None:
        self.lab, self.gate, self.home = lab, gate, home
        self.servers: dict[str, dict[str, str]] = {SOURCE: {}, TARGET: {}}
        self.names: dict[str, str] = {}

    def build(self, source: Mapping[str, list[str]], *target: str, zones: Mapping[str, str] | None = None) -> None:
        """Create servers with disks in the source, and servers without any in the target."""
        for tenant, name in [*((SOURCE, name) for name in source), *((TARGET, name) for name in target)]:
            disks = source[name] if tenant == SOURCE else []
            ids = self.lab.create_volumes(tenant, [{"name": disk} for disk in disks])
            self.names.update(zip(ids, disks, strict=True))
            zone = (zones or {}).get(name, "eu-de-01")
            self.servers[tenant][name] = self.lab.create_server(tenant, name, *ids, zone=zone)
        self.forget()

    def forget(self) -> None:
        self.lab.forget_requests()
        self.gate.forget()

    @property
    def ids(self) -> dict[str, str]:
        """The IDs of the disks by their names."""
        return {name: volume_id for volume_id, name in self.names.items()}

    def inside(self, tenant: str) -> dict[str, list[str]]:
        """The names of the data disks in each server, in the order of their devices."""
        found = {}
        for name, server_id in self.servers[tenant].items():
            found[name] = [self.names[volume_id] for volume_id in self.lab.disks(tenant, server_id)]
        return {name: disks for name, disks in found.items() if disks}

    def disks(self, tenant: str) -> dict[str, str]:
        """The status of each data disk that a tenant has, by its name."""
        rows = self.lab.api.cinder(tenant, "GET", "/volumes/detail")["volumes"]
        return {self.names[row["id"]]: row["status"] for row in rows if row["id"] in self.names}

    def everything(self) -> list[Any]:
        """All that both services tell both tenants of disks, servers and offers."""
        told = []
        for tenant in (SOURCE, TARGET):
            told += [self.lab.api.cinder(tenant, "GET", path) for path in ("/volumes/detail", "/os-volume-transfer")]
            told.append(self.lab.api.nova(tenant, "GET", "/servers/detail"))
            told += [
                self.lab.api.nova(tenant, "GET", f"/servers/{each}/os-volume_attachments")
                for each in self.servers[tenant].values()
            ]
        return told

    def steps(self) -> list[str]:
        """Which steps of disks were asked for, in their order."""
        return [step for step in map(step_of, self.gate.passed) if step]

    def offers(self) -> list[dict[str, Any]]:
        return [
            offer
            for tenant in (SOURCE, TARGET)
            for offer in self.lab.api.cinder(tenant, "GET", "/os-volume-transfer")["transfers"]
        ]

    def run(self, *arguments: str, playbook: str = "transfer", **variables: Any) -> Run:
        return play(self.lab, self.home, f"otc.evs.{playbook}", *arguments, **{**ASKED, **variables})

    def begin(self, moment: Moment, **variables: Any) -> Running:
        """Start a run that will be stopped at a moment."""
        self.stop_at(moment)
        return begin(self.lab, self.home, "otc.evs.transfer", **{**ASKED, **variables})

    def stop_at(self, moment: Moment) -> None:
        self.gate.stop_at(moment.number, is_step(moment.step), moment.after)

    def wait(self, running: Running) -> None:
        """Return when a run is stopped."""
        while not self.gate.is_shut:
            assert not running.is_over, running.result().output
            time.sleep(PAUSE)

    def result(self) -> dict[str, Any]:
        """What the last run says of itself."""
        last = max((self.home / "reports/runs").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        result: dict[str, Any] = json.loads(last.read_text(encoding="utf-8"))
        return result

    def lies(self, target: str = TARGET) -> list[str]:
        """What the rows of the last run tell otherwise than both services do."""
        where = {
            disk: (tenant, name)
            for tenant in (SOURCE, TARGET)
            for name, disks in self.inside(tenant).items()
            for disk in disks
        }
        owners = {disk: tenant for tenant in (SOURCE, TARGET) for disk in self.disks(tenant)}
        found = []
        for row in self.result()["disks"]:
            after = ((row["server"] or {}).get("after") or {}).get("name")
            is_there = owners[row["name"]] == target
            told = (is_there if row["outcome"] in ("moved", "already_there") else None, after)
            true = (True if told[0] is not None else None, where.get(row["name"], (None, None))[1])
            if told != true:
                found.append(f"{row['name']} is told to be {row['outcome']} and in {after}, and is in {true}")
        return found

    def rows(self) -> dict[str, dict[str, Any]]:
        """What the last run tells of each disk, by its name."""
        return {row["name"]: row for row in self.result()["disks"]}


@pytest.fixture
def stage(lab: NovaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with Gate() as gate:
        for name, value in gate.environment.items():
            monkeypatch.setenv(name, value)
        yield Stage(lab, gate, tmp_path)


def test_disks_go_in_their_order_as_the_check_said_and_once(stage: Stage) -> None:
    stage.build(DISKS, "app01-new", "db01-new")
    before = stage.everything()
    checked = stage.run("--check", "--diff")
    assert checked.exit_status == 0, checked.output
    assert stage.everything() == before
    assert stage.gate.passed
    assert stage.gate.changes == []
    assert "4 would be moved, 0 already there, 4 would be detached, 4 would be attached" in checked.words
    done = stage.run("--diff")
    assert done.exit_status == 0, done.output
    print(checked.output, done.output)
    assert stage.inside(TARGET) == AFTER
    assert stage.lies() == []
    assert sorted(stage.steps()) == sorted([DETACH, OFFER, ACCEPT, ATTACH] * 4)
    stage.forget()
    before = stage.everything()
    again = stage.run("--diff")
    assert (again.exit_status, again.changed) == (0, 0), again.output
    assert stage.gate.changes == []
    assert stage.everything() == before
    assert stage.lies() == []


KILLS = [
    *(Moment(step, number, number % 2 == 0) for step in (DETACH, OFFER, ACCEPT, ATTACH) for number in (1, 4)),
    Moment(DETACH, 3, after=False),
    Moment(ATTACH, 2, after=True),
]
ALL_KILLS = [
    Moment(step, number, after)
    for step in (DETACH, OFFER, ACCEPT, ATTACH)
    for number in range(1, 5)
    for after in (False, True)
]


def kill(stage: Stage, moment: Moment, **variables: Any) -> None:
    running = stage.begin(moment, **variables)
    stage.wait(running)
    running.kill()
    stage.gate.let_go(drop=True)
    stage.gate.forget()


def test_a_killed_run_is_finished_by_the_next(stage: Stage, record_property: Callable[[str, object], None]) -> None:
    """To the target and back again, killed each time; a server of the target has the name of one of the source."""
    stage.build(DISKS, "app01-new", "db01-new", "app01")
    back: dict[str, Any] = {
        "tenant_transfer_source": {"cloud": TARGET},
        "tenant_transfer_target": {"cloud": SOURCE},
        "tenant_transfer_servers": pairs(AFTER, DISKS),
    }
    ways: list[tuple[dict[str, Any], str, dict[str, list[str]]]] = [({}, TARGET, AFTER), (back, SOURCE, DISKS)]
    problems = []
    kills = ALL_KILLS if WHOLE else KILLS
    for number, moment in enumerate(kills):
        variables, owner, wanted = ways[number % 2]
        kill(stage, moment, **variables)
        held = [disk for tenant in (SOURCE, TARGET) for disk in stage.disks(tenant)]
        if sorted(held) != sorted(stage.ids):
            problems.append(f"{moment}: the tenants have {held}")
        run = stage.run(**variables)
        if run.exit_status or stage.inside(owner) != wanted or stage.lies(owner):
            where = [stage.inside(tenant) for tenant in (SOURCE, TARGET)]
            problems.append(f"{moment}: {where} {stage.lies(owner)} {run.output}")
            break
    record_property(FIGURES, f"real Nova, 4 disks of 2 servers, killed {len(kills)} times: {len(problems)} problems")
    assert problems == []
    assert stage.offers() == []


def outcomes(stage: Stage) -> dict[str, str]:
    return {name: row["outcome"] for name, row in stage.rows().items()}


def test_guests_that_refuse_and_slow_ones(stage: Stage) -> None:
    """The others go; the next run tries what was refused again, and finds the rest done."""
    source = {"app01": ["first", "second"], "fail-detach": ["kept"], "db01": ["refused"], "slow-detach": ["slow"]}
    target = ["app01-new", "free", "fail-attach", "slow-attach"]
    servers = pairs(source, target)
    stage.build(source, *target)
    stage.lab.set_slow_seconds(3)
    told = []
    for goes in ("moved", "already_there"):
        run = stage.run(tenant_transfer_servers=servers)
        assert run.exit_status == 2, run.output
        assert outcomes(stage) == {
            **dict.fromkeys(["first", "second", "slow"], goes),
            "kept": "failed",
            "refused": "failed",
        }
        assert stage.lies() == []
        assert stage.inside(SOURCE) == {"fail-detach": ["kept"]}
        assert stage.inside(TARGET) == {"app01-new": ["first", "second"], "slow-attach": ["slow"]}
        assert stage.disks(TARGET)["refused"] == "available"
        told.append({name: row["message"] for name, row in stage.rows().items()})
    for messages in told:
        assert "says Error for the detach" in messages["kept"]
        assert "stays in the source" in messages["kept"]
        assert "says Error for the attach" in messages["refused"]
        assert "is in the target, but was not attached there" in messages["refused"]
        assert "attach it there" not in messages["refused"]
    assert stage.steps()[-2:] == [DETACH, ATTACH]


def test_guests_that_outlast_a_run(stage: Stage) -> None:
    """What is still on its way is unknown; the next run waits for it and asks for nothing twice."""
    source = {"slow-detach": ["leaving"], "app01": ["entering"]}
    target = ["app02", "slow-attach"]
    asked: dict[str, Any] = {"tenant_transfer_servers": pairs(source, target)}
    stage.build(source, *target)
    stage.lab.set_slow_seconds(600)
    hasty: dict[str, Any] = {f"tenant_transfer_{side}": {"cloud": cloud, "timeout": 3} for side, cloud in SIDES.items()}
    for steps in ([ACCEPT, ATTACH, DETACH, DETACH, OFFER], []):
        run = stage.run(**asked, **hasty)
        assert run.exit_status == 2, run.output
        assert sorted(stage.steps()) == steps
        assert outcomes(stage) == {"leaving": "unknown", "entering": "unknown"}
        told = {name: row["message"] for name, row in stage.rows().items()}
        assert "is not known to be detached, and stays in the source" in told["leaving"]
        assert "is in the target, but is not known to be attached there" in told["entering"]
        assert stage.disks(SOURCE) == {"leaving": "detaching"}
        assert stage.disks(TARGET) == {"entering": "attaching"}
        stage.forget()
    stage.lab.set_slow_seconds(1)
    run = stage.run(**asked)
    assert run.exit_status == 0, run.output
    assert DETACH not in stage.steps()
    assert stage.inside(TARGET) == {"app02": ["leaving"], "slow-attach": ["entering"]}
    assert stage.lies() == []


def test_a_locked_server_and_one_of_another_zone(stage: Stage) -> None:
    """Nothing is begun; or, with blocked: skip, the others go."""
    source = {**DISKS, "web01": ["data"]}
    stage.build(source, "app01-new", "db01-new", "web01-new", zones={"db01-new": "eu-de-02"})
    stage.lab.act(SOURCE, stage.servers[SOURCE]["app01"], "lock")
    asked: dict[str, Any] = {"tenant_transfer_servers": pairs(source, ["app01-new", "db01-new", "web01-new"])}
    before = stage.everything()
    refused = stage.run(**asked)
    assert refused.exit_status == 2, refused.output
    assert stage.gate.changes == []
    assert stage.everything() == before
    reasons = {name: [reason["constraint"] for reason in row["reasons"]] for name, row in stage.rows().items()}
    assert reasons == {"z-data": ["locked"], "a-logs": ["locked"], "y-data": ["zone"], "b-logs": ["zone"], "data": []}
    run = stage.run(**asked, tenant_transfer_blocked="skip")
    assert run.exit_status == 0, run.output
    assert stage.inside(SOURCE) == DISKS
    assert stage.inside(TARGET) == {"web01-new": ["data"]}
    assert outcomes(stage) == {**dict.fromkeys(["z-data", "a-logs", "y-data", "b-logs"], "blocked"), "data": "moved"}
    assert stage.lies() == []


def test_servers_that_are_locked_in_mid_run(stage: Stage) -> None:
    """One keeps its disks, another one does not get them; the next run finishes both."""
    stage.build(DISKS, "app01-new", "db01-new")
    running = stage.begin(Moment(DETACH, 1, after=False))
    stage.wait(running)
    stage.lab.act(SOURCE, stage.servers[SOURCE]["app01"], "lock")
    stage.stop_at(Moment(ACCEPT, 1, after=False))
    stage.gate.let_go()
    stage.wait(running)
    stage.lab.act(TARGET, stage.servers[TARGET]["db01-new"], "lock")
    stage.gate.let_go()
    run = running.result()
    assert run.exit_status == 2, run.output
    assert stage.inside(SOURCE) == {"app01": DISKS["app01"]}
    assert stage.inside(TARGET) == {}
    assert set(outcomes(stage).values()) == {"failed"}
    assert all("locked" in row["message"] for row in stage.rows().values())
    assert stage.lies() == []
    for tenant, name in ((SOURCE, "app01"), (TARGET, "db01-new")):
        stage.lab.act(tenant, stage.servers[tenant][name], "unlock")
    run = stage.run()
    assert run.exit_status == 0, run.output
    assert stage.inside(TARGET) == AFTER
    assert stage.lies() == []


def test_disks_that_do_not_move_are_attached_again(stage: Stage) -> None:
    """The target's quota shrinks when the disks are detached."""
    stage.build(DISKS, "app01-new", "db01-new")
    running = stage.begin(Moment(OFFER, 1, after=False))
    stage.wait(running)
    stage.lab.set_quota(TARGET, volumes=2)
    stage.gate.let_go()
    run = running.result()
    assert run.exit_status == 2, run.output
    assert stage.inside(SOURCE) == DISKS
    assert stage.offers() == []
    assert all("was attached again to server" in row["message"] for row in stage.rows().values())
    assert stage.lies() == []
    stage.lab.set_quota(TARGET, volumes=10)
    run = stage.run()
    assert run.exit_status == 0, run.output
    assert stage.inside(TARGET) == AFTER


def test_two_controllers(stage: Stage) -> None:
    """A offers what was attached; what it wishes attaches nothing, and B attaches by its own map."""
    stage.build(DISKS, "app01-new", "db01-new", "app01")
    file: dict[str, Any] = {
        "tenant_transfer_handoff_file": str(stage.home / "handoff"),
        "tenant_transfer_handoff_password": "dummy",
    }
    offered = stage.run(playbook="offer", **file)
    assert offered.exit_status == 0, offered.output
    assert stage.inside(SOURCE) == {}
    assert sorted(stage.steps()) == sorted([DETACH, OFFER] * 4)
    stage.forget()
    accepted = stage.run(playbook="accept", **file, tenant_transfer_servers=[])
    assert accepted.exit_status == 0, accepted.output
    assert "was in server app01 of the source as /dev/" in accepted.words
    assert stage.steps() == [ACCEPT] * 4
    assert stage.inside(TARGET) == {}
    stage.forget()
    # By one disk and by a whole server; the other one is meant for nothing.
    mapped: dict[str, Any] = {
        "tenant_transfer_volumes": [{"volume": "b-logs", "attach_to": "app01"}],
        "tenant_transfer_servers": [SERVERS[0]],
    }
    attached = stage.run(playbook="accept", **file, **mapped)
    assert attached.exit_status == 0, attached.output
    assert stage.steps() == [ATTACH] * 3
    assert stage.inside(TARGET) == {"app01-new": DISKS["app01"], "app01": ["b-logs"]}
    again = stage.run(playbook="accept", **file, **mapped)
    assert (again.exit_status, again.changed) == (0, 0), again.output
