# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""evs_attachment and evs_server_info on a real Nova."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._api.nova import Nova
from ansible_collections.otc.evs.plugins.module_utils._flows.attach import Options, attach, detach
from ansible_collections.otc.evs.plugins.module_utils._plan.attachments import Rules, Wish
from tests.nova.server import NovaServer
from tests.support.attachments import Dying, Killed
from tests.support.server import SOURCE, SOURCE_READER, TARGET
from tests.support.tenants import login_options

Module = Callable[..., dict[str, Any]]


def outcomes(result: dict[str, Any]) -> list[str]:
    return [row["outcome"] for row in result["disks"]]


def constraints(result: dict[str, Any]) -> list[str]:
    return [reason["constraint"] for row in result["disks"] for reason in row["reasons"]]


def changes(lab: NovaServer) -> list[str]:
    asked = [r.method for r in lab.requests() if r.method in ("POST", "DELETE") and not r.path.endswith("/auth/tokens")]
    lab.forget_requests()
    return asked


def test_disks_leave_and_come_back_in_their_order(lab: NovaServer, module: Module) -> None:
    ids = lab.create_volumes(SOURCE, [{"name": name} for name in ("one", "two", "three")])
    server_id = lab.create_server(SOURCE, "app01", *ids)
    (server,) = module("evs_server_info", SOURCE, servers=["app01"])["servers"]
    assert (server["status"], server["locked"], server["availability_zone"]) == ("SHUTOFF", False, "eu-de-01")
    assert [disk["name"] for disk in server["disks"]] == ["app01-system", "one", "two", "three"]
    assert [disk["system"] for disk in server["disks"]] == [True, False, False, False]
    assert [disk["delete_on_termination"] for disk in server["disks"]] == [False] * 4
    lab.forget_requests()
    asked: dict[str, Any] = {"volumes": ["three", "one", "two"], "server": "app01"}
    for state, check, outcome, changed, sent in (
        ("absent", True, "detached", True, []),
        ("absent", False, "detached", True, ["DELETE"] * 3),
        ("absent", False, "already_detached", False, []),
        ("present", True, "attached", True, []),
        ("present", False, "attached", True, ["POST"] * 3),
        ("present", False, "already_attached", False, []),
    ):
        result = module("evs_attachment", SOURCE, **asked, state=state, check=check)
        assert (outcomes(result), result["changed"], changes(lab)) == ([outcome] * 3, changed, sent), result
        assert lab.disks(SOURCE, server_id) == {
            ("absent", True): ids,
            ("present", False): [ids[2], ids[0], ids[1]],
        }.get((state, check), [])
    assert {lab.volume(SOURCE, volume_id)["status"] for volume_id in ids} == {"in-use"}


def test_what_a_server_does_not_let_happen(lab: NovaServer, module: Module) -> None:
    """A lock, a server that runs, another zone, the disk it boots from: found before anything is sent."""
    inside, far, free = lab.create_volumes(
        SOURCE, [{"name": "inside"}, {"name": "far", "availability_zone": "eu-de-02"}, {"name": "free"}]
    )
    server_id = lab.create_server(SOURCE, "app01", inside, off=False)
    out: dict[str, Any] = {"server": "app01", "state": "absent"}
    lab.act(SOURCE, server_id, "lock")
    lab.forget_requests()
    assert constraints(module("evs_attachment", SOURCE, volumes=[inside], **out)) == ["locked", "server_status"]
    assert constraints(module("evs_attachment", SOURCE, volumes=[free], server="app01")) == ["locked"]
    assert changes(lab) == []
    lab.act(SOURCE, server_id, "unlock")
    lab.forget_requests()
    assert constraints(module("evs_attachment", SOURCE, volumes=[far], server="app01")) == ["zone"]
    boots = module("evs_attachment", SOURCE, volumes=["app01-system"], **out, detach="running")
    assert constraints(boots) == ["system_disk"]
    assert changes(lab) == []
    # What is not checked, the server refuses, and that is told.
    refused = module("evs_attachment", SOURCE, volumes=[far], server="app01", ignore_constraints=["zone"])
    assert outcomes(refused) == ["failed"]
    assert "not in the same availability_zone" in refused["msg"]
    assert outcomes(module("evs_attachment", SOURCE, volumes=[inside], **out, detach="running")) == ["detached"]


