# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""The options that every module shares, and what they say once they are parsed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._errors import UsageError

SERVICES = ("evs", "cbr", "sdrs", "vbs", "compute")
CONCURRENCY_RANGE = range(1, 65)
SECONDS_RANGE = range(1, 86401)
DEFAULT_API_TIMEOUT = 60
NOT_REPEATED = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
"""As Ansible says it."""
DIRECTORY = "OTC_EVS_DIRECTORY"
"""The environment variable with the user's directory, which the action plugin sets: modules run elsewhere."""


def shared_argument_spec() -> dict[str, dict[str, Any]]:
    """The argument spec of the shared options, documented in doc_fragments/auth.py."""
    return {
        "cloud": {"type": "raw", "no_log": True},
        "auth": {"type": "dict", "no_log": True},
        "auth_type": {"type": "str"},
        "region_name": {"type": "str"},
        "interface": {"type": "str", "choices": ["admin", "internal", "public"], "aliases": ["endpoint_type"]},
        "validate_certs": {"type": "bool", "aliases": ["verify"]},
        # People paste the text of a key where its path belongs, and a password into a URL.
        "ca_cert": {"type": "path", "no_log": True, "aliases": ["cacert"]},
        "client_cert": {"type": "path", "no_log": True, "aliases": ["cert"]},
        "client_key": {"type": "path", "no_log": True, "aliases": ["key"]},
        "api_timeout": {"type": "int"},
        "endpoints": {
            "type": "dict",
            "no_log": True,
            "options": {service: {"type": "str", "no_log": True} for service in SERVICES},
        },
        "concurrency": {"type": "int"},
        "timeout": {"type": "int", "default": 180},
    }


def repeated(spec: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """The options as a result repeats them: without those that are secret, and those that are none."""
    return {name: _repeated(spec[name], value) for name, value in params.items() if name in spec}


def _repeated(option: Mapping[str, Any], value: Any) -> Any:
    if value is None:
        return None
    if "options" in option:
        if isinstance(value, Mapping):
            return repeated(option["options"], value)
        if isinstance(value, list):
            return [_repeated(option, item) for item in value]
    return NOT_REPEATED if option.get("no_log") or "options" in option else value


def target_option() -> dict[str, Any]:
    """The option with the other tenant, documented in doc_fragments/target.py.

    Ansible would write all of it into the system's log, and hide secrets there only as they are spelt.
    """
    return {"type": "dict", "no_log": True, "options": shared_argument_spec()}


@dataclass(frozen=True)
class LoginOptions:
    """Who logs in where; None means not given."""

    cloud: str | Mapping[str, Any] | None
    auth: Mapping[str, Any] | None
    auth_type: str | None
    region_name: str | None
    interface: str | None
    validate_certs: bool | None
    ca_cert: str | None
    client_cert: str | None
    client_key: str | None
    api_timeout: int | None
    endpoints: Mapping[str, str | None]
    timeout: int

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> LoginOptions:
        cloud = params["cloud"]
        if cloud is not None and not isinstance(cloud, (str, Mapping)):
            raise UsageError(
                f"Option cloud takes the name of a cloud in clouds.yaml or a dictionary, not a {type(cloud).__name__}."
            )
        for option in ("timeout", "api_timeout"):
            # True is 1 to Python, and to AnsibleModule.
            if params[option] is not None and (params[option] is True or params[option] not in SECONDS_RANGE):
                raise UsageError(
                    f"Option {option} is {params[option]}; "
                    f"it takes a number of seconds from {SECONDS_RANGE[0]} to {SECONDS_RANGE[-1]}."
                )
        values = {field: params[field] for field in cls.__dataclass_fields__}
        values["endpoints"] = params["endpoints"] or {}
        return cls(**values)


def concurrency_of(params: Mapping[str, Any]) -> int | None:
    """How many requests to a tenant may be under way at once; None is as many as turn out to be borne."""
    value: int | None = params["concurrency"]
    if value is not None and (value is True or value not in CONCURRENCY_RANGE):
        raise UsageError(
            f"Option concurrency is {value}; it takes a number from {CONCURRENCY_RANGE[0]} to {CONCURRENCY_RANGE[-1]}."
        )
    return value
