# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random sequences of runs, faults, crashes and other people's deeds; after each step it is judged what happened."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.emulator.server import EmulatorServer
from tests.faults.claims import FALSE, Run, judge
from tests.faults.cloud import Cloud, Stretch
from tests.faults.judge import KEYS
from tests.faults.orders import Accept, AnyOrder, Move, Offer, ReadTransfers, ReadVolumes, Withdrawal
from tests.faults.role import NAME, Role
from tests.faults.somebody import Somebody
from tests.faults.test_sweep import ALL, FAULTS_OF_CHANGES, patience
from tests.faults.wire import Died, Wire
from tests.support.modules import run_module
from tests.support.server import SOURCE, TARGET

OTHER_NAME = "nightly"
WRONG_KEY = "wr0ng5ecre7"
UNKNOWN = "11111111-1111-4111-8111-111111111111"
LONG_AGO = "2026-01-01T00:00:00.000000"
ONE_OF_ALL = [name for name in ALL if not name.endswith("by another")]
"""Others do that themselves here."""
LATE = 0.01
STEPS = 8


@dataclass
class Figures:
    """What was tried."""

    counted: Counter[str] = field(default_factory=Counter)

    @property
    def lines(self) -> list[str]:
        """The figures for people."""
        count = self.counted
        return [
            f"{count['sequences']} sequences of {count['steps']} steps: {count['modules']} runs of modules, "
            f"{count['roles']} of the role; {count['others']} deeds of others, {count['between']} of them in mid-run; "
            f"{count['crashes']} crashes; {count['hits']} requests hit by faults in {count['hit runs']} runs",
            f"{count['transfers']} transfers created, {count['accepted']} disks accepted, "
            f"{count['opened']} keys tried in the end; {count['healed']} disks moved by the last run, "
            f"{count['nothing to do']} of whose repetitions changed nothing",
            f"{count['rows']} disks told of: {count['false']} runs with false or missing words, "
            f"{count['unknown']} disks unknown; {count['rehearsals']} rehearsals, each told what the run then did",
        ]


@dataclass(frozen=True)
class Fault:
    """A request that goes wrong, `times` times: that of a number, or one that changes something."""

    name: str
    number: int
    of_changes: bool
    times: int = 1

    def which(self, order: AnyOrder) -> dict[str, Any]:
        """Order it from the emulator."""
        fault = {**ALL[self.name], "times": self.times}
        if fault["kind"] == "late":
            fault["seconds"] = LATE
        if not self.of_changes or fault["kind"] == "refuse":
            return {**fault, "number": self.number}
        withdraws = isinstance(order, Withdrawal) or (isinstance(order, Offer | Move) and self.number % 3 == 0)
        return {**fault, "method": "DELETE" if withdraws else "POST", "path": "os-volume-transfer"}


@dataclass(frozen=True)
class Crash:
    """The process dies at a request, or at one that changes something."""

    number: int
    after: bool
    of_changes: bool


@dataclass(frozen=True)
class Deed:
    """What somebody does with the bare API, or past it; `pick` chooses the disk or transfer."""

    kind: str
    pick: int
    tenant: str
    name: str


@dataclass(frozen=True)
class Meddling:
    """Somebody does something in mid-run, or another run of ours takes place."""

    number: int
    of_changes: bool
    act: Deed | Plan


@dataclass(frozen=True)
class Plan:
    """What is to be run; numbers choose disks and transfers when it begins."""

    kind: str
    tenant: str
    picks: tuple[int, ...]
    flags: tuple[bool, bool, bool]
    check: bool
    name: str
    pending: str
    way: str


Disturbance = list[Fault] | Crash | Meddling | None

TENANTS = st.sampled_from([SOURCE, SOURCE, TARGET])
NAMES = st.sampled_from([*[NAME] * 4, OTHER_NAME])
MOST_PICKS = 5
PICKS = st.integers(0, MOST_PICKS)


def plans(*kinds: str) -> st.SearchStrategy[Plan]:
    """Runs of these kinds."""
    return st.builds(
        Plan,
        kind=st.sampled_from(kinds),
        tenant=TENANTS,
        picks=st.lists(PICKS, min_size=1, max_size=4).map(tuple),
        flags=st.tuples(st.booleans(), st.booleans(), st.booleans()),
        check=st.sampled_from([False, False, False, False, True]),
        name=NAMES,
        pending=st.sampled_from(["keep", "replace", "replace", "fail"]),
        way=st.sampled_from(["volumes", "transfers", "age", "name"]),
    )


