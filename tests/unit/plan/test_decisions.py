# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one planner: what is to become of each disk, and why nothing may begin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._errors import UsageError
from ansible_collections.otc.evs.plugins.module_utils._model.projects import Project
from ansible_collections.otc.evs.plugins.module_utils._model.protection import Backup, Snapshot
from ansible_collections.otc.evs.plugins.module_utils._model.rows import MOVED, OFFERED, Row
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Limit, Transfer, Volume
from ansible_collections.otc.evs.plugins.module_utils._plan.along import Along
from ansible_collections.otc.evs.plugins.module_utils._plan.constraints import CONSTRAINTS
from ansible_collections.otc.evs.plugins.module_utils._plan.decisions import (
    IF_UNCHECKED,
    KnownTransfer,
    Plan,
    Rules,
    Step,
    plan,
    same_project,
    stale,
)
from ansible_collections.otc.evs.plugins.module_utils._plan.evidence import Evidence
from ansible_collections.otc.evs.plugins.module_utils._plan.placement import Found
from tests.support.bodies import transfer, volume
from tests.support.rows import HERE, THERE

OURS = "ours"
WAITING = "awaiting-transfer"


def rules(**fields: Any) -> Rules:
    return Rules(**{"success": OFFERED, "name": OURS, "blocked": "skip", **fields})


def decided(
    *disks: Volume,
    refs: list[str] | None = None,
    there: list[Volume] | None = None,
    transfers: list[Transfer] | None = None,
    evidence: Evidence | None = None,
    target: Project | None = None,
    **options: Any,
) -> Plan:
    """Plan for these disks of the source, or what `refs` mean among them."""
    wanted = [disk.id for disk in disks] if refs is None else refs
    here = Found.among(wanted, disks)
    at_target = Found.among(here.missing, there) if there is not None else None
    pending = {item.volume_id: item for item in transfers or ()}
    return plan(here, at_target, pending, evidence or Evidence(), rules(**options), HERE, target)


def known(of: Transfer, name: str | None = None) -> dict[str, KnownTransfer]:
    return {of.volume_id: KnownTransfer(of.id, of.volume_id, name)}


# Which transfer there is -> keeps, replaces and the constraints that do not count, by what is to be done with pending.
PENDING: list[tuple[str, str | None, bool, bool]] = [
    ("keep", None, False, False),
    ("keep", "ours", True, False),
    ("keep", "theirs", True, False),
    ("keep", "known", True, False),
    ("replace", None, False, False),
    ("replace", "ours", False, True),
    ("replace", "theirs", False, False),
    ("replace", "known", True, False),
    ("fail", None, False, False),
    ("fail", "ours", False, False),
    ("fail", "theirs", False, False),
    ("fail", "known", True, False),
]


@pytest.mark.parametrize(("pending", "whose", "keeps", "replaces"), PENDING)
def test_what_is_to_be_done_with_a_pending_transfer(
    pending: str, whose: str | None, keeps: bool, replaces: bool
) -> None:
    offer = transfer(volume(), name="theirs" if whose == "theirs" else OURS) if whose else None
    asked = rules(pending=pending, known=known(offer) if offer and whose == "known" else {})
    assert (asked.keeps(offer), asked.replaces(offer)) == (keeps, replaces)


def test_a_known_transfer_of_the_disk_that_is_another_one_is_not_kept() -> None:
    offer = transfer(volume())
    asked = rules(pending="replace", known={offer.volume_id: KnownTransfer("t-before", offer.volume_id)})
    assert not asked.keeps(offer)
    assert asked.replaces(offer)
    assert not rules(pending="replace", known={"another": KnownTransfer(offer.id, "another")}).keeps(offer)


