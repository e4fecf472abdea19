# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""The module frame: argument spec, login, errors and results.  The only room that knows AnsibleModule."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.otc.evs.plugins.module_utils._api.credentials import KEYSTONEAUTH_IMPORT_ERROR, harmless_values
from ansible_collections.otc.evs.plugins.module_utils._api.evs import Evs
from ansible_collections.otc.evs.plugins.module_utils._api.session import Session
from ansible_collections.otc.evs.plugins.module_utils._errors import EvsError, UsageError, unexpected
from ansible_collections.otc.evs.plugins.module_utils._model.rows import Result
from ansible_collections.otc.evs.plugins.module_utils._options import LoginOptions, concurrency_of, shared_argument_spec


class Task:
    """What a module is asked to do, and the tenant it is to do it for."""

    def __init__(self, params: dict[str, Any], check_mode: bool) -> None:
        self.params = params
        self.check_mode = check_mode
        self.timeout = int(params["timeout"])
        self.spent: set[str] = set()
        """Secrets among the values of the options that no result without failures can hold."""
        self.concurrency = concurrency_of(params)
        self._login = LoginOptions.from_params(params)
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """The tenant's; the first use logs in, so that bad parameters are told before."""
        if self._session is None:
            self._session = Session(self._login, self.concurrency)
        return self._session

    def target(self) -> Evs:
        """Log in to the other tenant, whose shared options are in `target`; returns its block storage."""
        params = self.params["target"]
        with of_the_target():
            concurrency = self.concurrency if params["concurrency"] is None else concurrency_of(params)
            return Evs.of(Session(LoginOptions.from_params(params), concurrency))

    @property
    def evs(self) -> Evs:
        """Block storage of the tenant."""
        return Evs.of(self.session)


@contextmanager
def of_the_target() -> Iterator[None]:
    """What fails in here is said to be about the tenant in `target`."""
    try:
        yield
    except EvsError as error:
        error.message = f"Of the target: {error.message}"
        raise


def run(spec: Mapping[str, Any], flow: Callable[[Task], Result], **restrictions: Any) -> NoReturn:
    """Run a module and leave the process with its result.

    `restrictions` are those of AnsibleModule, such as required_if, and whether to log nothing.
    """
    module = AnsibleModule(argument_spec={**shared_argument_spec(), **spec}, supports_check_mode=True, **restrictions)
    if KEYSTONEAUTH_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("keystoneauth1"), exception=KEYSTONEAUTH_IMPORT_ERROR)
    _unmask(module)
    try:
        _require_unicode(module.params)
        task = Task(module.params, module.check_mode)
        result = flow(task)
    except EvsError as error:
        module.fail_json(msg=error.message, **error.details)
    except Exception as error:
        # Ansible would show the text, and no_log knows nothing of tokens; the lines of a traceback hold no values.
        module.fail_json(msg=unexpected(error), exception="".join(traceback.format_tb(error.__traceback__)))
    if not result.failures and not result.warnings:
        # Ansible looks for each secret in each string of a result, and a batch has a thousand of both.
        module.no_log_values -= task.spent
    _leave(module, result)


def _unmask(module: AnsibleModule) -> None:
    """Let the results show what is no secret.

    no_log hides every value in cloud and auth, and hides it wherever it occurs: a project called
    eu-de would be cut out of the names of disks.  Only secrets are worth that.
    """
    module.no_log_values -= {value for value in module.no_log_values if not value.strip()}
    for params in (module.params, module.params.get("target")):
        if params:
            module.no_log_values -= harmless_values(params["cloud"], params["auth"], params["auth_type"])


def _require_unicode(params: Mapping[str, Any]) -> None:
    """Refuse half a character, which can be written as JSON or YAML, but neither sent nor shown."""
    for option, value in params.items():
        try:
            json.dumps(value, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError as error:
            raise UsageError(f"Option {option} holds text that is not valid Unicode.") from error


def _leave(module: AnsibleModule, result: Result) -> NoReturn:
    for warning in result.warnings:
        module.warn(warning)
    values: dict[str, Any] = {"changed": result.changed, **result.values}
    if module._diff:
        values["diff"] = {"before": result.before, "after": result.after}
    if result.failures:
        values["failures"] = [failure.as_result() for failure in result.failures]
        module.fail_json(msg=result.failure_message(), **values)
    module.exit_json(**values)