DEEDS = st.builds(
    Deed,
    kind=st.sampled_from([*["offer", "accept"] * 4, *["withdraw", "status", "snapshot"] * 2, "delete", "age"]),
    pick=PICKS,
    tenant=TENANTS,
    name=st.sampled_from([NAME, OTHER_NAME]),
)
REQUESTS = st.integers(1, 10)
CHANGES = st.sampled_from([1, 1, 1, 2])
TIMES = st.sampled_from([1, 1, 1, 3, 20])
FAULT = st.one_of(
    st.builds(Fault, st.sampled_from(ONE_OF_ALL), REQUESTS, st.just(False), TIMES),
    st.builds(Fault, st.sampled_from(sorted(FAULTS_OF_CHANGES)), REQUESTS, st.just(True), TIMES),
)
FAULTS = st.one_of(st.lists(FAULT, min_size=1, max_size=1), st.lists(FAULT, min_size=1, max_size=3))
ACTS = st.one_of(DEEDS, plans("offer", "withdraw", "accept", "move"))
# As often nothing disturbs a run.
DISTURBANCES: st.SearchStrategy[Disturbance] = st.one_of(
    st.none(),
    st.none(),
    st.none(),
    FAULTS,
    FAULTS,
    st.builds(Crash, REQUESTS, st.booleans(), st.just(False)),
    st.builds(Crash, CHANGES, st.booleans(), st.just(True)),
    st.builds(Meddling, REQUESTS, st.just(False), ACTS),
    st.builds(Meddling, CHANGES, st.just(True), ACTS),
)


def without_keys(result: dict[str, Any]) -> dict[str, Any]:
    """A result without the one place where keys belong, which no_log hides."""
    return {**result, "transfers": [{**row, "auth_key": None} for row in result.get("transfers", ())]}


