# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of the API references: what is read of each, and which verdict on a disk follows.

A file of `answers` is an example in facts, with its source: the call, the status and the answer. `verdicts`
say of a disk what blocks it and what stays unchecked, if the services answer that and nothing else;
`with` names further examples that hold at the same time, `disk` what else the disk shows, and `without`
services that the region lacks. A value that the pages shorten is made up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

import pytest

from ansible_collections.otc.evs.plugins.module_utils._api.answers import Answer, api_error
from ansible_collections.otc.evs.plugins.module_utils._api.client import Client
from ansible_collections.otc.evs.plugins.module_utils._api.services import Services
from ansible_collections.otc.evs.plugins.module_utils._api.session import Session
from ansible_collections.otc.evs.plugins.module_utils._errors import ApiError, EvsError
from ansible_collections.otc.evs.plugins.module_utils._flows.evidence import collect
from ansible_collections.otc.evs.plugins.module_utils._model.projects import Project
from ansible_collections.otc.evs.plugins.module_utils._model.protection import Snapshot
from ansible_collections.otc.evs.plugins.module_utils._model.volumes import Transfer, Volume, quota_from_api
from ansible_collections.otc.evs.plugins.module_utils._options import LoginOptions
from ansible_collections.otc.evs.plugins.module_utils._plan.constraints import blockers
from ansible_collections.otc.evs.plugins.module_utils._plan.quota import Need, shortfalls
from ansible_collections.otc.evs.plugins.module_utils._secrets import Secrets
from tests.support.bodies import volume_body
from tests.support.documents import DOCUMENTS, Document, with_a
from tests.support.scripted import answer, scripted
from tests.support.tenants import NOTHING_GIVEN

ROOTS = {"evs": "https://evs/v2/P", "cbr": "https://cbr/v3/P", "sdrs": "https://sdrs/v1/P", "vbs": "https://vbs/v3/P"}
LISTS = {
    "evs": ("volumes/detail", "cloudvolumes/detail", "snapshots/detail", "os-volume-transfer/detail"),
    "cbr": ("backups", "vaults", "policies"),
    "sdrs": ("replications",),
    "vbs": ("backups/detail",),
}
"""What the services list, if they have nothing to list."""


class Answering:
    """A cloud that answers as documents say; of lists there is no second page, and of all else there is nothing."""

    def __init__(self, documents: list[Document]) -> None:
        self._documents = documents

    def send(self, method: str, url: str, params: Any, *dummy: Any) -> Mapping[str, Any]:
        service, path = urlsplit(url).hostname or "", urlsplit(url).path.split("/", 3)[3]
        kind = path.removesuffix("/detail").rpartition("/")[2].replace("cloudvolumes", "volumes")
        second_page = any(key in (params or {}) for key in ("offset", "marker"))
        for document in () if second_page else self._documents:
            if (document["service"], self._path_of(document)) == (service, self._named(path)):
                if document["status"] >= 400:
                    raise refusal(document)
                told: Mapping[str, Any] = document["answer"]
                return told
        if path in LISTS[service]:
            return {kind: [], "count": 0} if service in ("cbr", "sdrs") and not second_page else {kind: []}
        raise ApiError("There is nothing.", 404, None, None, "There is nothing.")

    def hide(self, key: str) -> None:
        """Nobody says a key."""

    def newest_microversion(self, url: str) -> None:
        """There is none."""

    def _path_of(self, document: Document) -> str:
        return self._named(str(document["call"]).split("/", 3)[3])

    def _named(self, path: str) -> str:
        first, dummy, rest = path.partition("/")
        return f"{first}/V" if first == "os-vendor-volumes" and rest != "detail" else path


def refusal(document: Document) -> EvsError:
    """The error that the answer of a document becomes."""
    answer = Answer(document["status"], None, {}, json.dumps(document["answer"]).encode())
    return api_error(document["call"], answer, Secrets())


class Region:
    """What the services want of a login: a region in which these documents hold."""

    project = Project("P", "p", None)

    def __init__(self, documents: list[Document]) -> None:
        self._cloud = Answering(documents)
        self._missing = {service for document in documents for service in document.get("without", ())}

    def required_client(self, service: str) -> Client:
        return Client(self._cloud, ROOTS[service])

    def client(self, service: str) -> Client | None:
        return None if service in self._missing else self.required_client(service)

    def place(self) -> Any:
        """Nowhere in particular."""
        return None


def services(documents: list[Document]) -> Services:
    return Services.of(cast(Session, Region(documents)))


def bodies(document: Document, one: str, several: str) -> list[Any]:
    """The objects in an answer, which wraps one or several."""
    told = document["answer"]
    return [told[one]] if one in told else list(told.get(several, ()))


def disk(document: Document, case: Mapping[str, Any]) -> Volume:
    """The disk that a verdict is about: the one in the document, or a plain one."""
    found = {body["id"]: body for body in bodies(document, "volume", "volumes")}
    # What only EVS's own calls show is not in the list that a disk is read from.
    own = document["call"].split("/", 3)[3].startswith(("os-vendor", "cloudvolumes/detail"))
    body = volume_body(id=case["about"]) if own else found.get(case["about"], volume_body(id=case["about"]))
    return Volume.from_api({**body, **case.get("disk", {})})


