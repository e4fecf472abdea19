# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attaching and detaching: waits, lost answers, guests that refuse, and what is told of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._api.nova import Nova
from ansible_collections.otc.evs.plugins.module_utils._errors import AnswerLost, ApiError, EvsError
from ansible_collections.otc.evs.plugins.module_utils._model.result import Result
from ansible_collections.otc.evs.plugins.module_utils._model.rows import Devices
from ansible_collections.otc.evs.plugins.module_utils._model.servers import Action, Seat
from tests.emulator.server import EmulatorServer
from tests.support.attachments import into, nova_of, out_of, places
from tests.support.conditions import LONG
from tests.support.flows import HASTY, outcomes, rows_of, said
from tests.support.server import SOURCE, TARGET

pytestmark = pytest.mark.usefixtures("quick")

OFF = {"status": "SHUTOFF"}


class Forgetful(Nova):
    """Loses the answers of the first calls that change something, after or before they were carried out."""

    lost = 0
    done = True
    sent = 0

    def _forget(self, call: Callable[[], None]) -> None:
        self.sent += 1
        if self.lost == 0:
            call()
            return
        self.lost -= 1
        if self.done:
            call()
        raise AnswerLost("the answer was lost")

    def attach(self, server_id: str, volume_id: str) -> None:
        self._forget(lambda: super(Forgetful, self).attach(server_id, volume_id))

    def detach(self, server_id: str, volume_id: str) -> None:
        self._forget(lambda: super(Forgetful, self).detach(server_id, volume_id))


class Blind(Nova):
    """Cannot list the disks of a server once it has changed something."""

    changed = False

    def attach(self, server_id: str, volume_id: str) -> None:
        self.changed = True
        super().attach(server_id, volume_id)

    def seats(self, server_id: str) -> tuple[Seat, ...] | None:
        if self.changed:
            raise AnswerLost("Nova is silent")
        return super().seats(server_id)


class Overtaken(Nova):
    """Somebody else is quicker."""

    meanwhile: Callable[[], None]

    def attach(self, server_id: str, volume_id: str) -> None:
        self.meanwhile()
        super().attach(server_id, volume_id)

    def detach(self, server_id: str, volume_id: str) -> None:
        self.meanwhile()
        super().detach(server_id, volume_id)


@pytest.fixture
def server_id(emulator: EmulatorServer) -> str:
    """A server that is shut off, with three data disks, and beside it a free disk."""
    emulator.create_volume(SOURCE, "free")
    return emulator.create_server(SOURCE, "app01", {"name": "one"}, {"name": "two"}, {"name": "three"}, **OFF)


@pytest.fixture
def ids(emulator: EmulatorServer, server_id: str) -> dict[str, str]:
    return {volume["name"]: volume["id"] for volume in emulator.volumes()}


def changes(emulator: EmulatorServer) -> list[str]:
    return [r.method for r in emulator.requests() if r.method != "GET" and not r.path.endswith("/auth/tokens")]


@pytest.mark.parametrize("reads", [0, 1, 3])
def test_disks_leave_and_come_back_in_their_order(emulator: EmulatorServer, ids: dict[str, str], reads: int) -> None:
    emulator.configure(settle_reads=reads)
    gone = out_of(emulator, "app01", "three", "one", "two")
    assert outcomes(gone) == {ids["three"]: "detached", ids["one"]: "detached", ids["two"]: "detached"}
    assert [row.device for row in rows_of(gone)] == [Devices(f"/dev/vd{x}", None) for x in "dbc"]
    assert all(row.at and row.message is None for row in rows_of(gone))
    assert places(emulator) == {"app01": []}
    back = into(emulator, "app01", "two", "three", "one")
    assert set(outcomes(back).values()) == {"attached"}
    assert [row.device for row in rows_of(back)] == [Devices(None, f"/dev/vd{x}") for x in "bcd"]
    assert places(emulator) == {"app01": ["two", "three", "one"]}
    ((before, after),) = zip(list(back.before.values())[:1], list(back.after.values())[:1], strict=True)
    assert before == {"server": None, "device": None, "status": "available"}
    assert after == {"server": "app01", "device": "/dev/vdb", "status": "in-use"}


