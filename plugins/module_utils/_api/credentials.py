# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""From options to credentials: an auth plugin of keystoneauth1 and how to reach the cloud with it.

Nothing is sent here.  openstacksdk is imported only to read a cloud of clouds.yaml.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib.metadata
import os
import re
import traceback
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.otc.evs.plugins.module_utils._api.endpoints import require_no_credentials
from ansible_collections.otc.evs.plugins.module_utils._errors import LoginError, quoted
from ansible_collections.otc.evs.plugins.module_utils._options import DEFAULT_API_TIMEOUT, LoginOptions
from ansible_collections.otc.evs.plugins.module_utils._secrets import Secrets, texts_in

try:
    from keystoneauth1 import exceptions as ks_exceptions
    from keystoneauth1 import loading
except ImportError:
    KEYSTONEAUTH_IMPORT_ERROR: str | None = traceback.format_exc()
else:
    KEYSTONEAUTH_IMPORT_ERROR = None

if TYPE_CHECKING:
    from keystoneauth1.loading.base import BaseLoader
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


CALLED_LIKE_SECRETS = ("password", "secret", "token", "passcode")
NAMES_ELSEWHERE = ("ak", "sk", "access_key", "secret_key", "region_name", "interface", "ca_cert", "auth_type", "cloud")
"""What people write into auth, and is not taken there."""
LIKENESS = 0.75
"""As difflib measures it: `pasword` is like `password`."""


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
    interface: str
    api_timeout: float
    endpoint_of: Callable[[str], str | None]
    """The endpoint override that clouds.yaml has for a service type, if any."""
    secrets: frozenset[str] = frozenset()
    """The values of its secret options, which a server might echo."""


def credentials(options: LoginOptions) -> Credentials:
    """Find the credentials: the option cloud, else auth, else OS_CLOUD, else the OS_* variables.

    The sources are never mixed: half of one tenant and half of another would be a third one.
    """
    cloud = options.cloud
    if cloud is None and options.auth is None:
        cloud = os.environ.get("OS_CLOUD") or None
    if isinstance(cloud, str) and not NAME_OF_A_CLOUD.fullmatch(cloud):
        raise LoginError(
            "The cloud is a text that is no name, such as a whole entry as JSON, and is not shown, since it may hold a "
            "password. Give the name of a cloud of clouds.yaml, or a dictionary."
        )
    found = _from_auth(options) if cloud is None else _from_clouds_yaml(cloud, options)
    require_no_credentials(str(getattr(found.plugin, "auth_url", None) or ""), f"the auth_url of {found.origin}")
    files = [found.verify, *(found.cert if isinstance(found.cert, tuple) else [found.cert])]
    for name in files:
        if isinstance(name, str) and TEXT_OF_A_KEY.search(name):
            raise LoginError(
                "One of ca_cert, client_cert and client_key holds the text of a certificate or of a key, and takes the "
                "path of a file. Write the text into a file, and give its path."
            )
        if isinstance(name, str) and not _exists(name):
            # Modules run in the folder of the playbook, which may be anywhere.
            where = "" if Path(name).is_absolute() else f" in {Path.cwd()}"
            remedy = " Give its whole path." if where else ""
            raise LoginError(
                f"There is no file {quoted(name)}{where}, which ca_cert, client_cert or client_key names.{remedy}"
            )
    return found


def _exists(name: str) -> bool:
    try:
        return Path(name).exists()
    except OSError:  # a name that no file can have
        return False


def _secrets_of(auth_type: str, config: Mapping[str, Any]) -> frozenset[str]:
    """What a server might echo and no message may show: the values in `auth` that are not known to be harmless, and
    others that are called like secrets."""
    try:
        options = _loader(auth_type).get_options()
    except ks_exceptions.NoMatchingPlugin:
        options = []
    harmless = {name.dest for option in options if not option.secret for name in (option, *option.deprecated)}
    auth = config.get("auth")
    values = [value for name, value in auth.items() if name not in harmless] if isinstance(auth, Mapping) else []
    values += [
        value for name, value in config.items() if any(word in str(name).lower() for word in CALLED_LIKE_SECRETS)
    ]
    return frozenset(texts_in(values))


def _named(names: Collection[object]) -> str:
    """Names that are no options, for a message: what is not even like one may be a secret."""
    known = {*NAMES_ELSEWHERE}
    for entry in importlib.metadata.distribution("keystoneauth1").entry_points:
        if entry.group == loading.PLUGIN_NAMESPACE:
            # Some need libraries that are not there.
            with contextlib.suppress(Exception):
                known |= {option.dest for option in entry.load()().get_options()}
    shown = sorted(str(name) for name in names if difflib.get_close_matches(str(name), known, 1, LIKENESS))
    hidden = len(names) - len(shown)
    return ", ".join(shown + ([f"{hidden} that may be secrets, since they are like no option"] if hidden else []))


def _loader(auth_type: str) -> BaseLoader[BaseAuthPlugin]:
    """The loader of an auth plugin.

    keystoneauth1 would look through all packages of the machine, which takes longer than all else
    before the first request, and write what it found into a cache that no module finds again.
    """
    with contextlib.suppress(ImportError):
        for entry in importlib.metadata.distribution("keystoneauth1").entry_points:
            if (entry.group, entry.name) == (loading.PLUGIN_NAMESPACE, auth_type):
                loader: BaseLoader[BaseAuthPlugin] = entry.load()()
                return loader
    return loading.get_plugin_loader(auth_type)


