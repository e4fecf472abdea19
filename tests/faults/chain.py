# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role with disks in servers in this process: its modules, filters and its journal in the order of its tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.otc.evs.plugins.filter.transfer_note import transfer_note
from ansible_collections.otc.evs.plugins.lookup import journal
from ansible_collections.otc.evs.plugins.plugin_utils._chain import rehearsed, returning, state, wanted
from ansible_collections.otc.evs.plugins.plugin_utils._journal import entries
from ansible_collections.otc.evs.plugins.plugin_utils._result import whole as transfer_result
from tests.faults.role import ABOUT, NAME
from tests.support.modules import run_module
from tests.support.server import SOURCE, TARGET, Server

Told = dict[str, Any]


class Chain:
    """Moves disks that are in servers of tenant-a into servers of tenant-b."""

    def __init__(self, server: Server, home: Path, volumes: Sequence[Any] = (), **variables: Any) -> None:
        """`home` is where the journal is; `variables` are those of the role without their prefix."""
        self._journal = home / "attachments.json"
        self._volumes = list(volumes)
        self._servers: Sequence[Mapping[str, str]] = variables.pop("servers", ())
        self._detach = variables.pop("detach", "stopped")
        self._blocked = variables.pop("blocked", "fail")
        self._restores = variables.pop("on_failure", "restore") == "restore"
        self._source, self._target = (
            {
                "auth": server.cloud(cloud)["auth"],
                "region_name": server.cloud(cloud)["region_name"],
                "concurrency": 1,
                **variables,
            }
            for cloud in (SOURCE, TARGET)
        )
        self.said: list[Told] = []
        """The results of the modules."""

    def run(self) -> Told:
        """Run it; returns tenant_transfer_result, or the failure of the module that could not rehearse."""
        known = journal.told(self._journal, [], [])["disks"]
        names = wanted(self._volumes, self._servers)
        leaving = self._ask(
            self._source,
            "evs_attachment",
            volumes=names["volumes"],
            servers=names["servers"],
            state="absent",
            detach=self._detach,
            remembered=known,
            blocked="skip",
            rehearse=True,
        )
        if "disks" not in leaving:
            return leaving
        asked = wanted(self._volumes, self._servers, leaving["disks"])
        entering: Told = {}
        if asked["attachments"]:
            pairs, coming = asked["attachments"], leaving["coming"]
            look = {"attachments": pairs, "coming": coming, "blocked": "skip", "rehearse": True}
            entering = self._ask(self._target, "evs_attachment", **look)
            if "disks" not in entering:
                return entering
        chain = {"detaching": leaving["disks"], "attaching": entering.get("disks")}
        moving = self._move(volumes=asked["refs"], rehearse=True, blocked=self._blocked, **chain)
        if "disks" not in moving:
            return moving
        told = rehearsed(moving, leaving, entering)
        return self._finish(told) if told["problems"] else self._act(told, leaving)

    def offer(self) -> None:
        """Detach the disks and offer them, as the entry point offer does."""
        leaving = self._ask(
            self._source, "evs_attachment", servers=wanted([], self._servers)["servers"], state="absent", rehearse=True
        )
        pairs = [{"volume": row["id"], "server": row["server"]["before"]["id"]} for row in leaving["disks"]]
        new = entries(leaving["disks"], pairs, leaving["project"]["project_id"], "1")
        assert journal.told(self._journal, new, [])["problem"] == ""
        self._seat(self._source, "absent", pairs)
        self._ask(self._source, "evs_transfer", volumes=[pair["volume"] for pair in pairs], name=NAME)

    def withdraw(self) -> Told:
        """Withdraw what is offered, and attach it again, as the entry point withdraw does."""
        looked = self._ask(self._source, "evs_transfer", state="absent", name=NAME, older_than="0s", rehearse=True)
        if "disks" not in looked:
            return looked
        backs = self._ask(
            self._source,
            "evs_attachment",
            remembered=journal.told(self._journal, [], [])["disks"],
            freed=[row["id"] for row in looked["disks"]],
            blocked="skip",
            rehearse=True,
        )
        if "disks" not in backs:
            return backs
        told = returning(looked, backs)
        batches: list[Told] = []
        if told["to_do"]:
            done = self._ask(self._source, "evs_transfer", state="absent", transfer_ids=told["to_do"])
            batches.append(transfer_note(done, told["to_do"]))
        left = state(told, [], batches)["left"]
        restored = self._seat(self._source, "present", left) if left else []
        result = transfer_result(told, {**ABOUT, "rehearsed": False}, batches, success="withdrawn", restored=restored)
        back = state(told, [], batches, restored)["back"]
        assert journal.told(self._journal, [], [], back)["problem"] == ""
        return result

    def _act(self, told: Told, leaving: Told) -> Told:
        detached: list[Told] = []
        batches: list[Told] = []
        attached: list[Told] = []
        restored: list[Told] = []
        if told["to_detach"]:
            project = leaving["project"]["project_id"]
            new = entries(leaving["disks"], told["to_detach"], project, "1")
            assert journal.told(self._journal, new, [])["problem"] == ""
            detached = self._seat(self._source, "absent", told["to_detach"])
        free = state(told, detached)["free"] if detached else told["to_do"]
        if free:
            done = self._move(volumes=free, blocked="skip", check_constraints=False, check_quota=False)
            batches.append(transfer_note(done, free))
        stand = state(told, detached, batches)
        if stand["arrived"]:
            attached = self._seat(self._target, "present", stand["arrived"])
        if stand["left"] and self._restores:
            restored = self._seat(self._source, "present", stand["left"])
        result = self._finish(told, batches, detached=detached, attached=attached, restored=restored)
        over = [row["id"] for row in result["disks"] if row["outcome"] in ("moved", "already_there")]
        assert journal.told(self._journal, [], over)["problem"] == ""
        return result

    def _finish(self, told: Told, batches: Sequence[Told] = (), **notes: Any) -> Told:
        about = {**ABOUT, "rehearsed": bool(told["problems"])}
        return transfer_result(told, about, batches, success="moved", blocked=self._blocked, **notes)

    def _seat(self, side: Told, how: str, pairs: Sequence[Mapping[str, str]]) -> list[Told]:
        done = self._ask(side, "evs_attachment", attachments=pairs, state=how, detach=self._detach, blocked="skip")
        return [transfer_note(done, [pair["volume"] for pair in pairs])]

    def _move(self, **options: Any) -> Told:
        return self._ask(self._source, "evs_move", target=self._target, name=NAME, **options)

    def _ask(self, side: Told, module: str, **options: Any) -> Told:
        """Run a module as a task; a failure does not end the role."""
        result = run_module(module, **side, **options)
        self.said.append(result)
        return result