def test_a_second_run_and_a_rehearsal_send_nothing(emulator: EmulatorServer, ids: dict[str, str]) -> None:
    rehearsed = out_of(emulator, "app01", "one", rehearsed=True)
    assert (outcomes(rehearsed), rehearsed.changed, rehearsed.to_do) == ({ids["one"]: "detached"}, True, [ids["one"]])
    rehearsed = into(emulator, "app01", "free", rehearsed=True)
    assert (outcomes(rehearsed), rehearsed.changed) == ({ids["free"]: "attached"}, True)
    for again, outcome in (
        (out_of(emulator, "app01", "free"), "already_detached"),
        (into(emulator, "app01", "one"), "already_attached"),
    ):
        assert (list(outcomes(again).values()), again.changed, again.failure) == ([outcome], False, None)
    assert changes(emulator) == []


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("lost", [1, 2])
def test_a_lost_answer_is_looked_after_before_anything_is_sent_again(
    emulator: EmulatorServer, ids: dict[str, str], done: bool, lost: int
) -> None:
    nova = nova_of(emulator, Forgetful, lost=lost, done=done)
    assert outcomes(out_of(emulator, "app01", "one", nova=nova)) == {ids["one"]: "detached"}
    assert nova.sent == (1 if done else lost + 1)
    nova = nova_of(emulator, Forgetful, lost=lost, done=done)
    assert outcomes(into(emulator, "app01", "one", nova=nova)) == {ids["one"]: "attached"}
    assert nova.sent == (1 if done else lost + 1)


def test_answers_that_are_always_lost(emulator: EmulatorServer, ids: dict[str, str]) -> None:
    nova = nova_of(emulator, Forgetful, lost=99, done=False)
    result = out_of(emulator, "app01", "one", nova=nova, timeout=HASTY)
    assert (outcomes(result), nova.sent, result.changed) == ({ids["one"]: "failed"}, 3, False)
    assert "attached as before: the answer was lost. The request may still be under way" in said(result)
    assert result.failure


@pytest.mark.parametrize("kind", ["attach", "detach"])
def test_a_guest_that_refuses(emulator: EmulatorServer, server_id: str, ids: dict[str, str], kind: str) -> None:
    """The answer was good, and the disk is as before; another disk of the server is not kept from going."""
    emulator.update_server(server_id, refuses=[kind])
    do, name = (into, "free") if kind == "attach" else (out_of, "one")
    for dummy in range(2):
        result = do(emulator, "app01", name)
        assert outcomes(result) == {ids[name]: "failed"}
        assert f"The guest refused: the list of actions of server app01 ({server_id}) says Error" in said(result)
        assert "request req-" in said(result)
    emulator.update_server(server_id, refuses=[])
    assert set(outcomes(do(emulator, "app01", name)).values()) == {f"{kind}ed"}


def test_a_disk_in_use_in_a_running_guest(emulator: EmulatorServer) -> None:
    """Linux refuses; Windows lets it be torn out, and then data are lost: only by the user's word."""
    for guest in ("linux", "windows"):
        emulator.create_server(SOURCE, guest, {"name": f"of-{guest}", "mounted": True}, os=guest)
        assert out_of(emulator, guest, f"of-{guest}").problems
    assert changes(emulator) == []
    linux = out_of(emulator, "linux", "of-linux", detach="running")
    windows = out_of(emulator, "windows", "of-windows", detach="running")
    assert [*outcomes(linux).values(), *outcomes(windows).values()] == ["failed", "detached"]
    assert [len(server["lost"]) for server in emulator.servers()] == [0, 1]


