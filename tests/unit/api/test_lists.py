# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""P3: a list that says that it is longer than what it shows is read on, or told; it is never taken for whole."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ansible_collections.otc.evs.plugins.module_utils._api.cbr import Cbr
from ansible_collections.otc.evs.plugins.module_utils._api.client import Client
from ansible_collections.otc.evs.plugins.module_utils._errors import ApiError, MalformedAnswer
from tests.emulator.server import EmulatorServer
from tests.support.scripted import Script, answer, scripted
from tests.support.server import SOURCE
from tests.support.tenants import evs_of, session_of


def client_of(emulator: EmulatorServer, script: Script) -> Client:
    """A client whose Keystone is the emulator and whose service is the script."""
    return session_of(emulator, SOURCE, endpoints={"cbr": script.url}).required_client("cbr")


def read(client: Client, how: str) -> list[str]:
    if how == "counted":
        pages = list(client.counted_pages("list", {}))
    else:
        pages = [page.entries for page in client.linked_pages("list", "list", {})]
    return [entry["id"] for page in pages for entry in page]


def page(*ids: str, **fields: Any) -> dict[str, Any]:
    return {"list": [{"id": each} for each in ids], **fields}


LINKS = {"list_links": [{"rel": "next", "href": "http://127.0.0.1:9/"}]}
# How it is paged, the answers, and what was read; None where it has to be told.
LISTS: list[tuple[str, list[dict[str, Any]], list[str] | None]] = [
    ("counted", [page("a", count=1)], ["a"]),
    ("counted", [page(count=0)], []),
    ("counted", [{"list": None, "count": 0}], []),
    ("counted", [page("a", count=2), page("b", count=2)], ["a", "b"]),
    ("counted", [page("a", count=3), page("b", count=3), page(count=3)], None),
    ("counted", [page(count=1)], None),
    ("counted", [page("a", count=10), page(count=10)], None),
    # The count may become less while it is read, and what was there is not there any more.
    ("counted", [page("a", "b", count=3), page(count=2)], ["a", "b"]),
    # Without a count a short page may be all that the service gives at once.
    ("counted", [page("a"), page("b"), page()], ["a", "b"]),
    ("counted", [page()], []),
    ("linked", [page("a")], ["a"]),
    ("linked", [page("a", count=1)], ["a"]),
    ("linked", [page("a", count=2), page("b", count=2)], ["a", "b"]),
    ("linked", [page("a", count=2), page(count=2)], None),
    ("linked", [page(count=1)], None),
    ("linked", [page("a", count=2, **LINKS), page("b", count=2)], ["a", "b"]),
    ("linked", [page("a", count=1, **LINKS), page(count=1)], ["a"]),
    ("linked", [{"list": None, "count": 0}], []),
]


@pytest.mark.parametrize(("how", "answers", "expected"), LISTS)
def test_a_list_is_read_to_the_end_that_it_tells_of(
    emulator: EmulatorServer, how: str, answers: list[dict[str, Any]], expected: list[str] | None
) -> None:
    with scripted(*(answer(200, body) for body in answers)) as script:
        client = client_of(emulator, script)
        if expected is None:
            with pytest.raises(MalformedAnswer, match=r"shows \d entries and says that there are \d+\. An entry"):
                read(client, how)
        else:
            assert read(client, how) == expected
    assert len(script.received) == len(answers)


