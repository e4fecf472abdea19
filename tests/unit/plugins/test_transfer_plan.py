# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's decisions: where each disk is, and what to do with it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.filter.transfer_plan import FilterModule
from ansible_collections.otc.evs.plugins.module_utils._flows.evidence import Evidence
from ansible_collections.otc.evs.plugins.module_utils._flows.listing import volume_row
from ansible_collections.otc.evs.plugins.module_utils._flows.offer import OfferOptions
from ansible_collections.otc.evs.plugins.module_utils._flows.offer import plan as plan_of_the_modules
from tests.support.bodies import transfer, volume

transfer_plan = FilterModule().filters()["transfer_plan"]


def info(project: str, *volumes: Any) -> dict[str, Any]:
    return {"project_id": project, "project_name": f"name-of-{project}", "region_name": None, "volumes": list(volumes)}


def row(offered_as: str | None = None, unchecked: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    disk = volume(**fields)
    pending = transfer(disk, name=offered_as) if offered_as else None
    return volume_row(disk, pending, Evidence(unchecked=unchecked or {}))


def plan(wanted: list[str], source: list[Any], target: list[Any], **options: Any) -> Any:
    return transfer_plan(wanted, info("a", *source), info("b", *target), name="ours", **options)


@pytest.mark.parametrize(
    ("source", "target", "decision"),
    [
        ([row()], [], "move"),
        ([row(status="awaiting-transfer", offered_as="ours")], [], "move"),
        ([row(status="awaiting-transfer", offered_as="theirs")], [], "blocked"),
        ([row(status="awaiting-transfer")], [], "blocked"),
        ([row(bootable="true")], [], "blocked"),
        ([], [row()], "done"),
        ([row()], [row()], "move"),
        ([row(bootable="true")], [row()], "blocked"),
    ],
)
def test_decides_by_where_the_disk_is(source: list[Any], target: list[Any], decision: str) -> None:
    result = plan(["data"], source, target, blocked="skip")
    assert {key: len(result[key]) for key in ("move", "done", "blocked") if result[key]} == {decision: 1}
    assert result["problems"] == []
    assert len(result["table"]) == (3 if decision == "blocked" else 2)


def test_a_disk_in_neither_tenant_is_a_problem() -> None:
    (problem,) = plan(["gone"], [], [])["problems"]
    assert "'gone' is neither in project name-of-a (a) nor in project name-of-b (b)" in problem


def test_a_name_that_fits_several_is_a_problem_that_lists_their_ids() -> None:
    twins = [row(), row()]
    (problem,) = plan(["data"], twins, [])["problems"]
    assert twins[0]["id"] in problem
    assert twins[1]["id"] in problem


def test_an_id_is_preferred_to_a_name() -> None:
    disk = row(name="x")
    namesake = row(name=disk["id"])
    assert [item["id"] for item in plan([disk["id"]], [disk, namesake], [])["move"]] == [disk["id"]]


def test_a_disk_asked_for_by_name_and_id_is_moved_once() -> None:
    disk = row()
    assert len(plan([disk["id"], "data", "data"], [disk], [])["move"]) == 1


def test_source_and_target_must_differ() -> None:
    result = transfer_plan(["data"], info("a", row()), info("a", row()), name="ours")
    assert "the same" in result["problems"][0]


def test_a_blocked_disk_stops_everything_or_is_left() -> None:
    good, bad = row(name="good"), row(name="bad", bootable="true")
    assert "bad stays (system_disk): it is bootable" in plan(["good", "bad"], [good, bad], [])["problems"][0]
    result = plan(["good", "bad"], [good, bad], [], blocked="skip")
    assert result["problems"] == []
    assert [item["name"] for item in result["move"]] == ["good"]
    assert list(result["blocked"][0]["reasons"]) == ["system_disk"]


def test_an_ignored_constraint_does_not_block() -> None:
    assert plan(["data"], [row(bootable="true")], [], ignore_constraints=["system_disk"])["move"]


def test_the_table_does_not_promise_what_will_not_be_done() -> None:
    stopped, begun = plan(["data", "gone"], [row()], []), plan(["data"], [row()], [])
    assert "None of that will be done" in stopped["table"][-1]
    assert begun["table"][-1].endswith("  move")


def test_the_table_is_aligned() -> None:
    lines = plan(["a", "a-long-name"], [row(name="a"), row(name="a-long-name")], [])["table"]
    assert len({line.index("GiB") for line in lines[1:]}) == 1


def test_what_could_not_be_checked_stops_everything_or_is_told() -> None:
    disk = row(unchecked={"backups": "CBR answered 403."})
    stopped = plan(["data"], [disk], [])
    assert "The constraint backups could not be checked: CBR answered 403." in stopped["problems"]
    allowed = plan(["data"], [disk], [], unchecked="allow")
    assert allowed["problems"] == []
    assert len(allowed["move"]) == 1
    assert "move, unchecked: backups" in allowed["table"][1]
    assert plan(["data"], [disk], [], ignore_constraints=["backups"])["problems"] == []


def test_an_offer_of_ours_does_not_hide_other_reasons() -> None:
    disk = row(status="awaiting-transfer", offered_as="ours", bootable="true")
    assert list(plan(["data"], [disk], [], blocked="skip")["blocked"][0]["reasons"]) == ["system_disk"]


def test_tenants_in_two_regions_are_a_problem() -> None:
    source, target = ({**info(name, row()), "region_name": region} for name, region in (("a", "eu-de"), ("b", "eu-nl")))
    (problem,) = transfer_plan(["data"], source, target, name="ours")["problems"]
    assert "in region eu-de and the target in region eu-nl" in problem
    assert transfer_plan(["data"], source, {**target, "region_name": "eu-de"}, name="ours")["problems"] == []
    assert transfer_plan(["data"], source, {**target, "region_name": None}, name="ours")["problems"] == []


CASES = [
    (status, offered_as, bootable, open_question, tuple(ignored))
    for status in ("available", "awaiting-transfer", "in-use", "error")
    for offered_as in ((None, "ours", "theirs") if status == "awaiting-transfer" else (None,))
    for bootable in (False, True)
    for open_question in (False, True)
    for ignored in ((), ("status",), ("system_disk",), ("backups",), ("status", "system_disk", "backups", "attached"))
]


@pytest.mark.parametrize(("status", "offered_as", "bootable", "open_question", "ignored"), CASES)
def test_the_role_decides_as_the_modules_do(
    status: str, offered_as: str | None, bootable: bool, open_question: bool, ignored: tuple[str, ...]
) -> None:
    disk = volume(status=status, bootable=str(bootable).lower())
    pending = transfer(disk, name=offered_as) if offered_as else None
    evidence = Evidence(unchecked={"backups": "403"} if open_question else {})
    role = plan(
        [disk.id],
        [volume_row(disk, pending, evidence)],
        [],
        blocked="skip",
        unchecked="allow",
        ignore_constraints=ignored,
    )
    options = OfferOptions(name="ours", pending="replace", blocked="skip", unchecked="allow", ignored=ignored)
    module = plan_of_the_modules([disk], {disk.id: pending} if pending else {}, evidence, options)
    assert [item["id"] for item in role["move"]] == [step.volume.id for step in module.steps]
    told = [list(item["reasons"]) for item in role["blocked"]]
    assert told == [[blocker.constraint for blocker in item.blockers] for item in module.blocked]
    assert role["unchecked"] == module.unchecked