class Interleavings(RuleBasedStateMachine):
    """The cloud of two tenants, and all who do something in it."""

    def __init__(self, server: EmulatorServer, figures: Figures) -> None:
        """Start anew."""
        super().__init__()
        self.server = server
        self.count = figures.counted
        self.keys: dict[str, str] = {}
        """The keys of all transfers that were ever told to somebody."""
        self.disks_of_transfers: dict[str, str] = {}
        self.somebody = {tenant: Somebody(server, tenant) for tenant in (SOURCE, TARGET)}
        server.reset()
        server.set_auth_keys(*KEYS)
        self.cloud = Cloud.read(server, frozenset())
        self.count["sequences"] += 1

    # What is done

    @initialize(here=st.integers(1, 3), there=st.integers(0, 1), offered=st.lists(NAMES, max_size=2))
    def begin(self, here: int, there: int, offered: list[str]) -> None:
        """There are disks, and some are offered."""
        self.server.create_volumes(SOURCE, [{"name": f"disk-{number}", "size": 1} for number in range(here)])
        if there:
            self.server.create_volume(TARGET, "disk-9")
        self.look()
        for pick, name in enumerate(offered[:here]):
            self.do(Deed("offer", pick, SOURCE, name))

    @rule(plan=plans("offer"), disturbance=DISTURBANCES)
    def offer(self, plan: Plan, disturbance: Disturbance) -> None:
        """A tenant offers disks."""
        self.run(plan, disturbance)

    @rule(plan=plans("withdraw"), disturbance=DISTURBANCES)
    def withdraw(self, plan: Plan, disturbance: Disturbance) -> None:
        """A tenant withdraws offers."""
        self.run(plan, disturbance)

    @rule(plan=plans("accept"), disturbance=DISTURBANCES)
    def accept(self, plan: Plan, disturbance: Disturbance) -> None:
        """A tenant accepts transfers."""
        self.run(plan, disturbance)

    @rule(plan=plans("offer", "offer", "transfers", "volumes"), disturbance=DISTURBANCES)
    def look_or_offer(self, plan: Plan, disturbance: Disturbance) -> None:
        """A tenant looks at disks or transfers, or offers some all the same."""
        self.run(plan, disturbance)

    @rule(plan=plans("move"), disturbance=DISTURBANCES)
    def move(self, plan: Plan, disturbance: Disturbance) -> None:
        """Who has the credentials of both tenants runs the role."""
        self.run(plan, disturbance)

    @rule(deed=DEEDS)
    def others(self, deed: Deed) -> None:
        """Somebody does something without us."""
        self.do(deed)

    def teardown(self) -> None:
        """When nothing is disturbed any more all that can be moved is moved, once."""
        self.open_one()
        movable = tuple(volume_id for volume_id in self.cloud.disks if self.is_movable(volume_id))
        if not movable:
            return
        here = sum(self.cloud.disks[volume_id]["tenant"] == SOURCE for volume_id in movable)
        self.perform(Move(volumes=movable), None)
        left = {key: self.cloud.disks[key] for key in movable}
        places = {(disk["tenant"], disk["status"]) for disk in left.values()}
        assert places == {(TARGET, "available")}, f"not moved by an undisturbed run: {places}"
        assert not [row for row in self.cloud.transfers.values() if row["volume_id"] in movable]
        changes = self.perform(Move(volumes=movable), None).changes
        assert changes == [], f"the second run changes something: {changes}"
        self.count["healed"] += here
        self.count["nothing to do"] += 1

    def open_one(self) -> None:
        """A key that a module returned opens its transfer, if that is still pending."""
        for transfer_id, key in self.keys.items():
            transfer = self.cloud.transfers.get(transfer_id)
            if transfer and self.cloud.may_be_accepted(transfer):
                taker = self.somebody[TARGET if transfer["tenant"] == SOURCE else SOURCE]
                assert taker.accept(transfer_id, key), "the key does not open its transfer"
                self.count["opened"] += 1
                self.look()
                return

    def is_movable(self, volume_id: str) -> bool:
        """Whether the role has to bring it to the target: nothing keeps it, and it is not somebody else's offer."""
        disk, transfer = self.cloud.disks[volume_id], self.cloud.transfer_of(volume_id)
        if disk["tenant"] == TARGET:
            return str(disk["status"]) == "available"
        if transfer:
            return transfer["name"] == NAME and self.cloud.may_be_accepted(transfer)
        return self.cloud.may_be_offered(volume_id)

    # Runs of ours

    def run(self, plan: Plan, disturbance: Disturbance) -> None:
        """Run something, if there is anything to run it for."""
        self.count["steps"] += 1
        order = self.order(plan)
        if order is not None:
            self.perform(order, disturbance)

    def order(self, plan: Plan) -> AnyOrder | None:
        """Choose disks and transfers among those that are there now; if nothing is offered, offer."""
        by_name, wrong_key, without_id = plan.flags
        if all(disk["tenant"] != plan.tenant for disk in self.cloud.disks.values()):
            plan = dataclasses.replace(plan, tenant=SOURCE if plan.tenant == TARGET else TARGET)
        if not self.cloud.transfers and plan.kind in ("withdraw", "accept"):
            plan = dataclasses.replace(plan, kind="offer")
        common: dict[str, Any] = {"tenant": plan.tenant, "check": plan.check}
        # Mostly the tenant's own, but others can be asked for as well.
        disks = list(self.cloud.disks.values())
        if plan.picks[0] < MOST_PICKS:
            disks = [disk for disk in disks if disk["tenant"] == plan.tenant]
        chosen = {disk["id"]: disk for disk in (disks[pick % len(disks)] for pick in plan.picks)}
        volumes = tuple(disk["name"] if by_name else disk["id"] for disk in chosen.values())
        if plan.kind == "move":
            return Move(volumes=volumes) if volumes else None
        if plan.kind == "offer":
            skip = "skip" if wrong_key else "fail"
            asked = Offer(**common, volumes=volumes, name=plan.name, pending=plan.pending, blocked=skip)
            return Offer(**{**vars(asked), "check_constraints": not without_id}) if volumes else None
        if plan.kind == "withdraw":
            return self.withdrawal(plan, common, volumes)
        if plan.kind == "accept":
            return self.acceptance(plan, common)
        if plan.kind == "transfers":
            return ReadTransfers(**common, name=plan.name if by_name else None)
        return ReadVolumes(**common, volumes=volumes if wrong_key and volumes else None)

    def withdrawal(self, plan: Plan, common: dict[str, Any], volumes: tuple[str, ...]) -> Withdrawal:
        """Withdraw by disks, by transfers, or by age and name."""
        named, old = plan.flags[1:]
        limit = "2d" if plan.way == "age" else "0s"
        options: dict[str, Any] = {**common, "name": plan.name if named else None}
        if plan.way == "volumes" and volumes:
            return Withdrawal(**options, volumes=volumes, older_than=limit if old else None)
        if plan.way == "transfers":
            known = list(self.disks_of_transfers)
            ids = tuple({known[-1 - pick % len(known)]: None for pick in plan.picks}) if known else (UNKNOWN,)
            return Withdrawal(**options, transfer_ids=ids, older_than=limit if old else None)
        return Withdrawal(**options, older_than=limit)

    def acceptance(self, plan: Plan, common: dict[str, Any]) -> Accept | None:
        """Accept transfers that are pending, or were; with their keys, those of others, or wrong ones."""
        by_name, wrong_key, without_id = plan.flags
        pending = [key for key in self.keys if key in self.cloud.transfers]
        known = [*pending, *reversed([key for key in self.keys if key not in pending])]
        rows = {}
        for pick in plan.picks if known else ():
            id_ = known[pick % len(known)]
            key = self.keys[id_]
            if wrong_key and pick % 2:
                key = WRONG_KEY if known[-1] == id_ else self.keys[known[-1]]
            rows[id_] = (id_, key, None if without_id else self.disks_of_transfers[id_])
        # Who accepts is not the one who offers, but for a mistake.
        tenants = {self.cloud.transfers[id_]["tenant"] for id_ in rows if id_ in self.cloud.transfers}
        if plan.way != "age" and tenants == {SOURCE}:
            common = {**common, "tenant": TARGET}
        elif plan.way != "age" and tenants == {TARGET}:
            common = {**common, "tenant": SOURCE}
        gone = "skip" if by_name else "fail"
        return Accept(**common, transfers=tuple(rows.values()), gone=gone) if rows else None

    def perform(self, order: AnyOrder, disturbance: Disturbance) -> Run:
        """Run it, and judge what has happened."""
        begun = [self.cloud]
        stretches: list[Stretch] = []

        def meddle() -> None:
            assert isinstance(disturbance, Meddling)
            stretches.append(Stretch(begun[-1], self.look()))
            if isinstance(disturbance.act, Deed):
                self.do(disturbance.act)
            else:
                self.run(disturbance.act, None)
            self.count["between"] += 1
            begun.append(self.cloud)

        faults = disturbance if isinstance(disturbance, list) else []
        wire = Wire()
        if isinstance(disturbance, Crash):
            wire = Wire(disturbance.number, disturbance.of_changes, dies=True, after=disturbance.after)
        elif isinstance(disturbance, Meddling):
            wire = Wire(disturbance.number, disturbance.of_changes, meanwhile=meddle)
        self.let_go_wrong(order, faults)
        run = Run(order, stretches, wire.changes)
        if disturbance is None and order.may_change and not isinstance(order, Move):
            self.rehearse(order, run)
        try:
            with wire, patience(fault.name for fault in faults):
                self.execute(order, run)
        except Died:
            self.count["crashes"] += 1
        run.changes = wire.changes
        run.hits = self.end_faults(faults)
        run.lasting = len(faults) > 1 or any(fault.times > 1 or fault.name == "refused" for fault in faults)
        self.learn(run)
        stretches.append(Stretch(begun[-1], self.look()))
        self.tally(run)
        try:
            judge(run, self.keys)
        except AssertionError as error:
            self.count["false"] += FALSE in str(error)
            raise
        return run

    def rehearse(self, order: AnyOrder, run: Run) -> None:
        """Ask a module what it would do, which changes nothing."""
        assert not isinstance(order, Move)
        run.rehearsal = self.module(order, check=False, rehearse=True)
        assert Cloud.read(self.server, self.cloud.with_snapshots) == self.cloud, "a rehearsal has changed something"
        self.count["rehearsals"] += 1

    def execute(self, order: AnyOrder, run: Run) -> None:
        """Run a module or the role."""
        if isinstance(order, Move):
            run.role = Role(self.server, order.volumes or (), concurrency=1, timeout=1).run()
            run.said = [*run.role.said, {"role": run.role.result, "error": run.role.error}]
            return
        run.result = self.module(order, check=order.check)
        run.said = [without_keys(run.result) if isinstance(order, Offer) else run.result]
        run.said += [run.rehearsal] if run.rehearsal else []

    def module(
        self, order: Offer | Withdrawal | Accept | ReadTransfers | ReadVolumes, check: bool, **more: Any
    ) -> dict[str, Any]:
        """Run a module for the tenant of its order."""
        entry = self.server.cloud(order.tenant)
        login = {"auth": entry["auth"], "region_name": entry["region_name"], "concurrency": 1, "timeout": 1}
        return run_module(order.module, check=check, diff=True, **login, **order.options, **more)

    def learn(self, run: Run) -> None:
        """Keep the keys that were returned."""
        for row in (run.result or {}).get("transfers", ()):
            if row.get("auth_key"):
                self.know(row["id"], row["auth_key"], row["volume_id"])

    def know(self, transfer_id: str, key: str, volume_id: str) -> None:
        """Remember the key of a transfer."""
        self.keys[transfer_id] = key
        self.disks_of_transfers[transfer_id] = volume_id

    def tally(self, run: Run) -> None:
        """Count what happened."""
        self.count["roles" if isinstance(run.order, Move) else "modules"] += 1
        self.count["hits"] += run.hits
        self.count["hit runs"] += run.hits > 0
        self.count["transfers"] += sum(len(stretch.created) for stretch in run.stretches)
        self.count["rows"] += len(run.rows)
        self.count["unknown"] += run.unknown
        self.count["accepted"] += sum(len(stretch.moved) for stretch in run.stretches)

    # Faults

    def let_go_wrong(self, order: AnyOrder, faults: list[Fault]) -> None:
        """Order faults for the requests to come."""
        if faults:
            self.server.forget_requests()
        for fault in faults:
            self.server.order_fault(**fault.which(order))

    def end_faults(self, faults: list[Fault]) -> int:
        """Let everything go well again, and return how many requests were hit."""
        if not faults:
            return 0
        ordered = self.server.faults()
        self.server.end_faults()
        if any(fault["kind"] == "late" and fault["hits"] for fault in ordered):
            self.await_the_present()
        return sum(fault["hits"] for fault in ordered)

    def await_the_present(self) -> None:
        """Read until what the API shows is what is there."""
        self.look()
        for tenant, somebody in self.somebody.items():
            disks = {key: disk["status"] for key, disk in self.cloud.disks.items() if disk["tenant"] == tenant}
            transfers = {key for key, row in self.cloud.transfers.items() if row["tenant"] == tenant}
            while somebody.sees() != (disks, transfers):
                pass

    # Others

    def do(self, deed: Deed) -> None:
        """Do what somebody does, if it can be done."""
        self.count["steps"] += 1
        self.count["others"] += 1
        act: Callable[[Deed], None] = getattr(self, f"others_{deed.kind}")
        act(deed)
        self.look()

    def look(self) -> Cloud:
        """See what is there."""
        self.cloud = Cloud.read(self.server, self.cloud.with_snapshots)
        return self.cloud

    def disk(self, deed: Deed) -> dict[str, Any] | None:
        """Choose a disk."""
        disks = [disk for disk in self.cloud.disks.values() if disk["tenant"] == deed.tenant]
        return dict(disks[deed.pick % len(disks)]) if disks else None

    def transfer(self, deed: Deed) -> dict[str, Any] | None:
        """Choose a transfer."""
        rows = list(self.cloud.transfers.values())
        return dict(rows[deed.pick % len(rows)]) if rows else None

    def others_offer(self, deed: Deed) -> None:
        disk = self.disk(deed)
        made = self.somebody[deed.tenant].offer(disk["id"], deed.name) if disk else None
        if made:
            self.know(made["id"], made["auth_key"], made["volume_id"])

    def others_withdraw(self, deed: Deed) -> None:
        transfer = self.transfer(deed)
        if transfer:
            assert self.somebody[transfer["tenant"]].withdraw(transfer["id"])

    def others_accept(self, deed: Deed) -> None:
        transfer = self.transfer(deed)
        if transfer and transfer["id"] in self.keys:
            taker = self.somebody[TARGET if transfer["tenant"] == SOURCE else SOURCE]
            accepted = taker.accept(transfer["id"], self.keys[transfer["id"]])
            assert accepted == self.cloud.may_be_accepted(transfer), "a key that was told does not open its transfer"

    def others_delete(self, deed: Deed) -> None:
        disk = self.disk(deed)
        if disk and len(self.cloud.disks) > 1:
            self.somebody[deed.tenant].delete(disk["id"])

    def others_status(self, deed: Deed) -> None:
        """An administrator resets the status, or something fails."""
        disk = self.disk(deed)
        if disk:
            usual = "awaiting-transfer" if self.cloud.transfer_of(disk["id"]) else "available"
            self.server.update_volume(disk["id"], status="error" if disk["status"] == usual else usual)

    def others_snapshot(self, deed: Deed) -> None:
        disk = self.disk(deed)
        if disk and disk["id"] not in self.cloud.with_snapshots:
            self.server.add("snapshots", deed.tenant, volume_id=disk["id"])
            self.cloud = Cloud(self.cloud.disks, self.cloud.transfers, self.cloud.with_snapshots | {disk["id"]})
        elif disk:
            for snapshot in self.server.records("snapshots"):
                if snapshot["volume_id"] == disk["id"]:
                    self.server.remove("snapshots", snapshot["id"])
            self.cloud = Cloud(self.cloud.disks, self.cloud.transfers, self.cloud.with_snapshots - {disk["id"]})

    def others_age(self, deed: Deed) -> None:
        """Time passes."""
        transfer = self.transfer(deed)
        if transfer:
            self.server.update_transfer(transfer["id"], created_at=LONG_AGO)