@pytest.mark.parametrize("kind", ["attach", "detach"])
def test_a_guest_that_refuses(lab: NovaServer, module: Module, kind: str) -> None:
    inside, free = lab.create_volumes(SOURCE, [{"name": "inside"}, {"name": "free"}])
    server_id = lab.create_server(SOURCE, f"fail-{kind}", inside)
    asked = {"volumes": [free if kind == "attach" else inside], "server": server_id}
    for dummy in range(2):
        result = module("evs_attachment", SOURCE, **asked, state="present" if kind == "attach" else "absent")
        assert outcomes(result) == ["failed"]
        assert "The guest refused: the list of actions of server" in result["msg"]
        assert lab.disks(SOURCE, server_id) == [inside]


@pytest.mark.parametrize("kind", ["attach", "detach"])
def test_a_slow_guest_is_waited_for(lab: NovaServer, module: Module, kind: str) -> None:
    inside, free = lab.create_volumes(SOURCE, [{"name": "inside"}, {"name": "free"}])
    server_id = lab.create_server(SOURCE, f"slow-{kind}", inside)
    asked: dict[str, Any] = {"volumes": [free if kind == "attach" else inside], "server": server_id}
    asked["state"] = "present" if kind == "attach" else "absent"
    lab.set_slow_seconds(600)
    result = module("evs_attachment", SOURCE, **asked, timeout=2)
    assert outcomes(result) == ["unknown"]
    assert "Run again to wait for it." in result["msg"]
    lab.forget_requests()
    lab.set_slow_seconds(2)
    assert outcomes(module("evs_attachment", SOURCE, **asked)) in ([f"{kind}ed"], [f"already_{kind}ed"])
    assert changes(lab) == []


def test_who_may_only_look(lab: NovaServer, module: Module) -> None:
    (inside,) = lab.create_volumes(SOURCE, [{"name": "inside"}])
    lab.create_server(SOURCE, "app01", inside)
    assert len(module("evs_server_info", SOURCE_READER)["servers"]) == 1
    result = module("evs_attachment", SOURCE_READER, volumes=[inside], state="absent")
    assert outcomes(result) == ["failed"]
    assert "was answered 403" in result["msg"]
    assert module("evs_server_info", TARGET)["servers"] == []


def test_disks_go_from_a_server_of_one_tenant_to_one_of_the_other(lab: NovaServer, module: Module) -> None:
    ids = lab.create_volumes(SOURCE, [{"name": "data"}, {"name": "logs"}])
    lab.create_server(SOURCE, "app01", *ids)
    there = lab.create_server(TARGET, "app01", off=False)
    entry = lab.cloud(TARGET)
    target = {"auth": entry["auth"], "region_name": entry["region_name"]}
    for expected in (["detached", "moved", "attached"], ["gone", "already_there", "already_attached"]):
        done = [
            module("evs_attachment", SOURCE, volumes=ids, server="app01", state="absent"),
            module("evs_move", SOURCE, volumes=ids, target=target),
            module("evs_attachment", TARGET, volumes=ids, server="app01"),
        ]
        assert [outcomes(result) for result in done] == [[outcome] * 2 for outcome in expected], done
        assert [result["changed"] for result in done] == [expected[0] == "detached"] * 3
        assert lab.disks(TARGET, there) == ids


@pytest.mark.parametrize("kind", ["detach", "attach"])
def test_runs_that_are_ended_at_any_request(lab: NovaServer, module: Module, kind: str) -> None:
    """Five kills each; the next run finishes, and no disk is where nobody has named."""
    ids = lab.create_volumes(SOURCE, [{"name": "one"}, {"name": "two"}])
    server_id = lab.create_server(SOURCE, "app01", *ids)
    home = {"volumes": ids, "server": server_id}
    for number in range(5, 10):
        module("evs_attachment", SOURCE, **home, state="present" if kind == "detach" else "absent")
        session = Dying(login_options(lab, SOURCE), 1)
        session.last, session.after = number, bool(number % 2)
        do = detach if kind == "detach" else attach
        wishes = [Wish(volume_id, server_id) for volume_id in ids]
        with pytest.raises(Killed):
            do(Evs.of(session), Nova.of(session), wishes, Options(Rules(), 1, 60), rehearsed=False)
        result = module("evs_attachment", SOURCE, **home, state="absent" if kind == "detach" else "present")
        assert not result.get("failed"), result
        assert sorted(lab.disks(SOURCE, server_id)) == ([] if kind == "detach" else sorted(ids))
