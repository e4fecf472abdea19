# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""From options to credentials: an auth plugin of keystoneauth1 and how to reach the cloud with it.

Nothing is sent here.  openstacksdk is imported only to read a cloud of clouds.yaml.
"""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.otc.evs.plugins.module_utils._api import ways
from ansible_collections.otc.evs.plugins.module_utils._api.aksk import AUTH_TYPE as AKSK
from ansible_collections.otc.evs.plugins.module_utils._api.aksk import NAMES as AKSK_NAMES
from ansible_collections.otc.evs.plugins.module_utils._api.clouds import exists, folder, here, read_cloud, seconds
from ansible_collections.otc.evs.plugins.module_utils._api.endpoints import require_no_credentials
from ansible_collections.otc.evs.plugins.module_utils._errors import LoginError, quoted
from ansible_collections.otc.evs.plugins.module_utils._options import LoginOptions
from ansible_collections.otc.evs.plugins.module_utils._secrets import Secrets, texts_in
from ansible_collections.otc.evs.plugins.module_utils._text import safe

try:
    from keystoneauth1 import exceptions as ks_exceptions
except ImportError:
    KEYSTONEAUTH_IMPORT_ERROR: str | None = traceback.format_exc()
else:
    KEYSTONEAUTH_IMPORT_ERROR = None

if TYPE_CHECKING:
    import yaml
    from keystoneauth1.loading.opts import Opt
    from keystoneauth1.plugin import BaseAuthPlugin

NOT_BESIDE_A_CLOUD_DICT = (
    "auth",
    "auth_type",
    "region_name",
    "interface",
    "validate_certs",
    "ca_cert",
    "client_cert",
    "client_key",
    "api_timeout",
)


COMPLETE = "Name a cloud of clouds.yaml in the option cloud, or put it into auth."
CALLED_LIKE_SECRETS = ("password", "secret", "token", "passcode")


TEXT_OF_A_KEY = re.compile(r"[\r\n]|\\n|-----|^M[A-Za-z0-9+/]{59,}=*$")
"""In PEM, on one line or several, or in bare base64."""

UNEXPECTED = re.compile(r"unexpected keyword argument '(.*)'", re.DOTALL)
NAME_OF_A_CLOUD = re.compile(r"""[^{}\[\]='"\r\n]{1,100}""")


@dataclass(frozen=True)
class Credentials:
    """How to log in and where to look in the catalogue; `verify` and `cert` as requests takes them."""

    plugin: BaseAuthPlugin
    origin: str
    """Where they come from, for messages."""
    verify: bool | str
    cert: str | tuple[str, str] | None
    region_name: str | None
    interfaces: list[str]
    """The kinds of endpoints that are used, the preferred one first."""
    api_timeout: float
    endpoint_of: Callable[[str], str | None]
    """The endpoint override that clouds.yaml has for a service type, if any."""
    secrets: frozenset[str] = frozenset()
    """The values of its secret options, which a server might echo."""
    regions: tuple[str, ...] = ()
    """The regions among which nobody has chosen, the one taken first; empty if somebody has."""


def credentials(options: LoginOptions) -> Credentials:
    """Find the credentials: the option cloud, else auth, else OS_CLOUD, else the OS_* variables.

    The sources are never mixed: half of one tenant and half of another would be a third one.
    """
    cloud = options.cloud
    if cloud is None and options.auth is None:
        cloud = os.environ.get("OS_CLOUD") or None
    if isinstance(cloud, str) and not NAME_OF_A_CLOUD.fullmatch(cloud):
        raise LoginError(
            "Option cloud is not a name, but something such as a whole entry as JSON. It is not shown, since it may "
            "contain a password. Give the name of a cloud of clouds.yaml, or a dictionary."
        )
    found = _from_auth(options) if cloud is None else _from_clouds_yaml(cloud, options)
    require_no_credentials(str(getattr(found.plugin, "auth_url", None) or ""), f"the auth_url of {found.origin}")
    for text in (found.verify, *(found.cert if isinstance(found.cert, tuple) else [found.cert])):
        if isinstance(text, str) and TEXT_OF_A_KEY.search(text):
            raise LoginError(
                "One of ca_cert, client_cert and client_key contains a certificate or a key itself, and takes the "
                "path of a file. Save it in a file, and give its path."
            )
    cert = (
        (here(found.cert[0]), here(found.cert[1])) if isinstance(found.cert, tuple) else found.cert and here(found.cert)
    )
    verify = here(found.verify) if isinstance(found.verify, str) else found.verify
    files = [verify, *(cert if isinstance(cert, tuple) else [cert])]
    for name in files:
        if isinstance(name, str) and not exists(name):
            # Modules run in the folder of the playbook, which may be anywhere.
            where = "" if Path(name).is_absolute() else f" in {folder()}"
            remedy = " Give its whole path." if where else ""
            raise LoginError(
                f"There is no file {quoted(name)}{where}, which ca_cert, client_cert or client_key names.{remedy}"
            )
    return replace(found, verify=verify, cert=cert)


def _secrets_of(auth_type: str | None, config: Mapping[str, Any]) -> frozenset[str]:
    """What a server might echo and no message may show: the values in `auth` that are not known to be harmless, and
    others that are called like secrets."""
    auth = config.get("auth")
    auth = auth if isinstance(auth, Mapping) else {}
    options = _options_of(ways.meant_type(auth_type, auth), auth)
    harmless = {name for option in options if not option.secret for name in ways.names_of(option)}
    values = [value for name, value in auth.items() if name not in harmless]
    values += [value for name, value in config.items() if _called_like_a_secret(str(name).lower())]
    return frozenset(texts_in(values))


def _called_like_a_secret(name: str) -> bool:
    return name in AKSK_NAMES or any(word in name for word in CALLED_LIKE_SECRETS)


def _options_of(auth_type: str, auth: Mapping[str, Any]) -> list[Opt]:
    """The options of an auth plugin; none if there is no such plugin, which is told elsewhere."""
    try:
        return ways.options_of(auth_type, auth)
    except (LoginError, AttributeError, ks_exceptions.NoMatchingPlugin):
        return []


def _from_auth(options: LoginOptions) -> Credentials:
    environment = {} if options.auth is not None else _os_variables()
    given = ways.tidied(environment if options.auth is None else options.auth)
    origin = "the option auth" if options.auth is not None else "the OS_* environment variables"
    auth_type = ways.meant_type(options.auth_type or environment.get("auth_type"), given)
    region_name = options.region_name or environment.get("region_name")
    loader, known = ways.usable_loader(auth_type), ways.options_of(auth_type, given)
    whole = ways.with_domains(given, {option.dest for option in known})
    values = {option.dest: _value_of(option, whole) for option in known}
    if auth_type == AKSK:
        values["project_name"] = values["project_name"] or region_name
    ways.require_all(known, values, origin, COMPLETE)
    if options.auth is not None:
        ways.require_known(auth_type, known, whole, "auth")
    try:
        plugin = loader.load_from_options(**values)
    except ks_exceptions.AuthPluginException as error:
        raise LoginError(f"The credentials in {origin} are not complete: {error} {COMPLETE}") from error
    verify: bool | str = options.ca_cert or environment.get("cacert") or True
    insecure = environment.get("insecure", "").lower() == "true"
    cert = options.client_cert or environment.get("cert")
    key = options.client_key or environment.get("key")
    return Credentials(
        plugin=plugin,
        origin=origin,
        verify=False if options.validate_certs is False or (insecure and not options.validate_certs) else verify,
        cert=(cert, key) if cert and key else cert,
        region_name=region_name,
        interfaces=[options.interface or environment.get("interface") or environment.get("endpoint_type") or "public"],
        api_timeout=options.api_timeout or seconds(environment.get("api_timeout"), origin),
        endpoint_of=lambda kind: environment.get(f"{kind.replace('-', '_')}_endpoint_override"),
        secrets=_secrets_of(auth_type, {**environment, "auth": {**(options.auth or {}), **values}}),
    )


def _os_variables() -> dict[str, str]:
    """The variables of the openstack CLI, by the names that their values have in auth."""
    return {name[3:].lower(): value for name, value in os.environ.items() if name.startswith("OS_") and value}


def _value_of(option: Opt, given: Mapping[str, Any]) -> Any:
    if option.dest == "auth_methods":
        return ways.methods_of(given) or None
    value = next((given[name] for name in ways.names_of(option) if name in given), option.default)
    return None if value is None else option.type(value)


def _sdk_words(error: Exception, cloud: str | Mapping[str, Any], options: LoginOptions) -> str:
    """What openstacksdk says, without secrets."""
    no_option = UNEXPECTED.search(str(error))
    if no_option:
        return f"its auth_type does not take {ways.named([no_option.group(1)])} in auth."
    secrets = Secrets()
    configs: list[Mapping[str, Any]] = [cloud if isinstance(cloud, Mapping) else {}, {"auth": options.auth}]
    for config in configs:
        secrets.add(_secrets_of(options.auth_type or config.get("auth_type"), config))
    return secrets.cut(str(error))


def _place_in_yaml(error: yaml.YAMLError) -> str:
    """Where the fault is; what stands there is not shown, since it may be a password."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return "A file that openstacksdk reads"
    return f"The file {safe(str(mark.name))}, line {mark.line + 1}, column {mark.column + 1},"


def _from_clouds_yaml(cloud: str | Mapping[str, Any], options: LoginOptions) -> Credentials:
    try:
        import yaml
        from openstack import exceptions as sdk_exceptions
    except ImportError as error:
        raise LoginError(
            "The option cloud (and OS_CLOUD) needs the Python library openstacksdk, which cannot be imported: "
            f"{error}. Install it where the module runs, or give auth instead of cloud."
        ) from error
    named = isinstance(cloud, str)
    origin = f"the cloud {cloud!r} of clouds.yaml" if named else "the dictionary in the option cloud"
    overrides: dict[str, Any] = {
        "auth": options.auth,
        "auth_type": options.auth_type,
        "region_name": options.region_name,
        "interface": options.interface,
        "verify": options.validate_certs,
        "cacert": options.ca_cert,
        "cert": options.client_cert,
        "key": options.client_key,
        "api_timeout": options.api_timeout,
    }
    both = [name for name in NOT_BESIDE_A_CLOUD_DICT if getattr(options, name) is not None]
    if both and not named:
        raise LoginError(f"The option cloud is a dictionary and complete by itself; put {', '.join(both)} into it.")
    remedy = "under auth of this cloud in clouds.yaml, or in secure.yaml beside it" if named else "into its auth"
    try:
        found = read_cloud(
            cloud, {name: value for name, value in overrides.items() if value is not None}, origin, f"Put it {remedy}."
        )
        verify, cert = found.region.get_requests_verify_args()
        interface = found.region.get_interface("block-storage") or "public"
    except yaml.YAMLError as error:
        raise LoginError(f"{_place_in_yaml(error)} is not valid YAML, so {origin} cannot be read. Fix it.") from error
    except (
        sdk_exceptions.SDKException,
        ks_exceptions.ClientException,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        known = ""
        if named:
            known = (
                " Files looked for: clouds.yaml in the current directory, ~/.config/openstack and /etc/openstack, "
                "or OS_CLIENT_CONFIG_FILE."
            )
        raise LoginError(f"openstacksdk cannot use {origin}: {_sdk_words(error, cloud, options)}{known}") from error
    if found.plugin is None:
        raise LoginError(f"There are no credentials in {origin}.")
    return Credentials(
        plugin=found.plugin,
        origin=origin,
        verify=True if verify is None else verify,
        cert=cert,
        region_name=found.region.get_region_name("block-storage") or None,
        interfaces=[str(each) for each in ([interface] if isinstance(interface, str) else interface) if each],
        api_timeout=seconds(found.region.config.get("api_timeout"), origin),
        endpoint_of=found.region.get_endpoint,
        secrets=_secrets_of(found.auth_type, {**found.region.config, "auth": found.auth}),
        regions=tuple(found.regions),
    )
