# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""The ways to log in: the auth plugins of keystoneauth1, the one of ours, and what each needs."""

from __future__ import annotations

import contextlib
import difflib
import importlib.metadata
import sys
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.otc.evs.plugins.module_utils._api.aksk import AUTH_TYPE as AKSK
from ansible_collections.otc.evs.plugins.module_utils._api.aksk import AkSkLoader
from ansible_collections.otc.evs.plugins.module_utils._errors import LoginError, quoted

try:
    from keystoneauth1 import exceptions as ks_exceptions
    from keystoneauth1 import loading
except ImportError:  # reported by the module frame
    pass

if TYPE_CHECKING:
    from keystoneauth1.loading.base import BaseLoader
    from keystoneauth1.loading.opts import Opt
    from keystoneauth1.plugin import BaseAuthPlugin

PACKAGES = {
    "agency": "otcextensions",
    "v3adfspassword": "keystoneauth1[saml2]",
    "v3samlpassword": "keystoneauth1[saml2]",
    "v3fedkerb": "keystoneauth1[kerberos]",
    "v3kerberos": "keystoneauth1[kerberos]",
    "v3oauth1": "keystoneauth1[oauth1]",
}
"""The Python packages that auth plugins come with, or need, beyond keystoneauth1."""
WITHOUT_A_PROJECT = ("none", "admin_token", "http_basic")
"""Auth plugins that do not log in at a Keystone."""
MISTAKEN_NAMES = {"": "none", "None": "none", "token_endpoint": "admin_token"}
"""How openstacksdk reads these."""
MULTIFACTOR = "v3multifactor"
NEEDED: tuple[tuple[str, ...], ...] = (
    ("auth_url",),
    ("password",),
    ("passcode",),
    ("token",),
    ("application_credential_id", "application_credential_name"),
    ("application_credential_secret",),
    ("target_agency_name",),
    ("target_domain_name", "target_domain_id"),
    ("access_key",),
    ("secret_key",),
)
"""What a plugin that has the first of these cannot do without, and what may be given instead."""
USER = ("username", "user_id")
DOMAIN = ("user_domain_name", "user_domain_id", "default_domain_name", "default_domain_id")
"""What the name of a user needs."""
NAMES_ELSEWHERE = ("region_name", "interface", "ca_cert", "auth_type", "cloud")
"""What people write into auth, and is not taken there."""
LIKENESS = 0.75
"""As difflib measures it: `pasword` is like `password`."""
SCOPE = ("project_id", "project_name", "tenant_id", "tenant_name")


def loader_of(auth_type: str) -> BaseLoader[BaseAuthPlugin]:
    """The loader of an auth plugin.

    keystoneauth1 would look through all packages of the machine, which takes longer than all else
    before the first request, and write what it found into a cache that no module finds again.
    """
    if auth_type == AKSK:
        return AkSkLoader()
    with contextlib.suppress(ImportError):
        for entry in importlib.metadata.distribution("keystoneauth1").entry_points:
            if (entry.group, entry.name) == (loading.PLUGIN_NAMESPACE, auth_type):
                loader: BaseLoader[BaseAuthPlugin] = entry.load()()
                return loader
    return loading.get_plugin_loader(auth_type)


def usable_loader(auth_type: str) -> BaseLoader[BaseAuthPlugin]:
    """The same, or a sentence about what is missing."""
    package = PACKAGES.get(auth_type)
    install = f"pip install '{package}' for {sys.executable}, with which the module runs."
    if auth_type in WITHOUT_A_PROJECT:
        raise LoginError(
            f"auth_type {auth_type} does not log in to a Keystone, so there is no project whose disks it could show. "
            "Use one that does, such as password, token or v3applicationcredential."
        )
    loader: BaseLoader[BaseAuthPlugin] | None
    try:
        loader = loader_of(auth_type)
    except ks_exceptions.NoMatchingPlugin as error:
        remedy = (
            f"It comes with a Python package that is not installed: {install}"
            if package
            else "Give one that keystoneauth1 knows, such as password, token or v3applicationcredential."
        )
        raise LoginError(f"There is no auth_type {quoted(auth_type)}. {remedy}") from error
    except AttributeError:
        # That of SAML cannot even be imported then.
        loader = None
    if loader is None or not loader.available:
        raise LoginError(f"auth_type {auth_type} needs a Python package that is not installed: {install}")
    return loader


def options_of(auth_type: str, auth: Mapping[str, Any]) -> list[Opt]:
    """The options of an auth plugin; that of several factors has those of each of them."""
    options = {option.dest: option for option in loader_of(auth_type).get_options()}
    if auth_type == MULTIFACTOR:
        for method in methods_of(auth):
            options.update({option.dest: option for option in usable_loader(method).get_options()})
    return list(options.values())