def test_a_change_that_shows_late_is_waited_for(emulator: EmulatorServer, ids: dict[str, str]) -> None:
    emulator.order_fault("late", method="DELETE", seconds=0.3)
    assert outcomes(out_of(emulator, "app01", "one")) == {ids["one"]: "detached"}
    emulator.order_fault("late", method="POST", path="os-volume_attachments", seconds=0.3)
    assert outcomes(into(emulator, "app01", "one")) == {ids["one"]: "attached"}


@pytest.mark.parametrize("kind", ["attach", "detach"])
def test_what_does_not_end_in_time_is_not_known(emulator: EmulatorServer, ids: dict[str, str], kind: str) -> None:
    emulator.configure(settle_seconds=60)
    do, name = (into, "free") if kind == "attach" else (out_of, "one")
    result = do(emulator, "app01", name, timeout=HASTY)
    assert (outcomes(result), result.changed) == ({ids[name]: "unknown"}, False)
    assert "Run again to wait for it." in said(result)
    emulator.forget_requests()
    again = do(emulator, "app01", name, timeout=HASTY)
    assert outcomes(again) == {ids[name]: "unknown"}
    assert changes(emulator) == [], "it is on its way already"


def test_an_answer_that_changed_nothing(emulator: EmulatorServer, ids: dict[str, str]) -> None:
    emulator.order_fault("pretend", method="DELETE")
    result = out_of(emulator, "app01", "one", timeout=HASTY)
    assert outcomes(result) == {ids["one"]: "failed"}
    assert "the server answered that it was, and then it was there as before." in said(result)
    emulator.order_fault("pretend", method="POST", path="os-volume_attachments")
    result = into(emulator, "app01", "free", timeout=HASTY)
    assert outcomes(result) == {ids["free"]: "failed"}


def test_nova_that_cannot_be_read_back(emulator: EmulatorServer, ids: dict[str, str]) -> None:
    result = into(emulator, "app01", "free", nova=nova_of(emulator, Blind), timeout=HASTY)
    assert (outcomes(result), rows_of(result)[0].owner) == ({ids["free"]: "unknown"}, None)
    assert "Nova is silent" in said(result)


def test_somebody_else_is_quicker(emulator: EmulatorServer, server_id: str, ids: dict[str, str]) -> None:
    nova = nova_of(emulator, Overtaken, meanwhile=lambda: emulator.seat(server_id, ids["free"]))
    assert outcomes(into(emulator, "app01", "free", nova=nova)) == {ids["free"]: "already_attached"}
    other = emulator.create_server(SOURCE, "app02", **OFF)
    volume_id = emulator.create_volume(SOURCE, "wanted")
    nova = nova_of(emulator, Overtaken, meanwhile=lambda: emulator.seat(other, volume_id))
    result = into(emulator, "app01", "wanted", nova=nova)
    assert outcomes(result) == {volume_id: "failed"}
    assert places(emulator)["app02"] == ["wanted"]
    nova = nova_of(emulator, Overtaken, meanwhile=lambda: emulator.seat(server_id, None))
    assert outcomes(out_of(emulator, "app01", "one", nova=nova)) == {ids["one"]: "detached"}
    again = emulator.create_server(SOURCE, "app03", {"name": "moving"}, **OFF)
    moving = emulator.servers()[-1]["seats"][-1]["volume_id"]

    def move_it() -> None:
        emulator.seat(again, None)
        emulator.update_volume(moving, tenant=TARGET)

    nova = nova_of(emulator, Overtaken, meanwhile=move_it)
    assert outcomes(out_of(emulator, "app03", "moving", nova=nova)) == {moving: "gone"}


def test_a_disk_that_has_left_the_tenant(emulator: EmulatorServer, ids: dict[str, str]) -> None:
    emulator.update_volume(ids["free"], tenant=TARGET)
    emulator.forget_requests()
    for ref in ("free", ids["free"]):
        result = out_of(emulator, "app01", ref)
        assert ([row.outcome for row in rows_of(result)], result.changed, result.failure) == (["gone"], False, None)
        assert bool(result.warnings) == (ref == "free")
    assert not [request for request in emulator.requests() if "/servers" in request.path]
    assert into(emulator, "app01", "free").problems


