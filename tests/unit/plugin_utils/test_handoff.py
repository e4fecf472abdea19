# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The handoff: what is in the file, whoever wrote it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.otc.evs.plugins.plugin_utils._handoff import (
    FIELDS,
    FORMAT,
    LARGEST_SIZE,
    LONGEST_TEXT,
    VERSION,
    HandoffError,
    disks,
    known,
    merge,
    only,
    refusal,
    seal,
    stated_wishes,
    unseal,
    wishes_of,
)
from tests.support.rows import HERE, THERE

PASSWORD = "correct horse"
ABOUT = {"source": HERE.as_result(), "name": "n", "target_project": None, "created": "2026-11-21T12:00:00Z"}


def an_id(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


def offered(number: int, **fields: Any) -> dict[str, Any]:
    """A transfer as evs_transfer returns it."""
    return {
        "id": an_id(number),
        "auth_key": f"key-{number}",
        "volume_id": an_id(100 + number),
        "volume_name": f"disk-{number}",
        "size": 10,
        "volume_type": "SSD",
        "created_at": "2026-11-21T11:00:00Z",
        "name": "n",
        **fields,
    }


CONTENT = merge(None, [offered(1), offered(2)], ABOUT)


def vault_of(text: str, password: str = PASSWORD) -> str:
    sealed: bytes = VaultLib([("default", VaultSecret(password.encode()))]).encrypt(text)
    return sealed.decode()


def test_what_is_sealed_is_unsealed() -> None:
    text = seal(CONTENT, PASSWORD)
    assert text.startswith("$ANSIBLE_VAULT;1.1;AES256\n")
    assert "key-1" not in text
    assert unseal(text, PASSWORD) == CONTENT
    assert unseal(text + "\n\n", PASSWORD) == CONTENT
    assert CONTENT["format"] == FORMAT
    assert CONTENT["version"] == VERSION
    assert tuple(CONTENT["transfers"][0]) == FIELDS
    assert CONTENT["transfers"][0]["transfer_id"] == an_id(1)
    assert CONTENT["source"] == HERE.as_result()


def test_a_password_of_digits_may_be_a_number() -> None:
    number: Any = 4815162342
    assert unseal(seal(CONTENT, number), "4815162342") == CONTENT


@pytest.mark.parametrize("nothing", ["", None])
def test_an_empty_password_seals_nothing(nothing: Any) -> None:
    with pytest.raises(HandoffError, match="its password is empty"):
        seal(CONTENT, nothing)
    with pytest.raises(HandoffError, match="its password is empty"):
        unseal(vault_of("{}"), nothing)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is not a handoff file, which begins with"),
        ('{"format": "otc.evs handoff"}', "it is not a handoff file"),
        (seal(CONTENT, "another"), "the password is wrong, or the file is not complete"),
        (seal(CONTENT, PASSWORD)[:-70], "the password is wrong, or the file is not complete"),
        ("$ANSIBLE_VAULT;", "the password is wrong, or the file is not complete"),
        (vault_of("{"), "it is not valid JSON"),
        (vault_of('{"size": NaN}'), "it is not valid JSON"),
        (vault_of('{"size": Infinity}'), "it is not valid JSON"),
        (vault_of("[" * 200_000), "it is not valid JSON"),
        (vault_of("[]"), "what is in the vault is not a handoff. Check the path."),
        (vault_of("{}"), "what is in the vault is not a handoff"),
        (vault_of('{"format": "another"}'), "what is in the vault is not a handoff"),
        (vault_of(json.dumps({**CONTENT, "version": 2})), "of version 2, and this collection reads version 1"),
        (vault_of(json.dumps({**CONTENT, "version": "\x1b"})), r"of version \\x1b, and"),
    ],
)
def test_what_is_no_handoff_is_refused(text: str, words: str) -> None:
    with pytest.raises(HandoffError, match=words):
        unseal(text, PASSWORD)


