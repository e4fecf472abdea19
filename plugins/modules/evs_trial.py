#!/usr/bin/python
# Copyright (c) otc.evs contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: evs_trial
short_description: Try on one's own cloud whether disks can be moved between two tenants
version_added: 1.0.0
description:
  - Makes one small disk in the source, and takes it all the ways that the other modules know. It is judged, offered,
    queried, withdrawn, moved, proved, moved again (which changes nothing) and moved back. Then it is deleted.
  - Says before which reads are allowed, for which tenant.
  - Whatever fails in between, the disk is looked for in both tenants at the end, its offer is withdrawn, and it is
    deleted. No other disk is touched.
  - Returns what held, and a transcript of every answer. In the transcript names, IDs, hosts, keys and tokens are
    replaced, so that it can be attached to an issue. Read it before you do.
  - Most people run this by the playbook C(otc.evs.trial).
options:
  name:
    description:
      - The name of the disk that is made. No disk of the source may have it.
      - Without it the name is C(otc-evs-trial-) and the time.
    type: str
  size:
    description: The size of the disk that is made, in GiB, 1 or more.
    type: int
    default: 1
  volume_type:
    description: The type of the disk that is made. Without it the cloud decides.
    type: str
  availability_zone:
    description: Where the disk is made. Without it the cloud decides.
    type: str
  unchecked:
    description:
      - What to do if a constraint cannot be checked, because a service refuses the question or does not answer.
      - With V(fail) the disk is not offered. With V(allow) the trial goes on.
    type: str
    choices: [fail, allow]
    default: fail
extends_documentation_fragment:
  - otc.evs.auth
  - otc.evs.auth.attributes
  - otc.evs.target.required
attributes:
  check_mode:
    description: Only reads are tried.
    support: partial
    details: What changes something is not tried, because it cannot be known without it whether it is allowed.
  diff_mode:
    description: There is no diff, because in the end nothing is changed.
    support: none
  idempotent:
    description: Each run makes a disk of its own, and deletes it.
    support: none
author:
  - otc.evs contributors (@opentelekomcloud)
seealso:
  - module: otc.evs.evs_move
"""

EXAMPLES = r"""
- name: Try it with a disk of 1 GiB
  otc.evs.evs_trial:
    cloud: tenant-a
    target:
      cloud: tenant-b
    availability_zone: eu-de-01
  register: trial
"""

RETURN = r"""
steps:
  description: What was tried, in this order.
  returned: once both tenants are logged in and differ
  type: list
  elements: dict
  contains:
    tenant:
      description: The project with which it was tried.
      type: str
    name:
      description: What was tried.
      type: str
    held:
      description: Whether it held; null if it was not tried, or if there was nothing to try.
      type: bool
    message:
      description: What was read, or what went wrong.
      type: str
    at:
      description: When it was over, in UTC; null if it was not tried.
      type: str
disk:
  description: The ID of the disk that was made; null if none was made, or if its ID is not known.
  returned: with RV(steps)
  type: str
left:
  description: What may be left and where to look for it; null if the disk was deleted, which was read back.
  returned: with RV(steps)
  type: str
transcript:
  description: Every answer of the cloud, with what was asked. What is the user's own is replaced.
  returned: with RV(steps)
  type: list
  elements: dict
  contains:
    method:
      description: The method of the request.
      type: str
    url:
      description: The URL of the request.
      type: str
    sent:
      description: The body of the request; null for a login.
      type: raw
    status:
      description: The status of the answer.
      type: int
    headers:
      description: Some headers of the answer.
      type: dict
    received:
      description: The body of the answer; null if it is not JSON.
      type: raw
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone

from ansible_collections.otc.evs.plugins.module_utils._api.recorder import Recorder
from ansible_collections.otc.evs.plugins.module_utils._api.services import Services
from ansible_collections.otc.evs.plugins.module_utils._errors import EvsError, UsageError, of_the_target
from ansible_collections.otc.evs.plugins.module_utils._flows.trial import TrialOptions, transcript, trial
from ansible_collections.otc.evs.plugins.module_utils._model.result import Result
from ansible_collections.otc.evs.plugins.module_utils._module import Task, run
from ansible_collections.otc.evs.plugins.module_utils._options import target_option

TRAITS = ("volume_type", "availability_zone")


def flow(task: Task) -> Result:
    params = task.params
    if params["size"] < 1:
        raise UsageError(f"Option size is {params['size']}; it takes a number of GiB, 1 or more.")
    recorder = task.recorder = Recorder()
    source = Services.of(task.session)
    with of_the_target():
        target = Services.of(task.target_session())
    options = TrialOptions(
        name=params["name"] or f"otc-evs-trial-{datetime.now(timezone.utc):%Y%m%dT%H%M%S}",
        size=params["size"],
        traits={trait: params[trait] for trait in TRAITS if params[trait]},
        unchecked=params["unchecked"],
        concurrency=task.concurrency,
        timeout=task.timeout,
    )
    record = trial(source, target, options, rehearsed=task.check_mode)
    values: dict[str, object] = {
        "steps": [step.as_result() for step in record.steps],
        "disk": record.volume_id,
        "left": record.left,
        "transcript": transcript(recorder.exchanges, [options.name, *texts_of(params), *sorted(task.secrets.known())]),
    }
    if record.failure:
        raise EvsError(record.failure, **values)
    return Result("Trying", values=values)


def texts_of(params: Mapping[str, object]) -> Iterator[str]:
    """What the user gave to log in: names that a server's message may hold."""
    for name in ("cloud", "auth", "target"):
        value = params.get(name)
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield from (text for key, text in value.items() if isinstance(text, str) and not key.endswith("_type"))
            yield from texts_of(value)


def main() -> None:
    run(
        {
            "target": {**target_option(), "required": True},
            "name": {"type": "str"},
            "size": {"type": "int", "default": 1},
            "volume_type": {"type": "str"},
            "availability_zone": {"type": "str"},
            "unchecked": {"type": "str", "choices": ["fail", "allow"], "default": "fail"},
        },
        flow,
    )


if __name__ == "__main__":
    main()