def test_one_disks_trouble_costs_no_other(emulator: EmulatorServer, server_id: str, ids: dict[str, str]) -> None:
    emulator.order_fault("status", method="DELETE", path=ids["two"], status=409, times=None)
    result = out_of(emulator, "app01", "one", "two", "three")
    assert outcomes(result) == {ids["one"]: "detached", ids["two"]: "failed", ids["three"]: "detached"}
    assert list(result.after) == [f"one ({ids['one']})", f"three ({ids['three']})"]


def test_a_missing_right_is_told_once(emulator: EmulatorServer, ids: dict[str, str]) -> None:
    emulator.set_outage("compute", 403, method="DELETE")
    result = out_of(emulator, "app01", "one", "two", "three")
    assert set(outcomes(result).values()) == {"failed"}
    assert "The user needs the right ecs:serverVolumeAttachments:delete" in (rows_of(result)[0].message or "")
    assert [r.path.rpartition("/")[2] for r in emulator.requests() if r.method == "DELETE"] == [ids["one"]] * 2


def test_servers_side_by_side_and_the_disks_of_each_one_by_one(emulator: EmulatorServer) -> None:
    for number in range(4):
        disks = [{"name": f"d{number}{place}"} for place in range(3)]
        emulator.create_server(SOURCE, f"s{number}", *disks, **OFF)
    under_way: dict[str, int] = {}
    most = {"a server": 0, "all": 0}
    lock = threading.Lock()

    class Counted(Nova):
        def detach(self, server_id: str, volume_id: str) -> None:
            with lock:
                under_way[server_id] = under_way.get(server_id, 0) + 1
                most["a server"] = max(most["a server"], under_way[server_id])
                most["all"] = max(most["all"], sum(under_way.values()))
            barrier.wait(timeout=LONG)
            super().detach(server_id, volume_id)
            with lock:
                under_way[server_id] -= 1

    barrier = threading.Barrier(4)
    refs = [f"d{number}{place}" for number in range(4) for place in range(3)]
    result = out_of(emulator, None, *refs, nova=nova_of(emulator, Counted))
    assert set(outcomes(result).values()) == {"detached"}
    assert most == {"a server": 1, "all": 4}


def test_how_many_requests_it_takes(emulator: EmulatorServer) -> None:
    """One a disk and a few a server beside those that wait, and the lists once a project."""
    emulator.configure(settle_reads=0)
    for number in range(3):
        disks = [{"name": f"d{number}{place}"} for place in range(4)]
        emulator.create_server(SOURCE, f"s{number}", *disks, **OFF)
    refs = [f"d{number}{place}" for number in range(3) for place in range(4)]
    emulator.forget_requests()
    assert set(outcomes(out_of(emulator, None, *refs)).values()) == {"detached"}
    asked = emulator.requests()
    waits = [r for r in asked if "/v2/" in r.path and "/volumes/" in r.path and "detail" not in r.path]
    assert (len(waits), len(changes(emulator))) == (12, 12)
    rest = [request for request in asked if request not in waits and request.method == "GET"]
    # Of each server the disks before and after, and what has failed before; of the project its disks and servers.
    assert len(rest) == 3 * 3 + 2 + 1, [request.path for request in rest]


def test_an_error_of_ours_is_told_of_the_disk(emulator: EmulatorServer, ids: dict[str, str]) -> None:
    class Broken(Nova):
        def actions(self, server_id: str) -> list[Action]:
            raise KeyError("oops")

    result = out_of(emulator, "app01", "one", nova=nova_of(emulator, Broken))
    assert outcomes(result) == {ids["one"]: "failed"}
    assert "Unexpected error" in said(result)


