# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job: a playbook moves disks from one tenant to the other."""

from __future__ import annotations

from pathlib import Path

from tests.integration.conftest import ON_CINDER, move_on
from tests.support.playbooks import openstack
from tests.support.server import SOURCE, TARGET, Request, Server
from tests.support.tenants import evs_of

TWENTY = [f"disk-{number:02}" for number in range(20)]


def changing(requests: list[Request]) -> list[str]:
    return [r.method for r in requests if r.method != "GET" and not r.path.endswith("/auth/tokens")]


@ON_CINDER
def test_twenty_disks_move_and_stay_moved(server: Server, tmp_path: Path) -> None:
    ids = [server.create_volume(SOURCE, name) for name in TWENTY]
    move = move_on(server, tmp_path)
    wanted = [*TWENTY[:10], *ids[10:]]

    server.forget_requests()
    foreseen = move(wanted, "--check", "--diff")
    assert foreseen.exit_status == 0, foreseen.output
    assert "tenant-a -> tenant-b: 20 would be moved, 0 already there" in foreseen.words
    assert foreseen.output.count('"owner": "tenant-b (') == 20, "the diff tells each disk's owner to come"
    assert changing(server.requests()) == []

    server.forget_requests()
    moved = move(wanted)
    assert moved.exit_status == 0, moved.output
    assert "tenant-a -> tenant-b: 20 moved, 0 already there" in moved.words
    assert sorted(changing(server.requests())) == ["POST"] * 40

    listed = openstack(server, tmp_path, TARGET, "volume", "list")
    assert sorted(row["ID"] for row in listed) == sorted(ids)
    assert {row["Status"] for row in listed} == {"available"}
    assert openstack(server, tmp_path, SOURCE, "volume", "list") == []
    assert list(evs_of(server, SOURCE).transfers()) == []

    server.forget_requests()
    again = move(wanted)
    assert again.exit_status == 0, again.output
    assert again.changed == 0
    assert "0 moved, 20 already there" in again.words
    assert changing(server.requests()) == []


def test_the_decisions_of_check_mode_are_those_of_the_run(server: Server, tmp_path: Path) -> None:
    server.create_volume(SOURCE, "free")
    server.create_volume(SOURCE, "encrypted", encrypted=True)
    server.create_volume(SOURCE, "attached", attached=True)
    server.create_volume(TARGET, "there")
    move = move_on(server, tmp_path)
    wanted = ["free", "encrypted", "attached", "there"]

    def table(output: str) -> list[str]:
        return [line.strip(' ",') for line in output.splitlines() if " GiB " in line]

    foreseen = move(wanted, "--check", tenant_transfer_blocked="skip")
    moved = move(wanted, tenant_transfer_blocked="skip")
    assert foreseen.exit_status == moved.exit_status == 0, moved.output
    assert len(table(foreseen.output)) == 4
    assert table(foreseen.output) == table(moved.output)
    assert "1 moved, 1 already there, 2 blocked" in moved.words
    assert {volume.name for volume in evs_of(server, TARGET).volumes()} == {"free", "there"}


def test_batches_say_how_far_it_is(server: Server, tmp_path: Path) -> None:
    names = [server.create_volume(SOURCE, f"d{number}") for number in range(5)]
    run = move_on(server, tmp_path)(names, tenant_transfer_batch_size=2)
    assert run.exit_status == 0, run.output
    for progress in ("2 of 5 disks moved", "4 of 5 disks moved", "5 of 5 disks moved"):
        assert progress in run.words


@ON_CINDER
def test_offers_of_an_earlier_run_are_replaced_and_others_are_not(server: Server, tmp_path: Path) -> None:
    interrupted, foreign = server.create_volume(SOURCE, "interrupted"), server.create_volume(SOURCE, "foreign")
    source = evs_of(server, SOURCE)
    source.create_transfer(interrupted, "ansible-evs-transfer")
    source.create_transfer(foreign, "theirs")
    move = move_on(server, tmp_path)
    stopped = move(["interrupted", "foreign"])
    assert stopped.exit_status != 0
    assert "foreign stays (status): it is offered already, by transfer" in stopped.words
    assert "called 'theirs'" in stopped.words
    moved = move(["interrupted", "foreign"], tenant_transfer_blocked="skip")
    assert moved.exit_status == 0, moved.output
    assert [volume.name for volume in evs_of(server, TARGET).volumes()] == ["interrupted"]
    assert [transfer.name for transfer in source.transfers()] == ["theirs"]


def test_an_ignored_status_does_not_touch_somebody_elses_offer(server: Server, tmp_path: Path) -> None:
    free, foreign = server.create_volume(SOURCE, "free"), server.create_volume(SOURCE, "foreign")
    evs_of(server, SOURCE).create_transfer(foreign, "theirs")
    move = move_on(server, tmp_path)
    options = {"tenant_transfer_blocked": "skip", "tenant_transfer_ignore_constraints": ["status"]}
    foreseen = move(["free", "foreign"], "--check", **options)
    assert "1 would be moved, 0 already there, 1 blocked" in foreseen.words
    moved = move(["free", "foreign"], **options)
    assert (foreseen.exit_status, moved.exit_status) == (0, 0), moved.output
    assert "1 moved, 0 already there, 1 blocked" in moved.words
    assert [volume.id for volume in evs_of(server, TARGET).volumes()] == [free]


def test_nothing_begins_if_something_is_wrong(server: Server, tmp_path: Path) -> None:
    server.create_volume(SOURCE, "here")
    server.create_volume(SOURCE, "twin")
    server.create_volume(SOURCE, "twin")
    server.forget_requests()
    run = move_on(server, tmp_path)(["here", "twin", "nowhere"])
    assert run.exit_status != 0
    assert "Nothing was changed." in run.words
    assert "'twin' fits " in run.words
    assert "'nowhere': neither in project tenant-a" in run.words
    assert "Nothing will be done, because:" in run.words
    assert changing(server.requests()) == []


@ON_CINDER
def test_a_quota_that_is_too_small_is_told_before_anything_begins(server: Server, tmp_path: Path) -> None:
    names = [server.create_volume(SOURCE, f"d{number}", size=3) for number in range(4)]
    server.set_quota(TARGET, gigabytes=11)
    server.forget_requests()
    run = move_on(server, tmp_path)(names)
    assert run.exit_status != 0
    assert "gigabytes: 12 needed, 11 free (0 in use, 0 reserved, limit 11)" in run.words
    assert changing(server.requests()) == []


def test_source_and_target_may_not_be_the_same(server: Server, tmp_path: Path) -> None:
    server.create_volume(SOURCE, "d")
    run = move_on(server, tmp_path)(["d"], tenant_transfer_target={"cloud": SOURCE})
    assert run.exit_status != 0
    assert "Source and target are the same: project tenant-a" in run.words


def test_a_misspelt_option_of_a_tenant_is_told_before_anything_is_sent(server: Server, tmp_path: Path) -> None:
    server.forget_requests()
    run = move_on(server, tmp_path)(["d"], tenant_transfer_target={"clowd": TARGET})
    assert run.exit_status != 0
    assert "clowd" in run.words
    assert server.requests() == []