def cases() -> list[Any]:
    return [
        pytest.param(DOCUMENTS[name], case, id=f"{name}-{number}")
        for name in with_a("verdicts")
        for number, case in enumerate(DOCUMENTS[name]["verdicts"])
    ]


@pytest.mark.parametrize(("document", "case"), cases())
def test_a_document_leads_to_the_verdict(document: Document, case: Mapping[str, Any]) -> None:
    about = disk(document, case)
    told = [document, *(DOCUMENTS[name] for name in case.get("with", ()))]
    if document["call"].endswith("/snapshots"):
        # The list without details is not read; its rows are, by those who read them from elsewhere.
        told = [{**document, "call": f"{document['call']}/detail"}]
    evidence = collect(services(told), [about], 1)
    offers = [Transfer.from_api(body) for body in bodies(document, "transfer", "transfers")]
    pending = next((offer for offer in offers if case.get("offered") and offer.volume_id == about.id), None)
    found = blockers(evidence.facts(about, pending))
    assert sorted(blocker.constraint for blocker in found) == sorted(case["blocked"])
    # One that is violated is not open, whatever else could not be read.
    settled = {blocker.constraint for blocker in found}
    assert [name for name in evidence.unchecked if name not in settled] == case.get("unchecked", [])
    assert case.get("remedy", "") in " ".join(blocker.remedy for blocker in found)
    if pending:
        assert pending.id in found[0].reason


@pytest.mark.parametrize("name", with_a("transfer"))
def test_what_is_read_of_a_transfer(name: str) -> None:
    document = DOCUMENTS[name]
    (found,) = (Transfer.from_api(body) for body in bodies(document, "transfer", "transfers"))
    assert (found.id, found.volume_id) == (
        "1a7059f5-8ed7-45b7-8d05-2811e5d09f24",
        "c86b9af4-151d-4ead-b62c-5fb967af0e37",
    )
    assert (found.name, found.created_at) == ("first volume", document["transfer"]["created_at"])
    assert (found.auth_key.reveal() if found.auth_key else None) == (
        "9266c59563c84664" if document["transfer"]["key"] else None
    )


def test_what_is_read_of_a_disk() -> None:
    (body,) = DOCUMENTS["evs_04_2069_list_volumes"]["answer"]["volumes"]
    found = Volume.from_api(body)
    assert (found.name, found.size, found.volume_type, found.status) == ("zjb_u25_test", 1, "SSD", "available")
    assert (found.bootable, found.encrypted, found.has_data_source) == (False, False, False)
    assert found.project_id == "dd14c6ac581f40059e27f5320b60bf2f"
    assert found.created_at == "2016-05-25T02:42:10.856332Z"


def test_what_is_read_of_a_snapshot() -> None:
    (body,) = DOCUMENTS["evs_04_2096_list_snapshots"]["answer"]["snapshots"]
    found = Snapshot.from_api(body)
    assert (found.name, found.status, found.of_a_backup) == ("name_xx2-snap", "available", False)


@pytest.mark.parametrize("name", with_a("quota"))
def test_what_fits_into_the_quota_of_a_document(name: str) -> None:
    document = DOCUMENTS[name]
    limits = quota_from_api(document["answer"]["quota_set"])
    for case in document["quota"]:
        short = shortfalls(limits, [Need(case["size"], case["volume_type"])])
        assert [shortfall.resource for shortfall in short] == case["short"]


@pytest.mark.parametrize("name", with_a("refusal"))
def test_what_is_told_of_a_refusal(name: str) -> None:
    document = DOCUMENTS[name]
    error = refusal(document)
    assert isinstance(error, ApiError)
    assert (error.status, error.code, error.reason) == (
        document["status"],
        document["refusal"]["code"],
        document["refusal"]["reason"],
    )
    assert error.reason in error.message
    assert document["answer"].get("request_id", "") in error.message


@pytest.mark.parametrize("name", with_a("endpoints"))
def test_where_the_services_of_a_catalogue_are(name: str) -> None:
    document = DOCUMENTS[name]
    reply = answer(document["status"], document["answer"], X_Subject_Token="a-token")
    with scripted(*[reply] * 3) as keystone:
        auth = {"auth_url": f"{keystone.url}/v3", "username": "u", "password": "p", "project_name": "eu-de_project"}
        domains = {"user_domain_name": "OTC00000000001000000000", "project_domain_name": "OTC00000000001000000000"}
        given: dict[str, Any] = {"auth": auth | domains, "region_name": "eu-de", "endpoints": {}, "timeout": 30}
        session = Session(LoginOptions(**{**NOTHING_GIVEN, **given}), 1)
        found = {service: session.client(service) for service in ("evs", "cbr", "sdrs", "vbs")}
    urls = {service: client.url for service, client in found.items() if client}
    assert {service: urls[service] for service in document["endpoints"]} == document["endpoints"]
    assert {service: urlsplit(urls[service]).hostname for service in document["hosts"]} == document["hosts"]
    assert session.project.id == document["answer"]["token"]["project"]["id"]


def test_every_document_says_where_it_is_from_and_is_used() -> None:
    for name, document in DOCUMENTS.items():
        assert document["source"], name
        assert "EVS_API" in document["facts"], name
    used = {part: with_a(part) for part in ("verdicts", "transfer", "quota", "refusal", "endpoints")}
    # The policies of VBS name no disk: nothing is read of them.
    assert set(DOCUMENTS) - {name for names in used.values() for name in names} == {"vbs_list_policies"}