@pytest.mark.parametrize("error", [ApiError("no", 403, None, None, "no"), AnswerLost("lost")])
def test_without_the_list_of_actions_a_refusal_is_waited_out(
    emulator: EmulatorServer, server_id: str, ids: dict[str, str], error: EvsError
) -> None:
    class Silent(Nova):
        def actions(self, server_id: str) -> list[Action]:
            raise error

    emulator.update_server(server_id, refuses=["detach"])
    result = out_of(emulator, "app01", "one", nova=nova_of(emulator, Silent), timeout=HASTY)
    assert outcomes(result) == {ids["one"]: "failed"}


def test_after_so_many_seconds_no_disk_is_begun(emulator: EmulatorServer, ids: dict[str, str]) -> None:
    """But for the first of each server."""
    emulator.create_server(SOURCE, "app02", {"name": "four"}, {"name": "five"}, **OFF)
    result = out_of(emulator, None, "two", "one", "three", "four", "five", seconds=0.0)
    assert [row.name for row in rows_of(result)] == ["one", "four"]
    names = {volume["id"]: volume["name"] for volume in emulator.volumes()}
    assert sorted(names[volume_id] for volume_id in result.not_started) == ["five", "three", "two"]


WWN = "688860300000d136fa16f48f05992360"


@pytest.mark.parametrize(
    ("traits", "name", "asked"),
    [
        pytest.param({}, "virtio-{}", 0, id="virtio"),
        pytest.param({"metadata": {"hw:passthrough": "true"}, "wwn": WWN}, f"wwn-0x{WWN}", 1, id="SCSI"),
        pytest.param({"metadata": {"hw:passthrough": "true"}}, None, 1, id="SCSI without a WWN"),
    ],
)
def test_a_disk_keeps_what_its_guest_calls_it(
    emulator: EmulatorServer, server_id: str, traits: dict[str, Any], name: str | None, asked: int
) -> None:
    disk = emulator.create_volume(SOURCE, "odd", **traits)
    expected = name and name.format(disk[:20])
    emulator.forget_requests()
    for result in (into(emulator, "app01", "odd"), out_of(emulator, "app01", "odd")):
        assert [row.guest_name for row in rows_of(result)] == [expected]
    assert sum("cloudvolumes/detail" in request.path for request in emulator.requests()) == 2 * asked
    assert [row.guest_name for row in rows_of(out_of(emulator, "app01", "odd"))] == [None]


def test_a_name_that_cannot_be_read_costs_nothing(emulator: EmulatorServer, server_id: str) -> None:
    emulator.create_volume(SOURCE, "odd", metadata={"hw:passthrough": "true"}, wwn=WWN)
    emulator.order_fault("status", status=403, method="GET", path="cloudvolumes/detail", times=None)
    result = into(emulator, "app01", "odd")
    assert [(row.outcome, row.guest_name) for row in rows_of(result)] == [("attached", None)]


def without_nova(emulator: EmulatorServer) -> None:
    """Nova's calls to attach and detach are switched off, so those of ECS are used."""
    for method in ("POST", "DELETE"):
        emulator.order_fault("status", method=method, path="os-volume_attachments", status=410, times=None)


@pytest.mark.parametrize(("do", "outcome"), [(into, "attached"), (out_of, "detached")])
def test_a_job_of_ecs_is_read_to_its_end(
    emulator: EmulatorServer, ids: dict[str, str], do: Callable[..., Result], outcome: str
) -> None:
    without_nova(emulator)
    emulator.configure(settle_reads=3)
    emulator.forget_requests()
    result = do(emulator, "app01", "free" if do is into else "one")
    assert list(outcomes(result).values()) == [outcome]
    assert any("/jobs/" in request.path for request in emulator.requests())


