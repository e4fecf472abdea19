# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""The module frame: argument spec, login, errors and results.  The only room that knows AnsibleModule."""

from __future__ import annotations

import json
import os
import re
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.common.parameters import remove_values

from ansible_collections.otc.evs.plugins.module_utils._api.credentials import KEYSTONEAUTH_IMPORT_ERROR
from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._api.level import MOST
from ansible_collections.otc.evs.plugins.module_utils._api.nova import Nova
from ansible_collections.otc.evs.plugins.module_utils._api.recorder import Recorder
from ansible_collections.otc.evs.plugins.module_utils._api.session import Session
from ansible_collections.otc.evs.plugins.module_utils._errors import (
    EvsError,
    UsageError,
    of_the_target,
    unexpected,
)
from ansible_collections.otc.evs.plugins.module_utils._model.packed import PACKED, encoded, text_of
from ansible_collections.otc.evs.plugins.module_utils._model.result import Result, State
from ansible_collections.otc.evs.plugins.module_utils._options import (
    LoginOptions,
    concurrency_of,
    repeated,
    shared_argument_spec,
)
from ansible_collections.otc.evs.plugins.module_utils._plan.along import NEEDS
from ansible_collections.otc.evs.plugins.module_utils._plan.chain import Chain
from ansible_collections.otc.evs.plugins.module_utils._plan.constraints import NAMES
from ansible_collections.otc.evs.plugins.module_utils._plan.selection import VolumeFilter, Wanted
from ansible_collections.otc.evs.plugins.module_utils._secrets import Secrets
from ansible_collections.otc.evs.plugins.module_utils._text import safe, safe_message

NO_DICTIONARY = re.compile(r"Value '.*' in the sub parameter field", re.DOTALL)
"""How AnsibleModule begins to tell of something else than a dictionary, and shows all of it."""
LIKE_AN_OPTION = re.compile(r"[a-z_]{1,40}")


class _Door(AnsibleModule):
    """A module that repeats of its options, and of what is wrong with them, nothing that may be a secret.

    Ansible cuts out what it knows to be one, as it is spelt. But a message may spell it in another way, it may be the
    name of an option, and a short one would cut names and IDs to pieces.
    """

    def exit_json(self, **values: Any) -> NoReturn:
        super().exit_json(invocation=self._invocation(), **values)

    def fail_json(self, msg: str, **values: Any) -> NoReturn:
        super().fail_json(self._without_secrets(msg), invocation=self._invocation(), **values)

    def _invocation(self) -> dict[str, Any]:
        return {"module_args": repeated(self.argument_spec, self.params)}

    def _without_secrets(self, msg: str) -> str:
        """What AnsibleModule says of the options."""
        paths = [path if isinstance(path, tuple) else (path,) for path in self.validation_result.unsupported_parameters]
        names = ", ".join(sorted(".".join(path) for path in paths))
        shown = ", ".join(sorted(".".join(map(_like_an_option, path)) for path in paths))
        return NO_DICTIONARY.sub("A value in the sub parameter field", msg.replace(names, shown) if names else msg)


def _like_an_option(name: str) -> str:
    return name if LIKE_AN_OPTION.fullmatch(name) else "(a name that is not shown, since no option has a similar one)"


class Task:
    """What a module is asked to do, and the tenant it is to do it for."""

    def __init__(self, params: dict[str, Any], check_mode: bool, secrets: Secrets) -> None:
        self.params = params
        self.check_mode = check_mode
        self.rehearsed = check_mode or bool(params.get("rehearse"))
        self.timeout = int(params["timeout"])
        self.seconds = seconds_of(params)
        self.secrets = secrets
        self.warnings: list[str] = []
        """What the logins have to say."""
        self._most = concurrency_of(params)
        self.concurrency = self._most or MOST
        """How many things may be worked on at once; of the requests fewer may be under way."""
        self.recorder: Recorder | None = None
        """What is shown every answer, if something is."""
        self._login = LoginOptions.from_params(params)
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """The tenant's; the first use logs in, so that bad parameters are told before."""
        if self._session is None:
            self._session = Session(self._login, self._most, self.secrets, self.recorder)
            self.warnings += self._session.warnings
        return self._session

    def target(self) -> Evs:
        """The block storage of the other tenant."""
        session = self.target_session()
        with of_the_target():
            return Evs.of(session)

    def target_session(self) -> Session:
        """Log in to the other tenant, whose shared options are in `target`."""
        params = self.params["target"]
        with of_the_target():
            concurrency = self._most if params["concurrency"] is None else concurrency_of(params)
            session = Session(LoginOptions.from_params(params), concurrency, self.secrets, self.recorder)
            self.warnings += session.warnings
            return session

    @property
    def evs(self) -> Evs:
        """Block storage of the tenant."""
        return Evs.of(self.session)

    @property
    def nova(self) -> Nova:
        """The servers of the tenant."""
        return Nova.of(self.session)


def transfer_spec() -> dict[str, dict[str, Any]]:
    """The options that offering and moving share, documented in doc_fragments/disks.py."""
    return {
        "volumes": {"type": "list", "elements": "str", "aliases": ["volume"]},
        "select": select_option(),
        "blocked": {"type": "str", "choices": ["fail", "skip"], "default": "fail"},
        "unchecked": {"type": "str", "choices": ["fail", "allow"], "default": "fail"},
        "ignore_constraints": {"type": "list", "elements": "str", "choices": list(NAMES), "default": []},
        **{name: {"type": "str", "choices": ["block", "along"], "default": "block"} for name in NEEDS},
        "check_constraints": {"type": "bool", "default": True},
        **batch_spec(),
    }