def with_row(**fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda content: content["transfers"][1].update(fields)


def with_source(**fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda content: content["source"].update(fields)


def with_field(**fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda content: content.update(fields)


FIRST = CONTENT["transfers"][0]
SECOND = "its transfer number 2"
MALFORMED: list[tuple[Callable[[dict[str, Any]], None], str]] = [
    (with_field(source=None), "it does not say which project its disks are of"),
    (with_field(source="P"), "it does not say which project"),
    (with_source(project_id=None), "it does not say which project"),
    (with_source(project_id="../x"), "it does not say which project"),
    (with_source(project_id=7), "it does not say which project"),
    (with_source(project_name=7), "its source has a project_name that is not a string"),
    (with_source(region_name=["x"]), "its source has a region_name that is not a string"),
    (with_source(project_name="x" * (LONGEST_TEXT + 1)), "its source has a project_name .* longer than 1000"),
    (with_field(name={}), "it has a name that is not a string"),
    (with_field(target_project=7), "it has a target_project that is not a string"),
    (with_field(created=False), "it has a created that is not a string"),
    (with_field(transfers=None), "it has no list of transfers"),
    (with_field(transfers={}), "it has no list of transfers"),
    (with_field(transfers=["x"]), "its transfer number 1 has no transfer_id or no volume_id"),
    (with_row(transfer_id=None), f"{SECOND} has no transfer_id or no volume_id, or they are no IDs"),
    (with_row(transfer_id="../../x"), f"{SECOND} has no transfer_id"),
    (with_row(volume_id=["x"]), f"{SECOND} has no transfer_id"),
    (with_row(volume_id="data"), f"{SECOND} has no transfer_id"),
    (with_row(auth_key=None), f"{SECOND} has no auth_key"),
    (with_row(auth_key=""), f"{SECOND} has no auth_key"),
    (with_row(auth_key=7), f"{SECOND} has a auth_key that is not a string"),
    (with_row(volume_name=7), f"{SECOND} has a volume_name that is not a string"),
    (with_row(volume_name="x" * (LONGEST_TEXT + 1)), f"{SECOND} has a volume_name"),
    (with_row(volume_type=[]), f"{SECOND} has a volume_type that is not a string"),
    (with_row(created_at=1), f"{SECOND} has a created_at that is not a string"),
    (with_row(size="10"), f"{SECOND} has a size that is not a number of GiB"),
    (with_row(size=True), f"{SECOND} has a size"),
    (with_row(size=1.5), f"{SECOND} has a size"),
    (with_row(size=-1), f"{SECOND} has a size"),
    (with_row(size=LARGEST_SIZE + 1), f"{SECOND} has a size"),
    (with_row(transfer_id=FIRST["transfer_id"]), "its transfers number 1 and 2 have the same transfer_id"),
    (with_row(volume_id=FIRST["volume_id"]), "its transfers number 1 and 2 have the same volume_id"),
]
WELL_FORMED: list[Callable[[dict[str, Any]], None]] = [
    with_row(volume_name=None, volume_type=None, created_at=None, size=None),
    with_row(size=0),
    with_row(size=LARGEST_SIZE),
    with_row(volume_name="x" * LONGEST_TEXT),
    with_source(project_name=None, region_name=None),
    with_field(name=None, created=None, target_project="x"),
    with_field(transfers=[]),
]


@pytest.mark.parametrize(("spoil", "words"), MALFORMED)
def test_what_no_offer_has_written_is_refused(spoil: Callable[[dict[str, Any]], None], words: str) -> None:
    """S1 and S8: the file comes from strangers."""
    content = json.loads(json.dumps(CONTENT))
    spoil(content)
    with pytest.raises(HandoffError, match=words):
        unseal(vault_of(json.dumps(content)), PASSWORD)


@pytest.mark.parametrize("change", WELL_FORMED)
def test_what_an_offer_may_have_written_is_read(change: Callable[[dict[str, Any]], None]) -> None:
    content = json.loads(json.dumps(CONTENT))
    change(content)
    assert unseal(vault_of(json.dumps(content)), PASSWORD) == content


def ids(content: dict[str, Any]) -> list[str]:
    return [row["transfer_id"] for row in content["transfers"]]


def test_new_offers_take_the_place_of_those_of_the_same_disks() -> None:
    renewed = offered(9, volume_id=an_id(101))
    content = merge(CONTENT, [renewed, offered(3), offered(4, auth_key=None)], {**ABOUT, "name": "later"})
    assert ids(content) == [an_id(9), an_id(2), an_id(3)]
    assert content["name"] == "later"
    assert content["transfers"][0]["auth_key"] == "key-9"


def test_dead_transfers_are_left_out() -> None:
    """T9: an offer that was withdrawn does not stay in the file."""
    assert ids(merge(CONTENT, [], ABOUT, [an_id(1)])) == [an_id(2)]
    assert ids(merge(CONTENT, [offered(1)], ABOUT, [an_id(1)])) == [an_id(2), an_id(1)]
    assert ids(merge(CONTENT, [], ABOUT)) == [an_id(1), an_id(2)]


def test_a_part_of_it() -> None:
    part = only(CONTENT, [an_id(102), an_id(199)])
    assert ids(part) == [an_id(2)]
    assert part["source"] == CONTENT["source"]


def test_what_is_known_of_it_holds_no_keys() -> None:
    assert known(CONTENT)[0] == {"transfer_id": an_id(1), "volume_id": an_id(101), "volume_name": "disk-1"}
    assert "key-" not in str(known(CONTENT))


PLACE = THERE.as_result()


@pytest.mark.parametrize(
    ("content", "place", "to_offer", "words"),
    [
        ({}, PLACE, False, ""),
        ({"target_project": THERE.id}, PLACE, False, ""),
        ({"target_project": "tenant-b"}, PLACE, False, ""),
        ({"target_project": ""}, PLACE, False, ""),
        (
            {"target_project": "tenant-c\x1b"},
            PLACE,
            False,
            f"it is for project tenant-c\\x1b, and these are credentials of project tenant-b ({THERE.id}).",
        ),
        (
            {},
            HERE.as_result(),
            False,
            "it offers disks of project tenant-a, whose credentials these are. Use those of the target.",
        ),
        (
            {},
            {**PLACE, "region_name": "eu-nl"},
            False,
            "it offers disks in region eu-de, and these are credentials for region eu-nl. A disk stays in its region.",
        ),
        ({}, {**PLACE, "region_name": None}, False, ""),
        ({"source": {**HERE.as_result(), "region_name": None}}, {**PLACE, "region_name": "eu-nl"}, False, ""),
        ({}, HERE.as_result(), True, ""),
        ({"target_project": "tenant-c"}, {**HERE.as_result(), "region_name": "eu-nl"}, True, ""),
        (
            {},
            PLACE,
            True,
            "it offers disks of project tenant-a, and these are credentials of project tenant-b.",
        ),
        (
            {"source": {"project_id": HERE.id, "project_name": None}},
            {"project_id": THERE.id, "project_name": ""},
            True,
            f"it offers disks of project {HERE.id}, and these are credentials of project {THERE.id}.",
        ),
    ],
)
def test_whom_it_is_for(content: dict[str, Any], place: dict[str, Any], to_offer: bool, words: str) -> None:
    assert refusal({"source": HERE.as_result(), **content}, place, to_offer) == words


SEATS: list[dict[str, Any]] = [
    {
        "id": an_id(101),
        "server": {"before": {"id": "s", "name": "app01"}, "after": None},
        "device": {"before": "/dev/vdb", "after": None},
    },
    {"id": an_id(102), "server": None, "device": None},
    {"id": None, "server": None, "device": None},
]
COMING: list[dict[str, Any]] = [
    {"id": an_id(101), "availability_zone": "eu-de-01", "metadata": {"hw:passthrough": "true"}},
    {"id": an_id(102), "availability_zone": "eu-de-02", "metadata": {}},
]


def test_where_disks_were_travels_as_wishes() -> None:
    """They come through the seal, outlive a later run that knows nothing of it, and hold no keys."""
    content = merge(CONTENT, [], ABOUT, [], wishes_of(SEATS, COMING))
    content = merge(unseal(seal(content, PASSWORD), PASSWORD), [], ABOUT, [], wishes_of(SEATS[1:], []))
    first, second = disks(content)
    assert (first["server"]["before"], first["device"]["before"]) == ({"id": None, "name": "app01"}, "/dev/vdb")
    assert (first["availability_zone"], first["metadata"]) == ("eu-de-01", {"hw:passthrough": "true"})
    assert (second["server"]["before"], second["metadata"]) == (None, {})
    assert not [key for row in disks(content) for key in row if "key" in key]
    (line,) = stated_wishes(disks(content), [])
    assert "was in server app01 of the source as /dev/vdb. It is not attached here" in line
    assert stated_wishes(disks(content), [{"volume": an_id(101), "server": "new"}]) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("server", 1), ("server", "x" * 1001), ("device", ["/dev/vdb"]), ("availability_zone", {}), ("scsi", 1)],
)
def test_a_wish_that_no_offer_has_written_is_refused(name: str, value: Any) -> None:
    content = json.loads(json.dumps(CONTENT))
    content["transfers"][0][name] = value
    with pytest.raises(HandoffError, match=f"transfer number 1 has a {name}"):
        unseal(vault_of(json.dumps(content)), PASSWORD)