GONE: dict[str, Any] = {"itemNotFound": {"code": 404, "message": "Volume x could not be found."}}
REFUSED: dict[str, Any] = {"badRequest": {"code": 400, "message": "marker"}}
# What is answered, the markers that were asked with, and what was read; None if it has to be told.
VANISHED: dict[str, tuple[list[tuple[int, dict[str, Any]]], list[str], list[str] | None]] = {
    "the last one": ([(200, page("a", "b", **LINKS)), (404, GONE), (200, page("c"))], ["", "b", "a"], ["a", "b", "c"]),
    "EVS says 400": (
        [(200, page("a", "b", **LINKS)), (400, REFUSED), (200, page("c"))],
        ["", "b", "a"],
        ["a", "b", "c"],
    ),
    "several, and some come again": (
        [
            (200, page("a", "b", "c", "d", "e", **LINKS)),
            (404, GONE),
            (404, GONE),
            (200, page("c", "f", **LINKS)),
            (200, page("g")),
        ],
        ["", "e", "d", "b", "f"],
        ["a", "b", "c", "d", "e", "f", "g"],
    ),
    "a whole page": (
        [(200, page("a", **LINKS)), (200, page("b", **LINKS)), (404, GONE), (200, page("c"))],
        ["", "a", "b", "a"],
        ["a", "b", "c"],
    ),
    "all": ([(200, page("a", **LINKS)), (404, GONE), (200, page("b"))], ["", "a", ""], ["a", "b"]),
    "all, and there is no other": ([(200, page("a", **LINKS)), (404, GONE), (200, page())], ["", "a", ""], ["a"]),
    "no marker is ever taken": (
        [(200, page("a", **LINKS)), (400, REFUSED), (200, page("a", **LINKS))],
        ["", "a", ""],
        None,
    ),
    "it may not be read any more": ([(200, page("a", **LINKS)), (403, {})], ["", "a"], None),
}


@pytest.mark.parametrize("case", VANISHED)
def test_what_leaves_a_list_while_it_is_read_hides_nothing(emulator: EmulatorServer, case: str) -> None:
    """Another run moves disks out of the same project: the marker of the next page is gone."""
    answers, markers, expected = VANISHED[case]
    with scripted(*(answer(status, body) for status, body in answers)) as script:
        client = client_of(emulator, script)
        if expected is None:
            with pytest.raises(ApiError):
                read(client, "linked")
        else:
            assert read(client, "linked") == expected
    asked = [parse_qs(urlsplit(request.path).query).get("marker", [""])[0] for request in script.received]
    assert asked == markers


def test_disks_that_are_moved_away_between_two_pages_hide_no_other(emulator: EmulatorServer) -> None:
    ids = emulator.create_volumes(SOURCE, [{"name": f"disk-{number}"} for number in range(1100)])
    pages = evs_of(emulator, SOURCE).volume_pages()
    first, more = next(pages)
    assert (len(first), more) == (1000, True)
    for volume in first[-3:]:
        emulator.delete_volume(volume.id)
    rest = [volume.id for page, dummy in pages for volume in page]
    assert sorted([*(volume.id for volume in first), *rest]) == sorted(ids)


@pytest.mark.parametrize("fields", [{}, {"count": 1}, {"count": None}])
def test_a_list_that_is_null_is_told(emulator: EmulatorServer, fields: dict[str, Any]) -> None:
    with (
        scripted(answer(200, {"list": None, **fields})) as script,
        pytest.raises(MalformedAnswer, match="has no list 'list'"),
    ):
        read(client_of(emulator, script), "counted")


def policies(*ids: str, count: int | None = None) -> dict[str, Any]:
    bodies = [{"id": each, "associated_vaults": [{"vault_id": f"vault-of-{each}"}]} for each in ids]
    return {"policies": bodies, **({} if count is None else {"count": count})}


# The vaults asked about, the answers, the policies that were read, and whether something stays missing.
POLICIES: list[tuple[list[str], list[dict[str, Any]], list[str], bool]] = [
    (["v"], [policies("a")], ["a"], False),
    (["v"], [policies("a", count=1)], ["a"], False),
    (["v", "w"], [policies("a", count=10), policies("b", count=1), policies(count=0)], ["a", "b"], False),
    (["v", "w"], [policies("a", count=10), policies("b", count=10)], ["a", "b"], True),
    (["v"], [policies(count=2), policies(count=2)], [], True),
]


@pytest.mark.parametrize(("vaults", "answers", "expected", "missing"), POLICIES)
def test_policies_that_are_not_all_shown_are_asked_for_by_vault(
    emulator: EmulatorServer, vaults: list[str], answers: list[dict[str, Any]], expected: list[str], missing: bool
) -> None:
    found = []
    with scripted(*(answer(200, body) for body in answers)) as script:
        try:
            for page in Cbr(client_of(emulator, script)).policies(vaults):
                found += [policy.id for policy in page]
        except MalformedAnswer:
            assert missing
        else:
            assert not missing
    assert found == expected
    asked = [request.path.partition("?")[2] for request in script.received]
    assert asked == ["", *(f"vault_id={vault}" for vault in vaults)][: len(answers)]
