#!/usr/bin/python
# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: evs_attachment
short_description: Attach disks to servers and detach them
version_added: 1.0.0
description:
  - Attaches EVS disks (or Cinder volumes) to servers of the same tenant, or detaches them.
  - It checks all disks and servers before the first one. Then it waits until block storage and Nova agree that a disk
    is attached, or is free. The answer to the request alone is not a success, since a guest can refuse afterwards.
  - The disks of a server go one after the other in the order that is given (when they are detached, in the order of
    their devices), and several servers at once. No device is asked for, because the cloud chooses it anyway.
options:
  volumes:
    description: The disks, by name or ID. Give either this or O(attachments).
    type: list
    elements: str
    aliases: [volume]
  server:
    description:
      - The server, by name or ID, that O(volumes) are to be in or to leave.
      - Needed to attach. Without it disks leave the server that they are in.
    type: str
  attachments:
    description: Disks and servers in pairs, for several servers in one task.
    type: list
    elements: dict
    suboptions:
      volume:
        description: The disk, by name or ID.
        type: str
        required: true
      server:
        description: The server, as O(server).
        type: str
  servers:
    description:
      - Servers, by name or ID, that all their data disks are to leave, in the order of their devices.
      - Only with O(state=absent).
    type: list
    elements: str
  select:
    description:
      - All disks of the tenant that have all these properties. At least one property has to be given.
      - Only with O(state=absent), and not with O(volumes).
    type: dict
    suboptions:
      name:
        description: Disks with such a name, with the wildcards V(*) and V(?).
        type: str
      status:
        description: Disks in this status.
        type: str
      volume_type:
        description: Disks of this type.
        type: str
      availability_zone:
        description: Disks in this availability zone.
        type: str
      metadata:
        description: Disks with all these metadata.
        type: dict
      tags:
        description: Disks with all these tags, which only EVS has.
        type: dict
  remembered:
    description:
      - What a journal says about disks that an earlier run has detached, and the servers that they were in. With it
        O(servers) includes the disks that such a server had, and the rows name that server.
      - With O(state=present), and neither O(server) nor O(attachments), the disks go back into the servers that they
        were in, in the order of their devices there. That means the disks of O(volumes), or all that the journal
        has. One that has left the tenant or that is offered stays where it is, and has no row.
      - For the role P(otc.evs.tenant_transfer#role), which keeps such a journal.
    type: list
    elements: dict
  freed:
    description:
      - The IDs of disks whose offers are to be withdrawn. A rehearsal judges them as if that were done.
      - Only for O(rehearse=true) and check mode, with O(remembered) and O(state=present).
    type: list
    elements: str
    default: []
  older_than:
    description:
      - Of O(remembered) only disks that a run has detached which began longer ago than this, such as V(2h) or V(3d),
        and those of O(freed).
      - Only with O(state=present).
    type: str
  state:
    description:
      - V(present) lets each disk be in its server. A disk that is in another server has to leave that first.
      - V(absent) lets each disk be out of its server. A disk that the tenant does not have (any more) is
        RV(disks[].outcome=gone), which is not a failure.
    type: str
    choices: [present, absent]
    default: present
  detach:
    description:
      - From which servers a disk may be detached.
      - V(stopped) only from servers that are shut off. A disk that a guest uses loses data if it is torn out, which a
        Linux guest refuses and a Windows guest does not.
      - V(running) also from servers that run. Unmount the disks in the guest first.
      - V(never) from none. Then a disk that is attached is V(blocked).
    type: str
    choices: [never, stopped, running]
    default: stopped
  blocked:
    description:
      - What to do if a disk cannot be attached or detached.
      - V(fail) changes nothing at all, and gives all reasons for all disks.
      - V(skip) leaves that disk where it is, says why in RV(disks), and goes on with the others. A disk that the
        tenant does not have is V(gone) then.
    type: str
    choices: [fail, skip]
    default: fail
  ignore_constraints:
    description:
      - What is not checked before a disk is attached. The cloud may still refuse it.
      - V(zone), for clouds that attach disks to servers in other zones.
      - V(slots), for clouds where a server takes more than 24 VBD, 59 SCSI, or 60 disks.
    type: list
    elements: str
    choices: [zone, slots]
    default: []
  dry_run:
    description:
      - Also let ECS itself check, before the first disk is attached, whether it would attach each of them. It knows
        what cannot be read, such as which servers take disks in SCSI mode. What it would refuse is V(blocked).
      - This sends the request to attach with C(dry_run), in a rehearsal and in check mode as well. By the ECS API
        reference that attaches nothing. It was not tried on a live Open Telekom Cloud.
      - Of disks that are to come from another tenant or that are offered, ECS can say nothing. On a cloud without ECS
        a warning says so.
    type: bool
    default: false
  coming:
    description:
      - Disks that are to come from another tenant, as RV(otc.evs.evs_volume_info#module:volumes) lists them there.
      - A rehearsal judges them as if they had come and were available, so that it is known before a move whether their
        servers can take them. Only for O(rehearse=true) and check mode, with O(state=present).
    type: list
    elements: dict
    default: []
  rehearse:
    description:
      - Only say what would be done, as in check mode, also when the task does not run in check mode.
    type: bool
    default: false
  stop_after:
    description:
      - Start no further disk after so many seconds; those that were not started are in RV(not_started).
    type: int
extends_documentation_fragment:
  - otc.evs.auth
  - otc.evs.auth.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    description: Running it again changes nothing.
    support: full
notes:
  - A detach forgets whether a disk is deleted with its server (C(delete_on_termination)), and a disk is attached
    without that. Look with M(otc.evs.evs_server_info) before.
  - Let the guest mount disks by the UUID of their file system. Their devices can change.
  - The disk that a server boots from is not detached.
author:
  - otc.evs contributors (@opentelekomcloud)
seealso:
  - module: otc.evs.evs_server_info
  - module: otc.evs.evs_move
"""

EXAMPLES = r"""
- name: Free a disk of a server that is shut off
  otc.evs.evs_attachment:
    cloud: tenant-a
    volumes: [app01-data]
    server: app01
    state: absent

- name: Attach two disks to another server, in this order
  otc.evs.evs_attachment:
    cloud: tenant-a
    volumes: [app01-data, app02-data]
    server: app02

- name: Look at the disks
  otc.evs.evs_volume_info:
    cloud: tenant-a
    volumes: [app01-data, app02-data]
    check_constraints: false
  register: there

- name: Could a server of another tenant take them?
  otc.evs.evs_attachment:
    cloud: tenant-b
    volumes: [app01-data, app02-data]
    server: app01-new
    coming: "{{ there.volumes }}"
    rehearse: true

- name: Attach the disks of several servers
  otc.evs.evs_attachment:
    cloud: tenant-a
    attachments:
      - {volume: app01-data, server: app02}
      - {volume: db01-data, server: db01}
"""

RETURN = r"""
disks:
  description: What became of each disk, one row a disk and server. In a rehearsal, what would become of it.
  returned: always, unless the task fails before it has looked at the disks
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the disk; null if it is not known.
      type: str
    name:
      description: The name of the disk.
      type: str
    size:
      description: The size of the disk in GiB.
      type: int
    volume_type:
      description: The type of the disk.
      type: str
    owner:
      description: The ID of the project that had the disk when it was read last; null if that is not known.
      type: str
    outcome:
      description:
        - V(attached) and V(detached) are done, and were read back in block storage and in Nova.
        - V(already_attached) and V(already_detached) were so before.
        - V(gone) is not in this tenant (any more), with O(state=absent).
        - V(blocked) stays where it is; RV(disks[].reasons) says why.
        - V(failed) did not happen; RV(disks[].message) says why.
        - V(unknown) could not be found out, or is still under way; RV(disks[].message) says what to do.
        - The task fails if there is any V(failed) or V(unknown).
      type: str
    reasons:
      description: Why a disk is V(blocked).
      type: list
      elements: dict
      contains:
        constraint:
          description:
            - What stands in the way.
            - V(server) is not there, or several fit; V(server_status), V(locked) and V(task) are about its state.
            - V(system_disk) and V(shared) are about what the disk is in it; V(zone), V(slots) and V(scsi) about whether
              the server can take it; V(attached) and V(status) about the disk itself.
            - V(refused) and V(rights) are what else ECS would refuse, with O(dry_run=true).
          type: str
        reason:
          description: How the disk violates it.
          type: str
        remedy:
          description: What its owner can do.
          type: str
    transfer_id:
      description: Not used; null.
      type: str
    server:
      description: The server that the disk was in before, and after; null is none.
      type: dict
      contains:
        before:
          description: The server before, by its C(id) and C(name).
          type: dict
        after:
          description: The server after, by its C(id) and C(name). In a rehearsal, what it would be.
          type: dict
    device:
      description: The device in these servers, as Nova calls it.
      type: dict
      contains:
        before:
          description: The device before; null if there was none, or it is not known.
          type: str
        after:
          description: The device after; null if there is none, or it is not known, as in a rehearsal.
          type: str
    guest_name:
      description:
        - What a Linux guest calls the disk below C(/dev/disk/by-id), whatever its device. It stays the same in every
          server.
        - A virtio disk is C(virtio-) and the first 20 characters of its ID, a SCSI disk C(wwn-0x) and its WWN.
        - Null if it is in no server, or if the cloud does not show the WWN.
      type: str
    at:
      description: When the disk was read back, in UTC; null in a rehearsal and if there was nothing to do.
      type: str
    message:
      description: More about it, such as what failed, the server's message, and what to do.
      type: str
rehearsed:
  description:
    - Whether nothing was sent that changes anything. The task was a rehearsal, in check mode or with
      O(rehearse=true), or it refused to start, see RV(problems).
  returned: with RV(disks)
  type: bool
check_mode:
  description: Whether the task ran in check mode.
  returned: with RV(disks)
  type: bool
to_do:
  description: The IDs of the disks that a run would process. Empty unless this was a rehearsal.
  returned: with RV(disks)
  type: list
  elements: str
not_started:
  description: The IDs of the disks that were not started for O(stop_after).
  returned: with RV(disks)
  type: list
  elements: str
problems:
  description: Why nothing was started. Empty if nothing stood in the way; the task fails if there are any.
  returned: with RV(disks)
  type: list
  elements: str
alarms:
  description: Not used; empty.
  returned: with RV(disks)
  type: list
  elements: str
project:
  description: The project of the disks and servers, as its login says.
  returned: with RV(disks)
  type: dict
  contains:
    project_id:
      description: The ID of the project.
      type: str
    project_name:
      description: The name of the project.
      type: str
    region_name:
      description: The region, if one was given.
      type: str
coming:
  description: What the option O(coming) takes in another tenant, of the disks that were found.
  returned: with O(state=absent)
  type: list
  elements: dict
missing:
  description: The names and IDs that fit no disk, with O(state=present).
  returned: if there are any
  type: list
  elements: str
ambiguous:
  description: The names that fit several disks, with the IDs of those.
  returned: if there are any
  type: dict
status:
  description: The status of the answer to the request that failed.
  returned: if the task fails because a server refuses a request before the task has looked at the disks
  type: int
code:
  description: The server's own code of that error; null if it gave none.
  returned: with RV(status)
  type: str
request_id:
  description: The server's ID of that request, for those who run the cloud; null if it gave none.
  returned: with RV(status)
  type: str
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._errors import MalformedAnswer, UsageError, quoted
from ansible_collections.otc.evs.plugins.module_utils._flows.attach import (
    Back,
    Options,
    Whole,
    attach,
    attach_again,
    detach,
)
from ansible_collections.otc.evs.plugins.module_utils._model.result import Result
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import AVAILABLE, Volume
from ansible_collections.otc.evs.plugins.module_utils._module import Task, batch_spec, run, select_option
from ansible_collections.otc.evs.plugins.module_utils._plan.attachments import IGNORABLE, Rules, Wish
from ansible_collections.otc.evs.plugins.module_utils._plan.placement import require_ids
from ansible_collections.otc.evs.plugins.module_utils._plan.selection import VolumeFilter
from ansible_collections.otc.evs.plugins.module_utils._plan.withdrawals import duration


def wishes_of(params: Mapping[str, Any]) -> list[Wish]:
    if params["attachments"] is not None:
        wishes = [Wish(pair["volume"], pair["server"]) for pair in params["attachments"]]
    else:
        wishes = [Wish(ref, params["server"]) for ref in params["volumes"] or ()]
    for wish in wishes:
        # Taken for none, an empty name would mean whatever server the disk is in.
        if wish.server is not None and not wish.server.strip():
            raise UsageError(f"The server of disk {quoted(wish.volume)} is an empty name. Give it by its name or ID.")
        if wish.server is None and params["state"] == "present":
            raise UsageError(
                f"There is no server for disk {quoted(wish.volume)}. Give one, by name or ID, to attach it to."
            )
    return wishes


def coming_of(params: Mapping[str, Any]) -> list[Volume]:
    require_ids("coming", [str(told.get("id") or "") for told in params["coming"]])
    if params["coming"] and params["state"] == "absent":
        raise UsageError("Option coming is about disks that are to be attached: give it with state: present.")
    try:
        return [Volume.from_api({**told, "status": AVAILABLE, "attachments": []}) for told in params["coming"]]
    except MalformedAnswer as error:
        words = "Option coming has a disk that is not as evs_volume_info returns it. Give its list volumes unchanged"
        raise UsageError(f"{words}: {error.message}") from error


def whole_of(params: Mapping[str, Any]) -> Whole:
    chosen = VolumeFilter.from_params(params["select"] or {})
    if params["select"] is not None and chosen.is_empty:
        raise UsageError("Option select is empty, which would mean every disk. Give at least one property of them.")
    if not all(server.strip() for server in params["servers"] or ()):
        raise UsageError("Option servers contains an empty name. Give each server by its name or ID.")
    return Whole(params["servers"] or (), chosen, params["remembered"] or ())


def back_of(params: Mapping[str, Any]) -> Back | None:
    """What goes back where it was; None if servers are given."""
    goes_back = params["state"] == "present" and params["remembered"] is not None
    if not goes_back or params["server"] is not None or params["attachments"] is not None:
        if params["freed"] or params["older_than"]:
            raise UsageError("The options freed and older_than go with remembered and state: present only.")
        return None
    require_ids("freed", params["freed"])
    older_than = duration(params["older_than"]) if params["older_than"] else None
    return Back(params["volumes"], params["freed"], older_than)


def flow(task: Task) -> Result:
    params = task.params
    back = back_of(params)
    rules = Rules(params["detach"], params["blocked"], params["ignore_constraints"])
    options = Options(rules, task.concurrency, task.timeout, task.seconds, params["dry_run"])
    if back:
        return attach_again(task.evs, task.nova, params["remembered"], back, options, rehearsed=task.rehearsed)
    wishes, coming = wishes_of(params), coming_of(params)
    if params["state"] == "absent":
        return detach(task.evs, task.nova, wishes, options, rehearsed=task.rehearsed, whole=whole_of(params))
    if params["servers"] or params["select"] is not None:
        raise UsageError("The options servers and select can only be used with state: absent.")
    return attach(task.evs, task.nova, wishes, options, rehearsed=task.rehearsed, coming=coming)


def main() -> None:
    pair = {"volume": {"type": "str", "required": True}, "server": {"type": "str"}}
    run(
        {
            "volumes": {"type": "list", "elements": "str", "aliases": ["volume"]},
            "server": {"type": "str"},
            "attachments": {"type": "list", "elements": "dict", "options": pair},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "servers": {"type": "list", "elements": "str"},
            "select": select_option(),
            "remembered": {"type": "list", "elements": "dict"},
            "freed": {"type": "list", "elements": "str", "default": []},
            "older_than": {"type": "str"},
            "detach": {"type": "str", "choices": ["never", "stopped", "running"], "default": "stopped"},
            "blocked": {"type": "str", "choices": ["fail", "skip"], "default": "fail"},
            "ignore_constraints": {"type": "list", "elements": "str", "choices": list(IGNORABLE), "default": []},
            "dry_run": {"type": "bool", "default": False},
            "coming": {"type": "list", "elements": "dict", "default": []},
            **batch_spec(),
        },
        flow,
        required_one_of=[("volumes", "attachments", "servers", "select", "remembered")],
        mutually_exclusive=[("volumes", "attachments"), ("server", "attachments"), ("volumes", "select")],
    )


if __name__ == "__main__":
    main()