def select_option() -> dict[str, Any]:
    """The option by which disks are chosen by their traits."""
    texts = {name: {"type": "str"} for name in ("name", "status", "volume_type", "availability_zone")}
    return {"type": "dict", "options": {**texts, "metadata": {"type": "dict"}, "tags": {"type": "dict"}}}


def batch_spec() -> dict[str, dict[str, Any]]:
    """The options of all modules that change something, documented in doc_fragments/disks.py."""
    return {"rehearse": {"type": "bool", "default": False}, "stop_after": {"type": "int"}}


def seconds_of(params: Mapping[str, Any]) -> int | None:
    """After how many seconds no disk is to be begun."""
    value: int | None = params.get("stop_after")
    if value is not None and (value is True or value < 1):
        raise UsageError(f"Option stop_after is {value}; it takes a number of seconds of 1 or more.")
    return value


def wanted_of(params: Mapping[str, Any]) -> Wanted:
    """Which disks are meant."""
    if params["volumes"] is not None:
        return Wanted(params["volumes"])
    chosen = VolumeFilter.from_params(params["select"] or {})
    if chosen.is_empty:
        raise UsageError(
            "Option select is empty, which would mean every disk. Give at least one property of the disks."
        )
    return Wanted(None, chosen)


def along_of(params: Mapping[str, Any]) -> frozenset[str]:
    """What the user lets disks take along."""
    return frozenset(name for name in NEEDS if params[name] == "along")


def chain_of(task: Task) -> Chain:
    """What is to be done with the disks before and after, which only a rehearsal can be told."""
    for option in ("detaching", "attaching"):
        if task.params.get(option) is not None and not task.rehearsed:
            raise UsageError(f"Option {option} is for rehearsals only: set rehearse or run in check mode.")
    return Chain.of(task.params.get("detaching"), task.params.get("attaching"))


def run(spec: Mapping[str, Any], flow: Callable[[Task], Result], **restrictions: Any) -> NoReturn:
    """Run a module and leave the process with its result.

    `restrictions` are those of AnsibleModule, such as required_if.
    """
    module = _Door(argument_spec={**shared_argument_spec(), **spec}, supports_check_mode=True, **restrictions)
    if KEYSTONEAUTH_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("keystoneauth1"), exception=KEYSTONEAUTH_IMPORT_ERROR)
    secrets = Secrets()
    outcome: Result | EvsError | tuple[str, str]
    try:
        _require_unicode(module.params)
        task = Task(module.params, module.check_mode, secrets)
        outcome = flow(task)
    except EvsError as error:
        outcome = error
    except Exception as error:
        # Ansible would show the text, which may hold anything; the lines of a traceback hold no values.
        outcome = unexpected(error), "".join(traceback.format_tb(error.__traceback__))
    # Not while an exception is dealt with: Ansible adds a traceback then, and that shows the words of each.
    # Of all that no_log has collected only this stays: the rest may be a part of names and IDs.
    module.no_log_values = secrets.in_names()
    if isinstance(outcome, tuple):
        module.fail_json(msg=outcome[0], exception=outcome[1])
    if isinstance(outcome, EvsError):
        module.fail_json(msg=safe_message(outcome.message), **outcome.details)
    _leave(module, task, outcome)


def _require_unicode(params: Mapping[str, Any]) -> None:
    """Refuse half a character, which can be written as JSON or YAML, but neither sent nor shown."""
    for option, value in params.items():
        try:
            json.dumps(value, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError as error:
            raise UsageError(f"Option {option} contains text that is not valid Unicode.") from error


def _leave(module: AnsibleModule, task: Task, result: Result) -> NoReturn:
    for warning in [*task.warnings, *result.warnings]:
        module.warn(safe_message(warning))
    # A task that rehearses without check mode changes nothing, and nothing will.
    acts = task.check_mode or not task.rehearsed
    values: dict[str, Any] = {"changed": result.changed and acts and not result.problems, **result.values}
    if result.rows is not None:
        rows = [row.as_result() for row in result.rows]
        values["disks"] = _packed(rows, module.no_log_values) if PACKED in os.environ else rows
        values.update(rehearsed=task.rehearsed or bool(result.problems), check_mode=task.check_mode)
        values.update(problems=_shown(result.problems), alarms=_shown(result.alarms), not_started=result.not_started)
        values.update(to_do=result.to_do if task.rehearsed and not result.problems else [])
    if result.transfers is not None:
        values["transfers"] = result.transfers
    if module._diff and acts:
        values["diff"] = {"before": _shown_states(result.before), "after": _shown_states(result.after)}
    if result.failure:
        module.fail_json(msg=safe_message(result.failure), **values)
    module.exit_json(**values)


def _packed(rows: list[dict[str, Any]], secrets: Iterable[str]) -> str:
    """Rows as a text, in which Ansible finds no secret: what it would cut is cut before."""
    words = json.dumps(rows)
    known = {secret for secret in secrets if json.dumps(secret)[1:-1] in words}
    return text_of(remove_values(rows, known)) if known else encoded(words)


def _shown(messages: Sequence[str]) -> list[str]:
    """Sentences that quote what others wrote, safe to show."""
    return [safe_message(message) for message in messages]


def _shown_states(states: Mapping[str, State]) -> dict[str, dict[str, str | None]]:
    """One side of a diff, which Ansible prints: a status and an ID are what a server sent, too."""
    return {
        safe(label): {name: value and safe(value) for name, value in state.items()} for label, state in states.items()
    }