@pytest.mark.parametrize("ignored", [(), ("status",), ("backups",), ("status", "backups"), tuple(CONSTRAINTS)])
@pytest.mark.parametrize("check_constraints", [True, False])
@pytest.mark.parametrize("whose", [None, "ours", "theirs"])
def test_an_offer_that_is_not_ours_counts_whatever_is_ignored(
    whose: str | None, check_constraints: bool, ignored: tuple[str, ...]
) -> None:
    """T1: one planner for all, and in it a foreign offer wins over what is ignored."""
    offer = transfer(volume(), name=whose) if whose else None
    asked = rules(pending="replace", ignored=ignored, check_constraints=check_constraints)
    usual = set(ignored) if check_constraints else {*CONSTRAINTS, "region"}
    expected = {None: usual, "ours": usual | {"status"}, "theirs": usual - {"status"}}[whose]
    assert asked.excused(offer) == expected


@pytest.mark.parametrize(
    ("status", "whose", "pending", "outcome"),
    [
        ("available", None, "keep", "offered"),
        ("available", None, "fail", "offered"),
        (WAITING, "ours", "keep", "already_offered"),
        (WAITING, "theirs", "keep", "already_offered"),
        (WAITING, "ours", "replace", "offered"),
        (WAITING, "theirs", "replace", "blocked"),
        (WAITING, "ours", "fail", "blocked"),
        (WAITING, None, "keep", "blocked"),
        (WAITING, None, "replace", "blocked"),
        ("error", None, "keep", "blocked"),
        # A transfer that was left behind when the disk became available again stands in nobody's way.
        ("available", "ours", "keep", "offered"),
        ("available", "theirs", "fail", "offered"),
    ],
)
def test_decides_about_a_disk_of_the_source(status: str, whose: str | None, pending: str, outcome: str) -> None:
    disk = volume(status=status)
    offer = transfer(disk, name=whose) if whose else None
    (decision,) = decided(disk, transfers=[offer] if offer else [], pending=pending).decisions
    row = decision.row
    assert (row.outcome, row.id, row.owner, row.size) == (outcome, disk.id, HERE.id, 10)
    counts = offer if status == WAITING else None
    assert decision.keeps == (counts if outcome == "already_offered" else None)
    assert row.transfer_id == (counts.id if counts and outcome != "offered" else None)
    if outcome == "offered":
        assert decision.step == Step(row, disk, counts)
    else:
        assert decision.step is None
    assert [reason.constraint for reason in row.reasons] == (["status"] if outcome == "blocked" else [])


def test_all_reasons_of_a_disk_are_told_with_their_remedies() -> None:
    disk = volume(status="in-use", bootable="true")
    (row,) = decided(disk).rows
    assert [reason.constraint for reason in row.reasons] == ["attached", "system_disk"]
    assert row.reasons[0].reason == "it is attached to a server"
    assert row.reasons[0].remedy == "Unmount it in the server and detach it."


def test_an_offer_of_ours_does_not_hide_other_reasons() -> None:
    disk = volume(status=WAITING, bootable="true")
    (row,) = decided(disk, transfers=[transfer(disk)], pending="replace").rows
    assert [reason.constraint for reason in row.reasons] == ["system_disk"]
    assert row.outcome == "blocked"


def test_without_checks_all_goes_but_what_somebody_else_offers() -> None:
    free, offered = volume(status="in-use", bootable="true"), volume(status=WAITING)
    made = decided(
        *(free, offered),
        transfers=[transfer(offered, name="theirs")],
        evidence=Evidence(unchecked={"backups": "no"}),
        pending="replace",
        check_constraints=False,
    )
    assert [row.outcome for row in made.rows] == ["offered", "blocked"]
    assert made.problems == []


BEFORE = Along(frozenset({"snapshots", "encrypted"}), (3, 54))


