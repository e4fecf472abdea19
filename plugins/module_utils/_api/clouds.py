# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""A cloud of clouds.yaml, read by openstacksdk, as from the directory in which the user is."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.otc.evs.plugins.module_utils._api import ways
from ansible_collections.otc.evs.plugins.module_utils._api.aksk import AUTH_TYPE as AKSK
from ansible_collections.otc.evs.plugins.module_utils._api.aksk import NAMES as AKSK_NAMES
from ansible_collections.otc.evs.plugins.module_utils._errors import LoginError, quoted
from ansible_collections.otc.evs.plugins.module_utils._options import DEFAULT_API_TIMEOUT, DIRECTORY

if TYPE_CHECKING:
    from keystoneauth1.plugin import BaseAuthPlugin
    from openstack.config.cloud_region import CloudRegion
    from openstack.config.loader import OpenStackConfig

NOT_GIVEN = {"auth_type": None}
"""What openstacksdk takes for granted, and is found out here."""
FLAGS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


@dataclass(frozen=True)
class Cloud:
    """A cloud with its auth plugin, and what was given for that."""

    region: CloudRegion
    plugin: BaseAuthPlugin | None
    auth_type: str
    auth: Mapping[str, Any]
    regions: list[str]
    """The regions among which nobody has chosen, the one taken first; empty if somebody has."""


def folder() -> Path:
    """The user's directory, as far as it is known."""
    return Path(os.environ.get(DIRECTORY) or Path.cwd())


def here(name: str) -> str:
    """The path of a file that is named from the user's directory, or from the one in which the module runs."""
    try:
        path = Path(name).expanduser()
    except RuntimeError:  # nobody knows the home of such a user
        path = Path(name)
    named = folder() / path
    return str(named if exists(str(named)) else path)


def exists(name: str) -> bool:
    """Whether there is such a file."""
    try:
        return Path(name).exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def seconds(value: Any, origin: str) -> float:
    """How long to wait; for openstacksdk none is for ever, and here it is what is waited without it."""
    if value is None or str(value).strip().lower() in ("", "none", "null"):
        return DEFAULT_API_TIMEOUT
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 < number < math.inf:
        raise LoginError(
            f"The api_timeout of {origin} is {quoted(str(value))}; it takes a number of seconds, such as 60, or none."
        )
    return number


def read_cloud(cloud: str | Mapping[str, Any], overrides: Mapping[str, Any], origin: str, remedy: str) -> Cloud:
    """Read it, whichever way to log in it has; openstacksdk knows all but the one with an access key."""
    config = _config(files=isinstance(cloud, str))
    given: dict[str, Any] = {"cloud": cloud, **overrides} if isinstance(cloud, str) else dict(cloud)
    draft = config.get_one(validate=False, **given)
    auth = {name: draft.config[name] for name in (*AKSK_NAMES, "auth_methods") if draft.config.get(name)}
    auth = ways.tidied({**auth, **(draft.config.get("auth") or {})})
    auth_type = ways.meant_type(draft.config.get("auth_type"), auth)
    loader, options = ways.usable_loader(auth_type), ways.options_of(auth_type, auth)
    known = {name: option.dest for option in options for name in ways.names_of(option)}
    beside = {name: draft.config[name] for name in known if draft.config.get(name)}
    values = {known[name]: value for name, value in {**beside, **auth}.items() if name in known}
    if auth_type == AKSK:
        values.setdefault("project_name", draft.get_region_name("block-storage"))
    ways.require_all(options, values, origin, remedy)
    ways.require_known(auth_type, options, draft.config.get("auth") or {}, f"auth, in {origin}")
    regions = _regions(config, given)
    _understand(draft)
    if auth_type == AKSK:
        return Cloud(draft, loader.load_from_options(**values), auth_type, values, regions)
    if auth_type == ways.MULTIFACTOR:
        given["auth"] = {**(given.get("auth") or {}), "auth_methods": ways.methods_of(auth)}
    whole = config.get_one(**{**given, "auth_type": auth_type})
    _understand(whole)
    return Cloud(whole, whole.get_auth(), auth_type, whole.config.get("auth") or {}, regions)


def _config(files: bool) -> OpenStackConfig:
    """The files that openstacksdk would read if it ran in the user's directory, and then those that it reads here."""
    from openstack.config import loader

    if not files:
        return loader.OpenStackConfig(load_yaml_config=False, load_envvars=False, override_defaults=NOT_GIVEN)
    if DIRECTORY not in os.environ:
        return loader.OpenStackConfig(override_defaults=NOT_GIVEN)

    def found(variable: str, known: list[str]) -> list[str]:
        chosen = os.environ.get(variable)
        names = dict.fromkeys(Path(name).name for name in known)
        return [*([here(chosen)] if chosen else []), *(str(folder() / name) for name in names), *known]

    return loader.OpenStackConfig(
        config_files=found("OS_CLIENT_CONFIG_FILE", loader.CONFIG_FILES),
        secure_files=found("OS_CLIENT_SECURE_FILE", loader.SECURE_FILES),
        vendor_files=found("", loader.VENDOR_FILES),
        override_defaults=NOT_GIVEN,
    )


def _regions(config: OpenStackConfig, given: Mapping[str, Any]) -> list[str]:
    """The regions that the cloud or its vendor's profile lists, if the user has chosen none of them."""
    name = given.get("cloud")
    if given.get("region_name") or not isinstance(name, str):
        return []
    known = [str(region["name"]) for region in config._get_known_regions(name)]
    return known if len(known) > 1 else []


def _understand(region: CloudRegion) -> None:
    """A word for yes or no is no path of a file."""
    verify = region.config.get("verify")
    if isinstance(verify, str):
        region.config["verify"] = FLAGS.get(verify.strip().lower(), verify)