def _from_auth(options: LoginOptions) -> Credentials:
    environment: Mapping[str, str] = {} if options.auth is not None else os.environ
    given = options.auth or {}
    origin = "the option auth" if options.auth is not None else "the OS_* environment variables"

    def value_of(option: Opt) -> Any:
        for name in (option.dest, *(old.dest for old in option.deprecated)):
            if given.get(name) is not None:
                return given[name]
        return next((environment[name] for name in option.argparse_envvars if environment.get(name)), option.default)

    auth_type = options.auth_type or environment.get("OS_AUTH_TYPE") or "password"
    plugin = _auth_plugin(auth_type, given, value_of, origin)
    values = {option.dest: value_of(option) for option in _loader(auth_type).get_options()}
    verify: bool | str = options.ca_cert or environment.get("OS_CACERT") or True
    cert = options.client_cert or environment.get("OS_CERT")
    key = options.client_key or environment.get("OS_KEY")
    return Credentials(
        plugin=plugin,
        origin=origin,
        verify=False if options.validate_certs is False else verify,
        cert=(cert, key) if cert and key else cert,
        region_name=options.region_name or environment.get("OS_REGION_NAME"),
        interface=options.interface or environment.get("OS_INTERFACE") or "public",
        api_timeout=options.api_timeout or DEFAULT_API_TIMEOUT,
        endpoint_of=lambda service_type: None,
        secrets=_secrets_of(auth_type, {"auth": {**given, **values}}),
    )


def _auth_plugin(
    auth_type: str, given: Mapping[str, Any], value_of: Callable[[Opt], Any], origin: str
) -> BaseAuthPlugin:
    """The auth plugin with its options; every one that is given has to be one of them."""
    try:
        loader = _loader(auth_type)
        plugin = loader.load_from_options_getter(value_of)
    except ks_exceptions.NoMatchingPlugin as error:
        raise LoginError(
            f"There is no auth_type {auth_type!r}. "
            "Give one that keystoneauth1 knows, such as password, token or v3applicationcredential."
        ) from error
    except ks_exceptions.AuthPluginException as error:
        raise LoginError(
            f"The credentials in {origin} are not complete: {error} Name a cloud of clouds.yaml in the option cloud, "
            "or give at least auth_url, username, password, project_name and the domains in auth."
        ) from error
    taken = {name.dest: option for option in loader.get_options() for name in (option, *option.deprecated)}
    unknown = [name for name in given if name not in taken]
    if unknown:
        raise LoginError(
            f"auth_type {auth_type} does not take {_named(unknown)} in auth. "
            f"It takes {', '.join(sorted({option.dest for option in taken.values()}))}."
        )
    return plugin


def _sdk_words(error: Exception, cloud: str | Mapping[str, Any], options: LoginOptions) -> str:
    """What openstacksdk says, without secrets."""
    no_option = UNEXPECTED.search(str(error))
    if no_option:
        return f"its auth_type does not take {_named([no_option.group(1)])} in auth."
    secrets = Secrets()
    for config in (cloud if isinstance(cloud, Mapping) else {}, {"auth": options.auth}):
        secrets.add(_secrets_of(str(options.auth_type or config.get("auth_type") or "password"), config))
    return secrets.cut(str(error))


def _from_clouds_yaml(cloud: str | Mapping[str, Any], options: LoginOptions) -> Credentials:
    try:
        from openstack import exceptions as sdk_exceptions
        from openstack.config.loader import OpenStackConfig
    except ImportError as error:
        raise LoginError(
            "The option cloud (and OS_CLOUD) needs the Python library openstacksdk, which cannot be imported: "
            f"{error}. Install it where the module runs, or give auth instead of cloud."
        ) from error
    origin = f"the cloud {cloud!r} of clouds.yaml" if isinstance(cloud, str) else "the dictionary in the option cloud"
    try:
        if isinstance(cloud, str):
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
            region = OpenStackConfig().get_one(
                cloud=cloud, **{name: value for name, value in overrides.items() if value is not None}
            )
        else:
            both = [name for name in NOT_BESIDE_A_CLOUD_DICT if getattr(options, name) is not None]
            if both:
                raise LoginError(
                    f"The option cloud is a dictionary and complete by itself; put {', '.join(both)} into it."
                )
            region = OpenStackConfig(load_yaml_config=False, load_envvars=False).get_one(**cloud)
        verify, cert = region.get_requests_verify_args()
        plugin, interface = region.get_auth(), region.get_interface("block-storage")
    except (
        sdk_exceptions.SDKException,
        ks_exceptions.ClientException,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        known = ""
        if isinstance(cloud, str):
            known = (
                " Files looked for: clouds.yaml in the current directory, ~/.config/openstack and /etc/openstack, "
                "or OS_CLIENT_CONFIG_FILE."
            )
        raise LoginError(f"openstacksdk cannot use {origin}: {_sdk_words(error, cloud, options)}{known}") from error
    if plugin is None:
        raise LoginError(f"There are no credentials in {origin}.")
    return Credentials(
        plugin=plugin,
        origin=origin,
        verify=True if verify is None else verify,
        cert=cert,
        region_name=region.get_region_name("block-storage"),
        interface=str(interface[0] if isinstance(interface, list) else interface or "public"),
        api_timeout=float(region.config.get("api_timeout") or DEFAULT_API_TIMEOUT),
        endpoint_of=region.get_endpoint,
        secrets=_secrets_of(str(region.config.get("auth_type") or "password"), region.config),
    )