@pytest.mark.parametrize(
    ("along", "ignored", "outcome", "constraints"),
    [
        (BEFORE, (), "blocked", ["encrypted", "snapshots"]),
        (BEFORE, ("snapshots",), "blocked", ["encrypted"]),
        (replace(BEFORE, newest=(3, 60)), (), "blocked", ["encrypted"]),
        (replace(BEFORE, newest=(3, 70)), (), "offered", []),
    ],
)
@pytest.mark.parametrize("check_constraints", [True, False])
def test_what_was_to_go_along_and_cannot_stays_whatever_else_is_checked(
    check_constraints: bool, along: Along, ignored: tuple[str, ...], outcome: str, constraints: list[str]
) -> None:
    disk = volume(encrypted=True)
    evidence = Evidence(snapshots={disk.id: [Snapshot("n", "", disk.id, "available", False, 3)]}, along=along)
    how: dict[str, Any] = {"check_constraints": check_constraints, "along": along.asked, "ignored": ignored}
    made = decided(disk, evidence=evidence, target=THERE, **how)
    assert [row.outcome for row in made.rows] == [outcome]
    assert [reason.constraint for reason in made.rows[0].reasons] == constraints
    if outcome == "offered":
        assert [snapshot.id for snapshot in made.to_do[0].snapshots] == ["n"]
        short = made.with_quota(THERE, {"gigabytes": Limit(0, 12, 0), "snapshots": Limit(0, 1, 0)})
        assert "gigabytes: 13 needed" in short.problems[0]


OPEN = Evidence(unchecked={"backups": "CBR said 403.", "snapshots": "EVS said 500"})


@pytest.mark.parametrize("ignored", [(), ("backups",), ("backups", "snapshots")])
@pytest.mark.parametrize("unchecked", ["fail", "allow"])
@pytest.mark.parametrize("bootable", ["false", "true"])
def test_what_could_not_be_checked(bootable: str, unchecked: str, ignored: tuple[str, ...]) -> None:
    made = decided(volume(bootable=bootable), evidence=OPEN, unchecked=unchecked, ignored=ignored)
    open_ones = [constraint for constraint in OPEN.unchecked if constraint not in ignored]
    (row,) = made.rows
    if bootable == "true":
        assert ([reason.constraint for reason in row.reasons], made.problems) == (["system_disk"], [])
        return
    assert [reason.constraint for reason in row.reasons] == open_ones
    assert row.outcome == ("blocked" if open_ones and unchecked == "fail" else "offered")
    assert len(made.problems) == (len(open_ones) if unchecked == "fail" else 0)
    if "backups" in open_ones:
        assert row.reasons[0].reason == "it could not be checked: CBR said 403"
        assert row.reasons[0].remedy == IF_UNCHECKED
    if "snapshots" in open_ones and unchecked == "fail":
        assert made.problems[-1] == f"The constraint snapshots could not be checked: EVS said 500. {IF_UNCHECKED}"
    if "backups" in open_ones and unchecked == "fail":
        assert made.problems[0] == f"The constraint backups could not be checked: CBR said 403. {IF_UNCHECKED}"


def test_what_could_not_be_checked_is_told_once_for_all_disks() -> None:
    made = decided(volume(), volume(), evidence=Evidence(unchecked={"backups": "403."}))
    assert len(made.problems) == 1
    assert [row.outcome for row in made.rows] == ["blocked", "blocked"]
    assert made.to_do == []


def test_a_constraint_that_is_violated_is_not_open_as_well() -> None:
    disk = volume()
    evidence = Evidence(backups={disk.id: [Backup("b", "nightly", disk.id)]}, unchecked={"backups": "403"})
    made = decided(disk, evidence=evidence)
    assert [reason.reason for reason in made.rows[0].reasons] == ["it has 1 backup: nightly (b)"]
    assert made.problems == []


def test_a_blocked_disk_stops_everything_or_is_left() -> None:
    good, bad = volume(name="good"), volume(name="bad", bootable="true")
    stopped, left = decided(good, bad, blocked="fail"), decided(good, bad)
    (problem,) = stopped.problems
    assert problem.startswith(f"Disk bad ({bad.id}) cannot be transferred: system_disk: it is bootable")
    assert "good" not in problem
    assert left.problems == []
    assert [step.volume for step in left.to_do] == [good]
    assert stopped.rows == left.rows


