# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A few of very many disks are found in few requests, and all of a few in one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.otc.evs.plugins.module_utils._api import client as _client
from ansible_collections.otc.evs.plugins.module_utils._flows.find import by_id, find
from tests.emulator.server import EmulatorServer
from tests.support.server import SOURCE
from tests.support.tenants import evs_of

PAGE = 20
MANY = 200


@pytest.fixture
def ids(emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Many disks, the last of which is listed first, on short pages; two are called twin."""
    names = [f"disk-{number}" for number in range(MANY - 2)]
    made = emulator.create_volumes(SOURCE, [{"name": name} for name in ["twin", *names, "twin"]])
    monkeypatch.setattr(_client, "PAGE", PAGE)
    yield made
    emulator.reset()


def asked(emulator: EmulatorServer) -> tuple[int, int]:
    """How many pages of the list were read, and how many disks were asked for one by one."""
    paths = [request.path for request in emulator.requests() if "/volumes" in request.path]
    pages = [path for path in paths if "/volumes/detail" in path and "name=" not in path]
    return len(pages), len(paths) - len(pages)


@pytest.mark.parametrize(
    ("numbers", "pages", "singles"),
    [
        pytest.param([0, 100, 199], 0, 3, id="three are asked for"),
        pytest.param([0, 50, 100, 150, 199], 1, 4, id="five are asked for once the list turns out to be long"),
        pytest.param([0, *range(30, 37), 198, 199], 1, 8, id="what is on the first page is not asked for"),
        pytest.param([*range(20, 30), *range(100, 110)], 3, 20, id="more pages are read for more disks"),
        pytest.param(range(170, 180), 2, 0, id="the list is read to the last of them"),
        pytest.param(range(100, 200), 5, 0, id="a list that tells much is read on"),
        pytest.param(range(200), 10, 0, id="all"),
    ],
)
def test_disks_are_read_by_id_in_few_requests(
    emulator: EmulatorServer, ids: list[str], numbers: list[int], pages: int, singles: int
) -> None:
    evs = evs_of(emulator, SOURCE)
    wanted = [ids[number] for number in numbers]
    emulator.forget_requests()
    assert by_id(evs, wanted).keys() == set(wanted)
    assert asked(emulator) == (pages, singles)


@pytest.mark.parametrize(
    ("names", "pages", "singles"),
    [
        pytest.param(["twin"], 0, 1, id="one"),
        pytest.param(["twin", "disk-1", "disk-20", "disk-40", "nowhere"], 1, 5, id="five"),
        pytest.param(["twin", *(f"disk-{number}" for number in range(16))], 3, 17, id="seventeen"),
        pytest.param(["twin", *(f"disk-{number}" for number in range(190))], 11, 0, id="nearly all"),
    ],
)
def test_disks_are_found_by_name_and_no_namesake_is_overlooked(
    emulator: EmulatorServer, ids: list[str], names: list[str], pages: int, singles: int
) -> None:
    evs = evs_of(emulator, SOURCE)
    emulator.forget_requests()
    found = find(evs, names)
    assert asked(emulator) == (pages, singles)
    assert [volume.id for volume in found.matches["twin"]] in ([ids[0], ids[-1]], [ids[-1], ids[0]])
    assert found.missing == [name for name in names if name == "nowhere"]
    assert [volume.name for volume in found.volumes[2:]] == [name for name in names[1:] if name != "nowhere"]


def test_a_small_project_is_read_by_its_list(emulator: EmulatorServer) -> None:
    emulator.create_volumes(SOURCE, [{"name": f"disk-{number}"} for number in range(5)])
    evs = evs_of(emulator, SOURCE)
    emulator.forget_requests()
    assert not find(evs, [f"disk-{number}" for number in range(5)]).missing
    assert asked(emulator) == (1, 0)


def test_up_to_eight_ids_are_asked_for_and_the_rest_of_the_list_is_not_read(
    emulator: EmulatorServer, ids: list[str]
) -> None:
    evs = evs_of(emulator, SOURCE)
    emulator.forget_requests()
    assert not find(evs, ids[:8]).missing
    assert asked(emulator) == (0, 8)
    emulator.forget_requests()
    assert not find(evs, ids[-19:]).missing
    assert asked(emulator) == (1, 0)
