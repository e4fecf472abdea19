# This code is part of Ansible, but is an independent component.
# Copyright (c) otc.evs contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
# Private to otc.evs: may change in any release, without notice.
"""Requests of a logged-in project under the rules for retries.

A GET or DELETE may be sent again.  A POST is sent again only when the server surely did not act:
the connection was refused, or it answered 429.  Any other POST whose answer does not arrive raises
AnswerLost, and it is the caller who looks what happened.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.otc.evs.plugins.module_utils._api.aksk import REMEDY
from ansible_collections.otc.evs.plugins.module_utils._api.answers import api_error, decode, retry_after
from ansible_collections.otc.evs.plugins.module_utils._api.bound import bound
from ansible_collections.otc.evs.plugins.module_utils._api.client import Client, Json
from ansible_collections.otc.evs.plugins.module_utils._api.credentials import credentials
from ansible_collections.otc.evs.plugins.module_utils._api.endpoints import (
    CATALOGUE_TYPES,
    OVERRIDE_TYPES,
    complete,
    root_and_version,
    secrets_of_proxy,
)
from ansible_collections.otc.evs.plugins.module_utils._api.keystone import USER_AGENT, Keystone
from ansible_collections.otc.evs.plugins.module_utils._api.level import FIRST, MOST, Level
from ansible_collections.otc.evs.plugins.module_utils._api.line import Call, Lines
from ansible_collections.otc.evs.plugins.module_utils._api.pace import MOST_ATTEMPTS, Backoff, RequestLimit
from ansible_collections.otc.evs.plugins.module_utils._api.recorder import Recorder
from ansible_collections.otc.evs.plugins.module_utils._api.stall import Adapter
from ansible_collections.otc.evs.plugins.module_utils._errors import (
    AnswerLost,
    AnswerStalled,
    AnswerTooLong,
    ApiError,
    EvsError,
    LoginError,
    MalformedAnswer,
    Unreachable,
    UntrustedServer,
)
from ansible_collections.otc.evs.plugins.module_utils._model.projects import Place
from ansible_collections.otc.evs.plugins.module_utils._options import LoginOptions
from ansible_collections.otc.evs.plugins.module_utils._secrets import Secrets
from ansible_collections.otc.evs.plugins.module_utils._text import safe

try:
    import requests
    from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProxyError, SSLError
except ImportError:  # reported by the module frame
    pass


TOO_MANY = (429, 503)
"""The answers of a server that is asked too much."""
HEADERS = {"Accept": "application/json", "Content-Type": "application/json", "User-Agent": USER_AGENT}


@dataclass(frozen=True)
class _Failure:
    """A failed attempt, and how many seconds the server asks to wait."""

    error: EvsError
    retry_after: float | None = None

    @property
    def status(self) -> int:
        return self.error.status if isinstance(self.error, ApiError) else 0

    def may_pass(self, method: str, attempt: int) -> bool:
        """Whether to try again after this many attempts."""
        if self.status == 429:
            return True
        if attempt >= MOST_ATTEMPTS or isinstance(self.error, (AnswerTooLong, UntrustedServer)):
            return False
        never_arrived = isinstance(self.error, Unreachable)
        return never_arrived or (method != "POST" and (isinstance(self.error, AnswerLost) or self.status >= 500))


class Session:
    """One project of one cloud, logged in; safe to use from several threads."""

    def __init__(
        self,
        options: LoginOptions,
        concurrency: int | None,
        secrets: Secrets | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """At most `concurrency` requests are under way, or if it is None as many as turn out to be borne.

        `secrets` gets what no message may show, from the first moment on; `recorder` is shown every answer.
        """
        self._credentials = credentials(options)
        self._secrets = Secrets() if secrets is None else secrets
        self._secrets.add(self._credentials.secrets)
        self._timeout = options.timeout
        self._overrides = options.endpoints
        self._backoff = Backoff()
        level = Level(MOST, FIRST) if concurrency is None else Level(concurrency)
        self._request_limit = RequestLimit(level)
        adapter = Adapter(self._credentials.api_timeout, pool_maxsize=concurrency or MOST, max_retries=0)
        self._http = _http(adapter, [bound, recorder] if recorder else [bound])
        self._lines = Lines(adapter, HEADERS, recorder)
        self._known_settings: dict[str, Mapping[str, Any]] = {}
        # What is no URL is told by the login.
        with contextlib.suppress(ValueError):
            self._connection_settings(str(getattr(self._credentials.plugin, "auth_url", None) or ""))
        self._keystone = Keystone(self._credentials, self._http, self._backoff, options.timeout, self._secrets)
        self.project = self._keystone.project
        self.warnings = self._keystone.warnings
        self._signature = self._keystone.signature

    def client(self, service: str) -> Client | None:
        """The client of `evs`, `cbr`, `sdrs`, `vbs` or `compute`; None if the catalogue does not list it."""
        url = self._given(service) or self._listed(service)
        return Client(self, complete(url, service, self.project.id)) if url else None

    def place(self) -> Place:
        """Where the block storage of the project is."""
        given = self._given("evs")
        listed = "" if given else self._listed("evs") or ""
        url = complete(given or listed, "evs", self.project.id)
        region, services = self._keystone.place_of(listed, CATALOGUE_TYPES["evs"])
        known = frozenset() if given else services
        return Place(root_and_version(url)[0], self._keystone.auth_url, region, known)

    def _given(self, service: str) -> str | None:
        """The endpoint that the user gives."""
        return self._overrides.get(service) or self._credentials.endpoint_of(OVERRIDE_TYPES.get(service, service))

    def _listed(self, service: str) -> str | None:
        """The endpoint in the catalogue."""
        catalogue = self._keystone.endpoints()
        return next((url for kind in CATALOGUE_TYPES[service] for url in catalogue.get(kind, ())), None)

    def required_client(self, service: str) -> Client:
        """The same, but a missing one is an error."""
        client = self.client(service)
        if client is None:
            found = self._credentials
            raise LoginError(
                f"The catalogue of project {self.project.label} has no {' or '.join(CATALOGUE_TYPES[service])} "
                f"with interface {' or '.join(found.interfaces)} in region {safe(self.project.region_name or 'any')}; "
                f"it lists {', '.join(self._keystone.listed()) or 'nothing'}. "
                f"Check region_name and interface, or give the URL in endpoints: {{{service}: ...}}."
            )
        return client

    def hide(self, key: str) -> None:
        """Let no message show the key of a transfer, whatever the server says from now on."""
        self._secrets.add_key(key)

    def newest_microversion(self, url: str) -> tuple[int, int] | None:
        """The newest microversion of the API version that an endpoint is of, as the service's root tells."""
        root, version = root_and_version(url)
        return None if version == "v2" else self._keystone.newest_microversion(root, version)

    def send(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None,
        body: Json | None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        """Send one request and return the decoded answer; see above for when it is repeated."""
        call = Call(method, url, params, None if body is None else json.dumps(body).encode(), headers or {})
        deadline = time.monotonic() + self._timeout
        renewed = False
        attempt = 0
        while True:
            token, outcome = self._send_once(call)
            if not isinstance(outcome, _Failure):
                return outcome
            if outcome.status == 401 and not renewed and self._keystone.renew(token):
                renewed = True
                continue
            attempt += 1
            patient = outcome.may_pass(method, attempt)
            if not patient or not self._backoff.delay(attempt, outcome.retry_after, deadline):
                raise outcome.error

    def _send_once(self, call: Call) -> tuple[str, Json | _Failure]:
        """One attempt, when there is a place for it; returns the token that it was made with, too."""
        outcome: Json | _Failure | None = None
        took = 0.0
        acquired_in = self._request_limit.acquire()
        try:
            self._backoff.wait()
            token = self._keystone.token()
            began = time.monotonic()
            outcome = self._try(call, token)
            took = time.monotonic() - began
        finally:
            failed = isinstance(outcome, _Failure)
            # A page of a list takes longer than a request for one thing, and as long as there is in it.
            kind = "" if failed or call.params else call.method
            too_many = isinstance(outcome, _Failure) and outcome.status in TOO_MANY
            self._request_limit.release(acquired_in, too_many, kind, took)
        return token, outcome

    def _connection_settings(self, url: str) -> Mapping[str, Any]:
        """Proxies and certificates for a service, from the options and the environment.

        requests would look them up for each request, which is a quarter of what one costs.
        """
        origin = url.partition("?")[0].rpartition("://")[2].partition("/")[0]
        known = self._known_settings.get(origin)
        if known is None:
            found = self._credentials
            known = self._http.merge_environment_settings(url, {}, None, found.verify, found.cert)
            proxy = requests.utils.select_proxy(url, known["proxies"])
            if proxy:
                self._secrets.add(secrets_of_proxy(proxy))
            self._known_settings[origin] = known
        return known

    def _try(self, call: Call, token: str) -> Json | _Failure:
        """One attempt."""
        try:
            answer = self._lines.exchange(call, token, self._signature, self._connection_settings(call.url))
        except AnswerTooLong as error:
            return _Failure(error)
        except AnswerStalled as error:
            return _Failure(AnswerStalled(f"{call.where}: {error.message}"))
        except SSLError as error:
            return _Failure(UntrustedServer(call.url, self._secrets.cut(str(error))))
        except (HTTPError, requests.exceptions.RequestException) as error:
            return _Failure(_connection_error(call.where, error, self._secrets))
        if answer.status_code >= 300:
            remedy = REMEDY if self._signature else ""
            return _Failure(api_error(call.where, answer, self._secrets, remedy), retry_after(answer))
        try:
            return decode(call.where, answer, self._secrets)
        except MalformedAnswer as error:
            return _Failure(AnswerLost(error.message))


def _http(adapter: Adapter, hooks: Sequence[Callable[..., None]]) -> requests.Session:
    """What keystoneauth1 sends through as well."""
    http = requests.Session()
    http.hooks["response"].extend(hooks)
    http.headers.update(HEADERS)
    # With an auth of its own a session does not look into ~/.netrc.
    http.auth = _as_it_is
    for scheme in ("https://", "http://"):
        http.mount(scheme, adapter)
    return http


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _connection_error(where: str, error: Exception, secrets: Secrets) -> EvsError:
    words = secrets.cut(str(error))
    if isinstance(error, (ConnectTimeoutError, NewConnectionError, ProxyError)):
        return Unreachable(f"{where}: the server cannot be reached: {words}. Check the endpoint and the network.")
    return AnswerLost(f"{where}: no answer arrived: {words}")