def test_a_disk_that_is_blocked_and_one_that_is_open_are_told_each_in_its_way() -> None:
    bad, open_one = volume(name="bad", bootable="true"), volume(name="open")
    made = decided(bad, open_one, blocked="fail", evidence=Evidence(unchecked={"backups": "403."}))
    assert len(made.problems) == 2
    assert "Disk bad" in made.problems[0]
    assert "The constraint backups could not be checked" in made.problems[1]


def test_disks_come_once_and_in_the_order_asked_for() -> None:
    one, two = volume(name="one"), volume(name="two")
    made = decided(one, two, refs=["two", one.id, "one", "two", two.id])
    assert [row.name for row in made.rows] == ["two", "one"]


def test_what_the_target_has_is_there_already() -> None:
    here, there = volume(name="here"), volume(name="there", status="in-use")
    made = decided(here, refs=["there", "here", there.id], there=[there], target=THERE, success=MOVED)
    assert [(row.name, row.outcome, row.owner) for row in made.rows] == [
        ("there", "already_there", THERE.id),
        ("here", "moved", HERE.id),
    ]
    assert made.problems == []
    assert [step.volume for step in made.to_do] == [here]


def test_a_disk_in_neither_tenant_is_a_problem() -> None:
    made = decided(volume(), refs=["nowhere", "nix"], there=[], target=THERE)
    (problem,) = made.problems
    assert problem.startswith(
        f"'nowhere', 'nix': neither in project {HERE.label} nor in project {THERE.label} is a disk with such a name"
    )
    assert made.details == {"missing": ["nowhere", "nix"]}
    assert made.rows == []


def test_a_disk_that_the_only_tenant_does_not_have_is_a_problem() -> None:
    made = decided(volume(), refs=["nowhere"])
    (problem,) = made.problems
    assert problem.startswith(f"Project {HERE.label} has no disk with the name or ID 'nowhere'.")


def test_a_name_that_fits_several_is_a_problem_that_lists_their_ids() -> None:
    twins = [volume(), volume()]
    other = volume(name="other")
    made = decided(*twins, other, refs=["data", "other"])
    (problem,) = made.problems
    assert f"'data' fits {twins[0].id}, {twins[1].id}" in problem
    assert made.details == {"ambiguous": {"data": [twins[0].id, twins[1].id]}}
    assert [row.name for row in made.rows] == ["other"]


@pytest.mark.parametrize("by", ["id", "name"])
def test_a_known_disk_that_has_left_is_gone_and_no_problem(by: str) -> None:
    """T10: whether it was accepted or deleted is not known, so neither is said."""
    left = volume(name="left")
    offer = transfer(left)
    made = decided(refs=[left.id if by == "id" else "left"], known=known(offer, "left"))
    (row,) = made.rows
    assert (row.id, row.outcome, row.name, row.transfer_id) == (left.id, "gone", "left", offer.id)
    assert row.owner is None
    assert row.message == (
        f"Disk left has left project {HERE.label} since it was offered by transfer {offer.id}; "
        "where it is now is not known here."
    )
    assert (made.problems, made.to_do) == ([], [])


def test_a_known_disk_without_a_name_is_known_by_its_id() -> None:
    offer = transfer(volume())
    assert [row.outcome for row in decided(refs=[offer.volume_id], known=known(offer)).rows] == ["gone"]
    assert decided(refs=["data"], known=known(offer)).details == {"missing": ["data"]}


def test_a_known_disk_that_the_target_has_is_there() -> None:
    disk = volume()
    made = decided(refs=[disk.id], there=[disk], target=THERE, known=known(transfer(disk)))
    assert [row.outcome for row in made.rows] == ["already_there"]


