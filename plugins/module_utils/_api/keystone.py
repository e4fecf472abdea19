# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""The login: a token that is renewed when it is rejected, the project it is for, and its catalogue."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ansible_collections.otc.evs.plugins.module_utils._api.aksk import REMEDY, AkSk
from ansible_collections.otc.evs.plugins.module_utils._api.answers import LONGEST_CODE, retry_after, short, words_of
from ansible_collections.otc.evs.plugins.module_utils._api.credentials import Credentials
from ansible_collections.otc.evs.plugins.module_utils._api.endpoints import CATALOGUE_TYPES
from ansible_collections.otc.evs.plugins.module_utils._api.pace import MOST_ATTEMPTS, Backoff
from ansible_collections.otc.evs.plugins.module_utils._api.signature import Signature
from ansible_collections.otc.evs.plugins.module_utils._errors import (
    MOST_SHOWN,
    EvsError,
    LoginError,
    MalformedAnswer,
    Unreachable,
    UntrustedServer,
    quoted,
    sentence,
)
from ansible_collections.otc.evs.plugins.module_utils._model.projects import Project
from ansible_collections.otc.evs.plugins.module_utils._secrets import Secrets
from ansible_collections.otc.evs.plugins.module_utils._text import safe, whole

try:
    from keystoneauth1 import discover
    from keystoneauth1 import exceptions as ks_exceptions
    from keystoneauth1.identity.generic.base import BaseGenericPlugin
    from keystoneauth1.session import Session as KeystoneSession
except ImportError:  # reported by the module frame
    pass

if TYPE_CHECKING:
    import requests

USER_AGENT = "ansible-otc.evs"
HELD = 10.0
"""Seconds; keystoneauth1 renews a token two minutes before it ends."""
TRANSIENT = (429, 500, 502, 503, 504)
UNREADABLE = (AttributeError, LookupError, TypeError, ValueError, RecursionError)
"""What keystoneauth1 raises over an auth_url that is no URL, and over an answer that is not one of Keystone."""
Value = TypeVar("Value")


