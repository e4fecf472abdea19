# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Four disks of two servers on their way to two servers of the other tenant, disturbed and killed."""

from __future__ import annotations

import contextlib
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.otc.evs.plugins.module_utils._api.session import Session
from tests.emulator.server import EmulatorServer
from tests.faults.chain import Chain
from tests.faults.conftest import FIGURES
from tests.faults.test_attachment_sweep import ALL, changes
from tests.faults.test_sweep import CASES, FAULTS, SEED
from tests.support.attachments import Killed
from tests.support.modules import run_module
from tests.support.samples import WHOLE
from tests.support.server import SOURCE, TARGET

DISKS = {"app01": ["a", "b"], "db01": ["c", "d"]}
SERVERS = [{"name": name, "target": f"{name}-new"} for name in DISKS]
AFTER = {disk: f"{name}-new" for name, disks in DISKS.items() for disk in disks}
BEFORE = {disk: name for name, disks in DISKS.items() for disk in disks}
TOLD = ("moved", "already_there", "blocked", "failed")
"""The outcomes that say where a disk is."""
A_RUN = 20
"""So many cases of a sweep of one module take as long as one here."""
pytestmark = pytest.mark.usefixtures("quick")


def prepare(server: EmulatorServer, home: Path) -> None:
    (home / "attachments.json").unlink(missing_ok=True)
    server.reset()
    for name, disks in DISKS.items():
        server.create_server(SOURCE, name, *({"name": disk} for disk in disks), status="SHUTOFF")
        server.create_server(TARGET, f"{name}-new", status="SHUTOFF")
    server.forget_requests()


def act(server: EmulatorServer, home: Path, **variables: Any) -> dict[str, Any]:
    return Chain(server, home, servers=SERVERS, timeout=1, **variables).run()


def inside(server: EmulatorServer) -> dict[str, str | None]:
    """In which server each disk is, and its order there; past the API."""
    names = {volume["id"]: volume["name"] for volume in server.volumes() if not volume["bootable"]}
    seats = {seat["volume_id"]: host["name"] for host in server.servers() for seat in host["seats"]}
    return {name: seats.get(volume_id) for volume_id, name in names.items()}


def order(server: EmulatorServer) -> dict[str, list[str]]:
    names = {volume["id"]: volume["name"] for volume in server.volumes() if not volume["bootable"]}
    return {
        host["name"]: [names[seat["volume_id"]] for seat in host["seats"] if seat["volume_id"] in names]
        for host in server.servers()
    }


def wrong(server: EmulatorServer, result: dict[str, Any]) -> list[str]:
    """What is not as the rows tell it."""
    where = inside(server)
    names = {host["id"]: host["name"] for host in server.servers()}
    found = []
    for row in result.get("disks", ()):
        after = names.get(((row["server"] or {}).get("after") or {}).get("id"))
        if row["outcome"] in TOLD and not result["rehearsed"] and after != where[row["name"]]:
            found.append(f"{row['name']} is told to be in {after}, and is in {where[row['name']]}")
    return found


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int, bool], None]]:
    """End a run at the request of a number, counted over all its modules, before or after it was carried out."""
    send = Session.send

    def order_it(last: int, after: bool) -> None:
        sent = 0

        def dies(self: Session, *arguments: Any, **named: Any) -> Any:
            nonlocal sent
            sent += 1
            if sent == last and not after:
                raise Killed
            answer = send(self, *arguments, **named)
            if sent == last:
                raise Killed
            return answer

        monkeypatch.setattr(Session, "send", dies if last else send)

    yield order_it
    monkeypatch.setattr(Session, "send", send)


def calls(server: EmulatorServer) -> int:
    """The requests of an undisturbed run, without the logins."""
    return sum(not request.path.endswith("/auth/tokens") for request in server.requests())


WAIT = re.compile("GET /v2/[^/]+/volumes/[0-9a-f-]{36}$")


def asked(server: EmulatorServer) -> tuple[int, int]:
    """How many requests were sent, without those that only wait for a disk, and how many of them change something."""
    sent = [f"{request.method} {request.path}" for request in server.requests()]
    work = [line for line in sent if not WAIT.match(line)]
    return len(work), sum(not line.startswith("GET") and "/auth/tokens" not in line for line in work)