def test_a_disk_that_left_while_it_was_looked_at_is_gone_and_no_problem() -> None:
    """T7: one that was accepted between two lists costs no other disk."""
    disk, other = volume(name="left"), volume(name="other")
    left = {"left": [disk], disk.id: [disk]}

    def made(*there: Volume) -> Plan:
        found = Found.among(["left", "other", disk.id, "nix"], [other])
        at_target = Found.among(found.missing, there)
        return plan(found, at_target, {}, Evidence(), rules(), HERE, THERE, left)

    assert [(row.name, row.outcome, row.owner) for row in made().rows] == [
        ("left", "gone", None),
        ("other", "offered", HERE.id),
    ]
    assert made().details == {"missing": ["nix"]}
    assert made().rows[0].message == (
        f"Disk {disk.label} has left project {HERE.label} while it was looked at; where it is now is not known here."
    )
    assert [row.outcome for row in made(disk).rows] == ["already_there", "offered"]


def test_a_known_disk_that_is_not_asked_for_is_not_told() -> None:
    disk = volume()
    made = decided(disk, known=known(transfer(volume())))
    assert [row.id for row in made.rows] == [disk.id]


def test_known_transfers_that_are_not_there_any_more() -> None:
    """T9: the disk is here, and its offer is not the known one."""
    withdrawn, renewed, alive, left = volume(), volume(), volume(), volume()
    transfers = {disk.id: transfer(disk) for disk in (withdrawn, renewed, alive, left)}
    noted = [KnownTransfer(item.id, item.volume_id) for item in transfers.values()]
    pending = {renewed.id: transfer(renewed), alive.id: transfers[alive.id]}
    here = {disk.id: disk for disk in (withdrawn, renewed, alive)}
    assert stale(noted, here, pending) == [transfers[withdrawn.id].id, transfers[renewed.id].id]


def test_a_project_is_not_its_own_target() -> None:
    (problem,) = same_project(HERE, replace(THERE, id=HERE.id))
    assert problem.startswith(f"Source and target are the same: project {HERE.label}.")
    assert same_project(HERE, THERE) == []


def test_the_quota_counts_what_is_to_be_moved_and_nothing_else() -> None:
    blocked = volume(size=100, bootable="true")
    made = decided(volume(size=3), volume(size=4), blocked, target=THERE)
    assert made.with_quota(THERE, {"gigabytes": Limit(0, 7, 0), "volumes": Limit(0, 2, 0)}) is made
    short = made.with_quota(THERE, {"gigabytes": Limit(0, 6, 0), "gigabytes_SSD": Limit(0, 5, 1)})
    assert short.rows == made.rows
    (problem,) = short.problems
    assert problem.startswith(f"The quota of project {THERE.label} is not enough for 2 disks: gigabytes: 7 needed")
    assert problem.endswith("limit 5). Raise the quota or free some of it, and run again.")
    shortfalls = short.details["shortfalls"]
    assert isinstance(shortfalls, list)
    assert [item["resource"] for item in shortfalls] == ["gigabytes", "gigabytes_SSD"]


def test_the_quota_adds_to_other_problems_and_details() -> None:
    made = decided(volume(), refs=["data", "nowhere"], target=THERE).with_quota(THERE, {"volumes": Limit(0, 0, 0)})
    assert len(made.problems) == 2
    assert set(made.details) == {"missing", "shortfalls"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "must not be empty"),
        ("  ", "must not be empty"),
        (" a", "must not begin or end with a space"),
        ("a ", "must not begin or end with a space"),
        ("x" * 65, "has 65 characters; at most 64 are allowed"),
        ("\N{GRINNING FACE}" * 64, "has 256 bytes in UTF-8; at most 255 are allowed"),
    ],
)
def test_refuses_a_name_that_the_api_would_not_keep(name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        rules(name=name)


@pytest.mark.parametrize("name", ["x", "x" * 64, "\u00fc" * 64, "\N{GRINNING FACE}" * 63 + "\N{EURO SIGN}"])
def test_takes_the_longest_names(name: str) -> None:
    assert rules(name=name).name == name


def test_a_plan_tells_its_rows_in_order() -> None:
    disk = volume()
    assert Plan().rows == []
    assert decided(disk).rows == [Row.of(disk, OFFERED, HERE.id)]