def methods_of(auth: Mapping[str, Any]) -> list[str]:
    """The factors: a list, or in one string with commas, as openstacksdk has it."""
    given = auth.get("auth_methods") or []
    names = given.split(",") if isinstance(given, str) else given
    return [str(name).strip() for name in names] if isinstance(names, (list, tuple)) else []


def names_of(option: Opt) -> list[str]:
    """The names by which an option may be given, the preferred one first."""
    return [name.dest for name in (option, *option.deprecated)]


def meant_type(auth_type: str | None, auth: Collection[str]) -> str:
    """The auth plugin that is meant by what is given for it, where nobody has named another one than password."""
    if auth_type not in (None, "password"):
        return MISTAKEN_NAMES.get(str(auth_type), str(auth_type))
    if auth_type == "password" and "password" in auth:
        return "password"
    for name, meant in (
        ("application_credential_secret", "v3applicationcredential"),
        ("application_credential_id", "v3applicationcredential"),
        ("application_credential_name", "v3applicationcredential"),
        ("auth_methods", MULTIFACTOR),
        ("target_agency_name", "agency"),
    ):
        if name in auth:
            return meant
    if "password" not in auth:
        for name, meant in (("passcode", "v3totp"), ("token", "token"), ("access_key", AKSK), ("ak", AKSK)):
            if name in auth:
                return meant
    return "password"


def tidied(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given for a plugin, by the names that it knows: openstacksdk takes some more."""
    auth = {str(name).replace("-", "_"): value for name, value in given.items() if value not in (None, "")}
    if "auth_token" in auth:
        auth.setdefault("token", auth.pop("auth_token"))
    return auth


def with_domains(auth: Mapping[str, Any], options: Collection[str]) -> dict[str, Any]:
    """One domain beside a project means that of the user and that of the project, as for openstacksdk."""
    if not any(auth.get(name) for name in SCOPE):
        return dict(auth)
    whole = dict(auth)
    for what in ("domain_id", "domain_name"):
        domain = whole.pop(what, None)
        names = [f"{whose}_{what}" for whose in ("user", "project") if f"{whose}_{what}" in options]
        whole.update({name: whole.get(name) or domain for name in names if domain})
    return whole


def missing(options: Collection[Opt], values: Mapping[str, Any]) -> list[str]:
    """What has still to be given, each with what may be given instead."""
    known = {option.dest for option in options}
    needed = [names for names in NEEDED if names[0] in known]
    needed += [(option.dest,) for option in options if option.required]
    if {"password", "passcode"} & known or values.get("application_credential_name"):
        needed += [USER] if "user_id" in known else []
        by_name = values.get("username") and not values.get("user_id")
        needed += [DOMAIN] if by_name and DOMAIN[0] in known else []
    return list(dict.fromkeys(" or ".join(names[:2]) for names in needed if not any(map(values.get, names))))


def require_all(options: Collection[Opt], values: Mapping[str, Any], origin: str, remedy: str) -> None:
    """Refuse credentials with a gap, before anything is sent."""
    gaps = missing(options, values)
    if gaps:
        what = " and ".join(filter(None, (", ".join(gaps[:-1]), gaps[-1])))
        are = "is" if len(gaps) == 1 else "are"
        raise LoginError(f"The credentials in {origin} are not complete: {what} {are} missing. {remedy}")


def require_known(auth_type: str, options: Collection[Opt], given: Collection[object], where: str) -> None:
    """Refuse what the plugin does not take, since it would be passed over."""
    known = {name for option in options for name in names_of(option)}
    unknown = [name for name in given if name not in known]
    if unknown:
        raise LoginError(
            f"auth_type {auth_type} does not take {named(unknown)} in {where}. "
            f"It takes {', '.join(sorted({option.dest for option in options}))}."
        )


def named(names: Collection[object]) -> str:
    """Names that are no options, for a message: what is not even like one may be a secret."""
    known = {*NAMES_ELSEWHERE, *(name for option in AkSkLoader().get_options() for name in names_of(option))}
    for entry in importlib.metadata.distribution("keystoneauth1").entry_points:
        if entry.group == loading.PLUGIN_NAMESPACE:
            # Some need libraries that are not there.
            with contextlib.suppress(Exception):
                known |= {option.dest for option in entry.load()().get_options()}
    shown = sorted(str(name) for name in names if difflib.get_close_matches(str(name), known, 1, LIKENESS))
    hidden = len(names) - len(shown)
    return ", ".join(shown + ([f"{hidden} that are not shown (they may be secrets)"] if hidden else []))