@pytest.mark.parametrize(("do", "kind"), [(into, "attach"), (out_of, "detach")])
def test_a_job_of_ecs_that_fails_is_told_with_its_code(
    emulator: EmulatorServer, server_id: str, ids: dict[str, str], do: Callable[..., Result], kind: str
) -> None:
    without_nova(emulator)
    emulator.update_server(server_id, refuses=[kind])
    (row,) = rows_of(do(emulator, "app01", "free" if kind == "attach" else "one"))
    assert row.outcome == "failed"
    assert f"ECS could not {kind} it: job " in str(row.message)
    assert "has ended with FAIL: Ecs.0005: The guest refused." in str(row.message)


def test_a_refusal_of_ecs_is_told_in_words(emulator: EmulatorServer, server_id: str, ids: dict[str, str]) -> None:
    without_nova(emulator)
    emulator.update_server(server_id, mode="scsi")
    (row,) = rows_of(into(emulator, "app01", "free"))
    assert row.outcome == "failed"
    assert "Ecs.0053: Only SCSI" in str(row.message)
    assert "This means: the server takes disks in SCSI mode only" in str(row.message)


def test_a_job_that_cannot_be_read_costs_nothing(emulator: EmulatorServer, ids: dict[str, str]) -> None:
    without_nova(emulator)
    emulator.order_fault("status", method="GET", path="/jobs/", status=404, times=None)
    assert list(outcomes(into(emulator, "app01", "free")).values()) == ["attached"]


SCSI: dict[str, Any] = {"metadata": {"hw:passthrough": "true"}}


@pytest.mark.parametrize("rehearsed", [True, False])
@pytest.mark.parametrize(
    ("mode", "traits", "code"), [("scsi", {}, "Ecs.0053"), ("vbd", SCSI, "Ecs.0037")], ids=["only SCSI", "no SCSI"]
)
def test_ecs_is_asked_before_the_first_disk_is_attached(
    emulator: EmulatorServer, server_id: str, mode: str, traits: dict[str, Any], code: str, rehearsed: bool
) -> None:
    emulator.create_volume(SOURCE, "odd", **traits)
    emulator.create_volume(SOURCE, "plain", **({} if traits else SCSI))
    emulator.update_server(server_id, mode=mode)
    emulator.forget_requests()
    result = into(emulator, "app01", "odd", "plain", rehearsed=rehearsed, blocked="skip", dry_run=True)
    blocked, goes = rows_of(result)
    assert (blocked.outcome, goes.outcome) == ("blocked", "attached")
    assert [reason.constraint for reason in blocked.reasons] == ["scsi"]
    assert code in blocked.why
    sent = [request.path for request in emulator.requests() if request.method == "POST" and "servers/" in request.path]
    assert ["attachvolume" in path for path in sent] == ([True, True] if rehearsed else [True, True, False])
    assert (places(emulator)["app01"][3:]) == ([] if rehearsed else ["plain"])
    if rehearsed:
        assert {disk["status"] for disk in emulator.volumes() if disk["name"] in ("odd", "plain")} == {"available"}


def test_one_refusal_of_ecs_keeps_all_from_being_attached(emulator: EmulatorServer, server_id: str) -> None:
    emulator.update_server(server_id, mode="scsi")
    emulator.create_volume(SOURCE, "scsi", **SCSI)
    result = into(emulator, "app01", "scsi", "free", dry_run=True)
    assert "cannot be attached: scsi: the server takes disks in SCSI mode only" in result.problems[0]
    assert places(emulator)["app01"] == ["one", "two", "three"]


def test_without_ecs_nobody_can_be_asked(emulator: EmulatorServer, server_id: str) -> None:
    """A plain Nova answers 300 or 404 there."""
    for status in (300, 404):
        emulator.order_fault("status", path="attachvolume", status=status, times=None)
        result = into(emulator, "app01", "free", rehearsed=True, dry_run=True)
        assert list(outcomes(result).values()) == ["attached"]
        assert "could not be asked (dry_run): there is no ECS" in result.warnings[0]
        emulator.end_faults()
    assert into(emulator, "app01", "free", rehearsed=True).warnings == []
