# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role notes of its batches, and what it makes of that in the end."""

from __future__ import annotations

from typing import Any

from ansible_collections.otc.evs.plugins.filter.transfer_batch import transfer_batch
from ansible_collections.otc.evs.plugins.filter.transfer_result import transfer_result
from ansible_collections.otc.evs.plugins.filter.withdrawal_plan import withdrawal_plan

BATCH = ["v1", "v2", "v3"]
AT = "2026-11-21T12:00:00Z"


def rows(*volume_ids: str) -> list[dict[str, Any]]:
    return [{"id": f"t-{volume_id}", "volume_id": volume_id, "auth_key": "0000"} for volume_id in volume_ids]


def disks(*volume_ids: str) -> list[dict[str, Any]]:
    return [{"id": volume_id, "name": f"name-{volume_id}", "action": "moved"} for volume_id in volume_ids]


def test_a_batch_of_which_all_succeeded() -> None:
    noted = {"at": AT, "ids": BATCH, "failures": {}}
    assert transfer_batch(BATCH, {"volumes": disks(*BATCH)}, AT) == noted
    offered = transfer_batch(BATCH, {"transfers": rows(*BATCH)}, AT)
    assert offered == noted
    assert "0000" not in str(offered)


def test_what_failed_is_told_with_its_reason() -> None:
    moved = {"volumes": disks("v1"), "failures": [{"volume_id": "v2", "msg": "not accepted"}], "msg": "1 of 3"}
    noted = transfer_batch(BATCH, moved, AT)
    assert noted["ids"] == ["v1"]
    assert noted["failures"] == {"v2": "not accepted", "v3": "1 of 3"}


def test_a_disk_that_was_accepted_but_not_proved_has_not_succeeded() -> None:
    accepted = {"transfers": rows("v1", "v2"), "volumes": disks("v1"), "msg": "not proved"}
    assert transfer_batch(["v1", "v2"], accepted, AT)["failures"] == {"v2": "not proved"}


def test_a_task_that_ended_without_a_result() -> None:
    assert transfer_batch(BATCH, {"msg": "MODULE FAILURE"}, AT)["failures"] == dict.fromkeys(BATCH, "MODULE FAILURE")
    assert transfer_batch(["v1"], {}, AT)["failures"] == {"v1": "no module told what happened"}


def test_a_disk_that_lost_its_offer_again_has_failed() -> None:
    offered = {"transfers": rows("v1", "v2"), "failures": [{"volume_id": "v2", "msg": "its status is available"}]}
    noted = transfer_batch(["v1", "v2"], offered, AT)
    assert noted == {"at": AT, "ids": ["v1"], "failures": {"v2": "its status is available"}}


def test_a_disk_that_was_blocked_since_the_plan_tells_why() -> None:
    blocker = {"constraint": "status", "reason": "it is offered already", "evidence": {}, "remedy": "Withdraw it."}
    moved = {"volumes": disks("v1"), "blocked": [{"volume_id": "v2", "blockers": [blocker]}]}
    noted = transfer_batch(["v1", "v2"], moved, AT)
    assert noted["ids"] == ["v1"]
    assert noted["failures"] == {"v2": "status: it is offered already. Withdraw it."}


def disk(volume_id: str, **fields: Any) -> dict[str, Any]:
    return {"id": volume_id, "name": f"name-{volume_id}", "size": 1, "volume_type": "SSD", **fields}


SIDES = {
    "source": {"project_id": "a", "project_name": "tenant-a", "region_name": None},
    "target": {"project_id": "b", "project_name": "tenant-b", "region_name": None},
}
PLAN: dict[str, Any] = {
    **SIDES,
    "move": [disk("v1"), disk("v2"), disk("v3")],
    "done": [disk("v4")],
    "blocked": [disk("v5", reasons={"encrypted": "it is encrypted. Copy it."})],
    "problems": [],
}


def test_the_result_of_a_run() -> None:
    batches = [{"at": AT, "ids": ["v1"], "failures": {"v2": "no"}}]
    result = transfer_result(PLAN, {"check_mode": False}, batches)
    assert {row["id"]: row["outcome"] for row in result["disks"]} == {
        "v1": "moved",
        "v2": "failed",
        "v3": "not_attempted",
        "v4": "already_there",
        "v5": "blocked",
    }
    assert result["counts"] == {
        "total": 5, "moved": 1, "failed": 1, "not_attempted": 1, "already_there": 1, "blocked": 1
    }  # fmt: skip
    assert result["message"] == (
        "tenant-a -> tenant-b: 1 moved, 1 already there, 1 left because they cannot be transferred, "
        "1 failed, 1 not attempted."
    )
    told = {row["id"]: (row["when"], row["why"]) for row in result["disks"]}
    assert told["v1"] == (AT, [])
    assert told["v2"] == (None, ["no"])
    assert told["v5"] == (None, ["encrypted: it is encrypted. Copy it."])


def test_the_result_of_a_check() -> None:
    result = transfer_result(PLAN, {"check_mode": True})
    assert result["message"].startswith("tenant-a -> tenant-b: 3 would be moved, 1 already there,")


def test_a_reason_stands_with_its_disk_only() -> None:
    plan = {**PLAN, "problems": ["Disk 'x' is nowhere.", "v5 stays"], "reasons": ["v5 stays"]}
    assert transfer_result(plan, {"check_mode": False})["problems"] == [
        "Disk 'x' is nowhere.",
        "Disks that cannot be transferred: 1. The reasons stand with each of them.",
    ]


def test_the_result_of_an_offer_has_no_target() -> None:
    plan = {**PLAN, "target": {}, "move": [], "done": [], "kept": [disk("v1")], "taken": [disk("v2")], "blocked": []}
    result = transfer_result(plan, {"check_mode": False}, todo="to_offer", success="offered")
    assert result["message"] == "tenant-a: 0 offered, 1 offered before, 1 taken by the target."
    assert [row["to"] for row in result["disks"]] == [None, None]


def test_withdrawn_transfers_are_told_as_a_plan() -> None:
    transfers: list[dict[str, Any]] = [
        {"volume_id": "v1", "volume_name": "n", "size": 1, "volume_type": None, "action": "deleted"},
        {"volume_id": "v2", "volume_name": None, "size": None, "volume_type": None, "action": "accepted"},
    ]
    plan = withdrawal_plan(transfers, {**SIDES["source"], "volumes": []})
    assert (plan["source"], plan["target"]) == (SIDES["source"], {})
    assert [row["id"] for row in plan["move"]] == ["v1"]
    assert [row["id"] for row in plan["taken"]] == ["v2"]