class Keystone:
    """A logged-in project; safe to use from several threads."""

    def __init__(
        self, found: Credentials, http: requests.Session, backoff: Backoff, timeout: float, secrets: Secrets
    ) -> None:
        """`secrets` gets every token."""
        self._credentials = found
        self._secrets = secrets
        self._backoff = backoff
        self._timeout = timeout
        self._renewal = threading.Lock()
        self._held = "", 0.0
        """The token, and until when it is not asked about (seconds of time.monotonic())."""
        self._session = KeystoneSession(
            session=http,
            verify=found.verify,
            cert=found.cert,
            timeout=found.api_timeout,
            redirect=False,
            user_agent=USER_AGENT,
        )
        self._plugin = _versioned(found.plugin, self._session)
        self._access = self._patiently(lambda: self._plugin.get_access(self._session))
        scope = self._patiently(lambda: (self._access.project_id, self._access.project_name or ""))
        if not scope[0]:
            raise LoginError(
                f"The token obtained with {found.origin} is not scoped to a project, so it shows no disks. "
                "Give project_id, or project_name and its domain."
            )
        if not all(isinstance(part, str) for part in scope):
            raise self._failure(TypeError("the project of the token is not given as strings"))
        self.region_name, self.warnings = found.region_name, list[str]()
        self.project = Project(whole(scope[0]), whole(scope[1]), whole(self._patiently(self._region)))
        if found.regions:
            self._warn(found.origin, found.regions)

    @property
    def signature(self) -> Signature | None:
        """What signs each request, where there is no token."""
        return self._plugin.signature(self.project.id) if isinstance(self._plugin, AkSk) else None

    def token(self) -> str:
        """The token, or nothing where requests are signed."""
        token, until = self._held
        if time.monotonic() < until:
            return token
        with self._renewal:
            return self._asked_token()

    def _asked_token(self) -> str:
        """What keystoneauth1 has to say, which looks at the token's end each time: as often as that is not needed."""
        if isinstance(self._plugin, AkSk):
            return ""
        token = self._patiently(lambda: self._session.get_token(self._plugin)) or ""
        self._secrets.add([token])
        self._held = token, time.monotonic() + HELD
        return token

    def renew(self, rejected: str) -> bool:
        """Log in again, once, however many threads had the same token rejected.

        Not with an access key: some wrong signatures lock it.
        """
        with self._renewal:
            if rejected and self._asked_token() == rejected:
                self._plugin.invalidate()
                self._held = "", 0.0
        return bool(rejected)

    def endpoints(self) -> dict[str, list[str]]:
        """The URLs in the catalogue by the type of the service, for the region and interface asked for."""
        found = self._patiently(
            lambda: self._access.service_catalog.get_endpoints_data(
                interface=self._credentials.interfaces, region_name=self.region_name
            )
        )
        return {kind: [str(endpoint.url) for endpoint in endpoints] for kind, endpoints in found.items() if endpoints}

    def place_of(self, url: str, kinds: Sequence[str]) -> tuple[str | None, frozenset[tuple[str, str]]]:
        """Of a service with this URL in the catalogue: its region, and the types and IDs of its entries."""
        entries = self._patiently(
            lambda: [entry for entry in self._access.service_catalog.catalog if entry.get("type") in kinds]
        )
        regions = {
            str(endpoint.get("region_id") or endpoint.get("region") or "*")
            for entry in entries
            for endpoint in entry.get("endpoints") or ()
            if endpoint.get("url") == url
        }
        known = regions.pop() if len(regions) == 1 else "*"
        region = self.region_name or (None if known == "*" else known)
        ids = frozenset((str(entry["type"]), str(entry["id"])) for entry in entries if entry.get("id"))
        return region, ids

    @property
    def auth_url(self) -> str:
        return str(self._plugin.auth_url or "").rstrip("/")

    def listed(self) -> list[str]:
        """The types of the services in the catalogue, in whatever region."""
        return self._patiently(
            lambda: sorted({self._said(entry.get("type")) for entry in self._access.service_catalog.catalog})
        )

    def _region(self) -> str | None:
        """The region asked for, or else the first one that has block storage, with a word if there are more."""
        if self._credentials.region_name or not self._access.has_service_catalog():
            return self._credentials.region_name
        found = self._access.service_catalog.get_endpoints_data(interface=self._credentials.interfaces)
        endpoints = [endpoint for kind in CATALOGUE_TYPES["evs"] for endpoint in found.get(kind, ())]
        regions = list(dict.fromkeys(str(each.region_name) for each in endpoints if each.region_name))
        if len(regions) < 2:
            return None
        self.region_name = regions[0]
        self._warn(f"the catalogue of {self._credentials.origin}", regions)
        return self.region_name

    def _warn(self, where: str, regions: Sequence[str]) -> None:
        shown = [self._secrets.cut(region) for region in regions[:MOST_SHOWN]]
        self.warnings.append(
            f"No region_name is given, and {where} lists {', '.join(map(quoted, shown))}: "
            f"{quoted(shown[0])} is taken. Give region_name to choose."
        )

    def newest_microversion(self, root: str, version: str) -> tuple[int, int] | None:
        """The newest microversion of one version of the API of a service, which tells them at its root to anybody."""

        def failure(error: Any) -> EvsError:
            return MalformedAnswer(
                f"The versions of the service at {root} could not be read: {self._said(error)}",
                status=getattr(error, "http_status", None),
            )

        found = self._patiently(
            lambda: discover.Discover(self._session, root, authenticated=False).version_data(), failure
        )
        major = version.removeprefix("v").partition(".")[0]
        newest = [one["max_microversion"] for one in found if str(one["version"][0]) == major]
        return max((one for one in newest if one), default=None)

    def _patiently(self, call: Callable[[], Value], told: Callable[[Any], EvsError] | None = None) -> Value:
        """Call Keystone, again if the failure may pass; `told` words a failure of another service."""
        told = told or self._failure
        deadline = time.monotonic() + self._timeout
        attempt = 0
        while True:
            self._backoff.wait()
            try:
                return call()
            except ks_exceptions.ClientException as error:
                failure = told(error)
                transient = isinstance(failure, Unreachable) or failure.details.get("status") in TRANSIENT
                attempt += 1
                patient = transient and not isinstance(failure, UntrustedServer) and attempt < MOST_ATTEMPTS
                if not patient or not self._backoff.delay(attempt, _asked_to_wait(error), deadline):
                    raise failure from error
            except UNREADABLE as error:
                raise told(error) from error

    def _failure(self, error: Any) -> EvsError:
        """A failure of keystoneauth1 in our words."""
        url, origin = self._plugin.auth_url, self._credentials.origin
        about = {
            "status": getattr(error, "http_status", None),
            "request_id": self._request_id(error),
        }
        words = self._said(words_of(getattr(error, "response", None)) or getattr(error, "message", ""))
        if isinstance(error, ks_exceptions.Unauthorized):
            signed = isinstance(self._plugin, AkSk)
            remedy = REMEDY if signed else "Check the user, the password, the project and their domains."
            return LoginError(
                f"Keystone at {url} refused the credentials of {origin}: {sentence(words)} {remedy}", **about
            )
        if isinstance(error, ks_exceptions.SSLError):
            return UntrustedServer(url, self._secrets.cut(str(error)))
        if isinstance(error, ks_exceptions.HttpError):
            return LoginError(
                f"Keystone at {url} answered {error.http_status} to the login with {origin}: {words}",
                **about,
            )
        if isinstance(error, ks_exceptions.ConnectionError):
            words = self._secrets.cut(str(error))
            return Unreachable(
                f"Keystone at {url} cannot be reached: {words}. Check auth_url in {origin} and the network."
            )
        if isinstance(error, ks_exceptions.MissingAuthMethods):
            return LoginError(
                f"Keystone at {url} requires all of {self._said(error.required_auth_methods)} of the user of {origin}. "
                "Use auth_type v3multifactor, and give auth_methods and what each of them needs, such as passcode."
            )
        # The text of any other exception may hold what the server sent.
        known = isinstance(error, ks_exceptions.ClientException)
        what = type(error).__name__ + (f": {self._said(error)}" if known else ".")
        return LoginError(
            f"The login at {url} with {origin} failed: {what} "
            f"The server at this address may not be a Keystone. Check auth_url and the other values in {origin}."
        )

    def _said(self, words: object) -> str:
        """Words of a server, as far as a message shows them."""
        return short(self._secrets.cut(str(words)))

    def _request_id(self, error: Any) -> str | None:
        request_id = getattr(error, "request_id", None)
        return safe(self._secrets.cut(request_id), LONGEST_CODE) if isinstance(request_id, str) else None


def _asked_to_wait(error: Any) -> float | None:
    response = getattr(error, "response", None)
    return None if response is None else retry_after(response)


def _versioned(plugin: Any, keystone: KeystoneSession) -> Any:
    """Spare the version discovery where the auth_url names the version already."""
    url = (getattr(plugin, "auth_url", None) or "").rstrip("/")
    if isinstance(plugin, BaseGenericPlugin) and url.endswith("/v3"):
        return plugin.create_plugin(keystone, (3, 0), url) or plugin
    return plugin