def test_a_disk_costs_four_requests_beside_waits(emulator: EmulatorServer, tmp_path: Path) -> None:
    """Detach, offer, accept and attach; all else is asked once a project or once a server."""
    costs = []
    # Fewer are read one by one, more in a list.
    for disks in (12, 20):
        prepare(emulator, tmp_path)
        for server in emulator.servers():
            for number in range(disks // 2 - 2 if server["tenant"] == SOURCE else 0):
                disk = emulator.create_volume(SOURCE, f"{server['name']}-{number}")
                emulator.seat(server["id"], disk)
        emulator.forget_requests()
        result = act(emulator, tmp_path)
        assert (result["failures"], result["counts"]["attached"]) == ([], disks)
        everything, changed = asked(emulator)
        assert changed == 4 * disks
        costs.append(everything - changed)
    assert costs[0] == costs[1]
    emulator.forget_requests()
    again = act(emulator, tmp_path)
    assert (again["failures"], again["counts"]) == ([], {"total": 20, "already_there": 20})
    assert asked(emulator)[1] == 0


def test_disks_are_attached_in_the_order_that_they_had(emulator: EmulatorServer, tmp_path: Path) -> None:
    prepare(emulator, tmp_path)
    assert act(emulator, tmp_path)["failures"] == []
    assert {name: disks for name, disks in order(emulator).items() if disks} == {
        f"{name}-new": disks for name, disks in DISKS.items()
    }


def test_a_run_killed_at_any_request_is_finished_by_the_next(
    emulator: EmulatorServer,
    tmp_path: Path,
    dying: Callable[[int, bool], None],
    record_property: Callable[[str, object], None],
) -> None:
    prepare(emulator, tmp_path)
    act(emulator, tmp_path)
    everything = [(number, after) for number in range(1, calls(emulator) + 1) for after in (False, True)]
    chosen = random.Random(SEED).sample(everything, min(CASES // A_RUN, len(everything)))
    problems = []
    for number, after in chosen:
        prepare(emulator, tmp_path)
        dying(number, after)
        with contextlib.suppress(Killed):
            act(emulator, tmp_path)
        dying(0, False)
        result = act(emulator, tmp_path)
        found = wrong(emulator, result)
        if inside(emulator) != AFTER or result.get("failures", result) or emulator.transfers():
            found.append(f"{inside(emulator)} {result.get('failures')} {result.get('problems')} {result.get('msg')}")
        problems += [f"{number} {after}: {what}" for what in found]
    record_property(
        FIGURES,
        f"chain of 4 disks of 2 servers killed at {len(chosen)} of {len(everything)} points, seed {SEED}: "
        f"{len(problems)} problems",
    )
    assert problems == []


def test_a_chain_hit_by_faults(
    emulator: EmulatorServer, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Each request of the run and each fault; then a run that is left alone finishes it."""
    prepare(emulator, tmp_path)
    act(emulator, tmp_path)
    requests = list(enumerate(emulator.requests(), 1))
    skipped = ("refused", "refused for a moment")
    everything = [
        (name, number, times)
        for number, request in requests
        for name in ALL
        if name in FAULTS or changes(request)
        for times in ((1,) if name in skipped else (1, None))
    ]
    chosen = random.Random(SEED).sample(everything, min(CASES // A_RUN, len(everything)))
    problems = []
    for name, number, times in chosen:
        prepare(emulator, tmp_path)
        emulator.order_fault(**ALL[name], number=number, times=times)
        patience = {"api_timeout": 0.15} if ALL[name]["kind"] == "stall" else {}
        first = act(emulator, tmp_path, **patience)
        emulator.end_faults()
        found = wrong(emulator, first)
        second = act(emulator, tmp_path)
        found += wrong(emulator, second)
        if inside(emulator) != AFTER or second.get("failures", second) or emulator.transfers():
            found.append(f"{inside(emulator)} {second.get('failures')} {second.get('problems')} {second.get('msg')}")
        problems += [f"{name} at {number}, {times}: {what}" for what in found]
    record_property(
        FIGURES, f"chain of 4 disks hit by {len(chosen)} of {len(everything)} faults: {len(problems)} problems"
    )
    assert problems == []


@pytest.mark.parametrize("on_failure", ["restore", "stay"])
def test_what_was_detached_and_does_not_move(emulator: EmulatorServer, tmp_path: Path, on_failure: str) -> None:
    """It goes into its server again, in its order; or it stays free, and its server is told."""
    prepare(emulator, tmp_path)
    emulator.order_fault("status", status=403, method="POST", path="os-volume-transfer/[^/]+/accept", times=None)
    result = act(emulator, tmp_path, on_failure=on_failure)
    assert {row["outcome"] for row in result["disks"]} == {"failed"}
    if on_failure == "restore":
        assert {name: disks for name, disks in order(emulator).items() if disks} == DISKS
        assert all("was attached again to server app01 (" in message for message in result["failures"][:2])
        assert [row["server"]["after"]["name"] for row in result["disks"]] == ["app01", "app01", "db01", "db01"]
    else:
        assert set(inside(emulator).values()) == {None}
        assert "It was in server app01 (" in result["failures"][0]
        assert ") as /dev/vdb;" in result["failures"][0]
    emulator.end_faults()
    assert act(emulator, tmp_path)["failures"] == []
    assert inside(emulator) == AFTER


def test_what_cannot_be_attached_again_is_told_with_its_server(emulator: EmulatorServer, tmp_path: Path) -> None:
    prepare(emulator, tmp_path)
    for path in ("os-volume-transfer/[^/]+/accept", "os-volume_attachments|attachvolume"):
        emulator.order_fault("status", status=403, method="POST", path=path, times=None)
    result = act(emulator, tmp_path)
    assert set(inside(emulator).values()) == {None}
    for row, device in zip(result["disks"], ["/dev/vdb", "/dev/vdc"] * 2, strict=True):
        assert "It could not be attached again in the source" in row["message"]
        assert f"It was in server {row['server']['before']['name']} (" in row["message"]
        assert f"as {device};" in row["message"]


@pytest.mark.parametrize(
    ("server", "traits", "outcome", "words"),
    [
        ("app01-new", {"refuses": ["attach"]}, "failed", "is in the target, but was not attached there: "),
        ("app01-new", {"settle_seconds": 600}, "unknown", "is in the target, but is not known to be attached there: "),
        ("app01", {"refuses": ["detach"]}, "failed", "was not detached, and stays in the source: "),
        ("app01", {"settle_seconds": 600}, "unknown", "is not known to be detached, and stays in the source: "),
    ],
)
def test_what_is_told_of_disks_that_do_not_come_to_their_end(
    emulator: EmulatorServer, tmp_path: Path, server: str, traits: dict[str, Any], outcome: str, words: str
) -> None:
    """What has come is not to be attached in the source, and what lasts is not said to have failed."""
    prepare(emulator, tmp_path)
    (meant,) = (each["id"] for each in emulator.servers() if each["name"] == server)
    emulator.update_server(meant, **traits)
    result = act(emulator, tmp_path)
    told = {row["name"]: row for row in result["disks"]}
    assert [told[name]["outcome"] for name in "abcd"] == [outcome, outcome, "moved", "moved"]
    for name in "ab":
        assert words in told[name]["message"]
        assert "attach it there" not in told[name]["message"]


def test_a_disk_that_has_come_may_go_into_another_server(emulator: EmulatorServer, tmp_path: Path) -> None:
    prepare(emulator, tmp_path)
    (refusing,) = (each["id"] for each in emulator.servers() if each["name"] == "app01-new")
    emulator.update_server(refusing, refuses=["attach"])
    assert act(emulator, tmp_path)["counts"]["failed"] == 2
    emulator.create_server(TARGET, "app01-other", status="SHUTOFF")
    servers = [{"name": "app01", "target": "app01-other"}, SERVERS[1]]
    assert Chain(emulator, tmp_path, servers=servers, timeout=1).run()["failures"] == []
    assert inside(emulator) == {**AFTER, "a": "app01-other", "b": "app01-other"}


def test_disks_that_are_blocked_stay_where_they_are(emulator: EmulatorServer, tmp_path: Path) -> None:
    """One by its server and one by that of the target; the others go.  Nothing is attached again."""
    prepare(emulator, tmp_path)
    emulator.create_server(SOURCE, "web01", {"name": "e"}, status="SHUTOFF")
    emulator.create_server(TARGET, "web01-new", status="SHUTOFF")
    ids = {(each["tenant"], each["name"]): each["id"] for each in emulator.servers()}
    emulator.update_server(ids[SOURCE, "app01"], locked=True)
    emulator.update_server(ids[TARGET, "db01-new"], availability_zone="eu-de-02")
    servers = [*SERVERS, {"name": "web01", "target": "web01-new"}]
    result = Chain(emulator, tmp_path, servers=servers, timeout=1, blocked="skip").run()
    assert "disks" in result, result
    rows = {row["name"]: row for row in result["disks"]}
    assert [rows[name]["outcome"] for name in "abcde"] == [*["blocked"] * 4, "moved"]
    assert inside(emulator) == {**BEFORE, "e": "web01-new"}
    assert wrong(emulator, result) == []
    assert [rows[name]["message"] for name in "abcde"] == [None] * 5


def test_a_disk_that_an_earlier_run_detached_keeps_its_server_of_before(
    emulator: EmulatorServer, tmp_path: Path, dying: Callable[[int, bool], None]
) -> None:
    prepare(emulator, tmp_path)
    act(emulator, tmp_path)
    asked = [request for request in emulator.requests() if not request.path.endswith("/auth/tokens")]
    last = max(number for number, request in enumerate(asked, 1) if request.method == "DELETE")
    prepare(emulator, tmp_path)
    dying(last, True)
    with pytest.raises(Killed):
        act(emulator, tmp_path)
    dying(0, False)
    result = act(emulator, tmp_path)
    assert result["failures"] == []
    assert {row["name"]: row["server"]["before"]["name"] for row in result["disks"]} == BEFORE


def test_a_server_that_keeps_its_disk_and_the_others_go(emulator: EmulatorServer, tmp_path: Path) -> None:
    prepare(emulator, tmp_path)
    emulator.order_fault("status", status=409, method="DELETE", path="os-volume_attachments", times=1)
    result = act(emulator, tmp_path)
    outcomes = {row["name"]: row["outcome"] for row in result["disks"]}
    assert sorted(outcomes.values()) == ["failed", "moved", "moved", "moved"]
    (stays,) = (name for name, outcome in outcomes.items() if outcome == "failed")
    assert inside(emulator) == {**AFTER, stays: BEFORE[stays]}


def test_a_run_that_may_not_begin_tells_what_an_earlier_one_detached(
    emulator: EmulatorServer, tmp_path: Path, dying: Callable[[int, bool], None]
) -> None:
    """Killed when the first disks are detached; then somebody locks the server of the target."""
    prepare(emulator, tmp_path)
    act(emulator, tmp_path)
    asked = [request for request in emulator.requests() if not request.path.endswith("/auth/tokens")]
    third = [number for number, request in enumerate(asked, 1) if request.method == "DELETE"][2]
    prepare(emulator, tmp_path)
    dying(third, False)
    with pytest.raises(Killed):
        act(emulator, tmp_path)
    dying(0, False)
    (target,) = (server["id"] for server in emulator.servers() if server["name"] == "app01-new")
    emulator.update_server(target, locked=True)
    free = {name for name, where in inside(emulator).items() if where is None}
    assert free
    result = act(emulator, tmp_path)
    assert result["problems"]
    told = " ".join(result["failures"])
    assert all(f"Disk {name} was detached by an earlier run and is in no server." in told for name in free)
    emulator.update_server(target, locked=False)
    assert act(emulator, tmp_path)["failures"] == []
    assert inside(emulator) == AFTER


def offered(server: EmulatorServer, home: Path) -> None:
    """The four disks are detached and offered."""
    prepare(server, home)
    Chain(server, home, servers=SERVERS, timeout=1).offer()
    assert set(inside(server).values()) == {None}
    assert len(server.transfers()) == len(BEFORE)
    server.forget_requests()


def test_what_is_withdrawn_is_attached_again_after_a_kill_at_any_request(
    emulator: EmulatorServer,
    tmp_path: Path,
    dying: Callable[[int, bool], None],
    record_property: Callable[[str, object], None],
) -> None:
    offered(emulator, tmp_path)
    Chain(emulator, tmp_path, timeout=1).withdraw()
    assert {name: disks for name, disks in order(emulator).items() if disks} == DISKS
    everything = [(number, after) for number in range(1, calls(emulator) + 1) for after in (False, True)]
    chosen = everything if WHOLE else random.Random(SEED).sample(everything, min(CASES // A_RUN, len(everything)))
    problems = []
    for number, after in chosen:
        offered(emulator, tmp_path)
        dying(number, after)
        with contextlib.suppress(Killed):
            Chain(emulator, tmp_path, timeout=1).withdraw()
        dying(0, False)
        result = Chain(emulator, tmp_path, timeout=1).withdraw()
        if inside(emulator) != BEFORE or result["failures"] or emulator.transfers():
            problems.append(f"{number} {after}: {inside(emulator)} {result['failures']}")
        emulator.forget_requests()
        third = Chain(emulator, tmp_path, timeout=1).withdraw()
        problems += [f"{number} {after}: {third['counts']}"] if third["disks"] or asked(emulator)[1] else []
    record_property(
        FIGURES,
        f"withdraw and attach again, killed at {len(chosen)} of {len(everything)} points: {len(problems)} problems",
    )
    assert problems == []


def test_what_was_withdrawn_and_has_no_server_any_more(emulator: EmulatorServer, tmp_path: Path) -> None:
    """It is free, and that is told with the server; the others go back."""
    offered(emulator, tmp_path)
    (gone,) = (server["id"] for server in emulator.servers() if server["name"] == "app01")
    emulator.delete_server(gone)
    result = Chain(emulator, tmp_path, timeout=1).withdraw()
    assert [row["outcome"] for row in result["disks"]].count("withdrawn") == 2
    assert emulator.transfers() == []
    assert inside(emulator) == {**BEFORE, "a": None, "b": None}
    assert all(f"there is no server '{gone}'" in message for message in result["failures"])
    assert len(result["failures"]) == 2
    again = Chain(emulator, tmp_path, timeout=1).withdraw()
    assert (again["failures"], again["counts"]) == ([], {"total": 2, "blocked": 2})


def test_what_others_have_taken_is_left_alone(emulator: EmulatorServer, tmp_path: Path) -> None:
    """Of the disks that are remembered, one was attached elsewhere by somebody, one is offered by another name."""
    offered(emulator, tmp_path)
    cloud = emulator.cloud(SOURCE)
    source = {"auth": cloud["auth"], "region_name": cloud["region_name"]}
    run_module("evs_transfer", **source, volumes=["a", "b"], state="absent")
    run_module("evs_transfer", **source, volumes=["b"], name="another")
    emulator.create_server(SOURCE, "other", status="SHUTOFF")
    run_module("evs_attachment", **source, volumes=["a"], server="other")
    result = Chain(emulator, tmp_path, timeout=1).withdraw()
    assert (result["failures"], result["counts"]) == ([], {"total": 2, "withdrawn": 2, "attached": 2})
    assert inside(emulator) == {**BEFORE, "a": "other", "b": None}
    names = {volume["name"]: volume["id"] for volume in emulator.volumes()}
    assert [transfer["volume_id"] for transfer in emulator.transfers()] == [names["b"]]


class Meddled(Chain):
    """Somebody attaches disks while the run is going on: autoscaling, Terraform, a CSI driver."""

    _moment = ""

    def attach_when(self, moment: str, server: EmulatorServer, into: str, *names: str) -> dict[str, Any]:
        self._moment = moment
        self._meddle: Callable[[], None] = lambda: attach_by_others(server, into, *names)
        return self.run()

    def _act(self, told: dict[str, Any], leaving: dict[str, Any]) -> dict[str, Any]:
        if self._moment == "after the rehearsal":
            self._meddle()
        return super()._act(told, leaving)

    def _move(self, **options: Any) -> dict[str, Any]:
        if self._moment == "after the detach" and not options.get("rehearse"):
            self._meddle()
        return super()._move(**options)


def attach_by_others(server: EmulatorServer, into: str, *names: str) -> None:
    cloud = server.cloud(SOURCE)
    result = run_module(
        "evs_attachment", auth=cloud["auth"], region_name=cloud["region_name"], volumes=list(names), server=into
    )
    assert {row["outcome"] for row in result["disks"]} == {"attached"}, result


def attached_to(server: EmulatorServer, name: str) -> str:
    (server_id,) = (host["id"] for host in server.servers() if host["name"] == name)
    return f"Its status is in-use, and it is attached to server {server_id}."


@pytest.mark.parametrize("into", ["app01", "other"])
def test_somebody_attaches_a_disk_again_between_detach_and_offer(
    emulator: EmulatorServer, tmp_path: Path, into: str
) -> None:
    """Rule 6: it is read again and told; the other disks go, and this one is left to whoever has it."""
    prepare(emulator, tmp_path)
    emulator.create_server(SOURCE, "other", status="SHUTOFF")
    run = Meddled(emulator, tmp_path, servers=SERVERS, timeout=1)
    result = run.attach_when("after the detach", emulator, into, "a")
    assert inside(emulator) == {**AFTER, "a": into}
    assert wrong(emulator, result) == []
    (row,) = (row for row in result["disks"] if row["name"] == "a")
    assert row["outcome"] == "failed"
    assert attached_to(emulator, into) in row["message"]
    assert result["counts"]["moved"] == 3
    # The same command again: what is in its server once more goes, what is elsewhere is not touched.
    again = act(emulator, tmp_path)
    assert wrong(emulator, again) == []
    assert inside(emulator) == (AFTER if into == "app01" else {**AFTER, "a": "other"})


def test_somebody_attaches_a_free_disk_after_the_rehearsal(emulator: EmulatorServer, tmp_path: Path) -> None:
    """It was detached by an earlier run, so this one has only to move it."""
    prepare(emulator, tmp_path)
    emulator.create_server(SOURCE, "other", status="SHUTOFF")
    Chain(emulator, tmp_path, servers=SERVERS, timeout=1).offer()
    cloud = emulator.cloud(SOURCE)
    source = {"auth": cloud["auth"], "region_name": cloud["region_name"]}
    run_module("evs_transfer", **source, volumes=list(BEFORE), state="absent")
    assert set(inside(emulator).values()) == {None}
    run = Meddled(emulator, tmp_path, servers=SERVERS, timeout=1)
    result = run.attach_when("after the rehearsal", emulator, "other", "a")
    assert inside(emulator) == {**AFTER, "a": "other"}
    assert wrong(emulator, result) == []
    assert attached_to(emulator, "other") in " ".join(result["failures"])


def test_somebody_attaches_a_disk_elsewhere_after_the_rehearsal(emulator: EmulatorServer, tmp_path: Path) -> None:
    """It has left the server that it was to leave, and is in one that nobody named: it stays there."""
    prepare(emulator, tmp_path)
    emulator.create_server(SOURCE, "other", status="SHUTOFF")

    class Taken(Meddled):
        def _act(self, told: dict[str, Any], leaving: dict[str, Any]) -> dict[str, Any]:
            cloud = emulator.cloud(SOURCE)
            source = {"auth": cloud["auth"], "region_name": cloud["region_name"]}
            run_module("evs_attachment", **source, volumes=["a"], server="app01", state="absent")
            return super()._act(told, leaving)

    result = Taken(emulator, tmp_path, servers=SERVERS, timeout=1).attach_when(
        "after the rehearsal", emulator, "other", "a"
    )
    assert inside(emulator) == {**AFTER, "a": "other"}
    assert wrong(emulator, result) == []
    (row,) = (row for row in result["disks"] if row["name"] == "a")
    assert row["outcome"] == "failed"
    assert attached_to(emulator, "other") in row["message"]
