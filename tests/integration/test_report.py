# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of the role, from the fact that it leaves: a file for machines, and a page for people."""

from __future__ import annotations

import json
import stat
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.pages import Element, read_page
from tests.support.playbooks import Run, play

Fact = dict[str, Any]

ATTACHED = "attached: it is attached to server 5 as /dev/vdb. Unmount it in the server and detach it."
NASTY = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "&amp; is not &",
    "Platte für Übung ✓ 日本語",
    "\u202egnp.exe",
    "two  spaces",
    "-->]]></style></table>",
    "",
]
NOTHING = "\N{EN DASH}"
OUTCOMES = {
    "main": ("moved", "already_there", "blocked", "failed", "not_attempted"),
    "check": ("to_move", "already_there", "blocked"),
    "offer": ("offered", "kept", "to_offer", "blocked"),
    "accept": ("taken", "already_there", "failed"),
    "withdraw": ("withdrawn", "to_withdraw"),
}


def disk(number: int, outcome: str, name: str | None = None, **others: Any) -> Fact:
    there = outcome in ("moved", "taken", "already_there")
    return {
        "id": f"{number:08}-0000-4000-8000-000000000000",
        "name": f"disk-{number}" if name is None else name,
        "size": 10,
        "volume_type": "SSD",
        "from": "tenant-a",
        "to": "tenant-b" if there else None,
        "outcome": outcome,
        "when": "2026-11-21T21:00:07Z" if outcome == "moved" else None,
        "why": [ATTACHED] if outcome in ("blocked", "failed") else [],
        **others,
    }


def fact(disks: Sequence[Fact], **others: Any) -> Fact:
    """What the role leaves in tenant_transfer_result."""
    return {
        "version": 1,
        "entry_point": "main",
        "source": {"project_id": "a" * 32, "project_name": "tenant-a", "region_name": "eu-de"},
        "target": {"project_id": "b" * 32, "project_name": "tenant-b", "region_name": None},
        "name": "ansible-evs-transfer",
        "check_mode": False,
        "started": "2026-11-21T21:00:00Z",
        "finished": "2026-11-21T21:01:09Z",
        "message": f"tenant-a -> tenant-b: {len(disks)} disks.",
        "counts": {"total": len(disks), **Counter(disk["outcome"] for disk in disks)},
        "problems": [],
        "disks": list(disks),
        **others,
    }


def report(home: Path, facts: Mapping[str, Fact], *arguments: str, **variables: Any) -> Run:
    """Report each fact from the host that it is of; the playbook lies elsewhere than the user is."""
    by_host = home / "facts.json"
    by_host.write_text(json.dumps(facts), encoding="utf-8")
    of_this_host = f"{{{{ (lookup('ansible.builtin.file', '{by_host}') | from_json)[inventory_hostname] }}}}"
    tasks = [
        {"ansible.builtin.set_fact": {"tenant_transfer_result": of_this_host}},
        {"ansible.builtin.include_role": {"name": "otc.evs.tenant_transfer", "tasks_from": "report"}},
    ]
    playbook = home / "books" / "report.yml"
    playbook.parent.mkdir(exist_ok=True)
    playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    inventory = home / "hosts.json"
    inventory.write_text(json.dumps({"all": {"hosts": {host: {} for host in facts}}}), encoding="utf-8")
    given = {"tenant_transfer_report_dir": "reports", **variables}
    return play(None, home, str(playbook), "-i", str(inventory), *arguments, **given)


def assert_self_contained(page: Element) -> None:
    assert page.all("script") == page.all("img") == page.all("iframe") == []
    for element in page.elements():
        assert not [name for name in element.attributes if name.startswith("on") or name in ("src", "srcset", "style")]
    assert [link.attributes.get("href") for link in page.all("link")] == ["data:,"]
    style = page.one("style").text
    assert "url(" not in style
    assert "@import" not in style
    policies = [meta.attributes["content"] for meta in page.all("meta") if "http-equiv" in meta.attributes]
    assert policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    assert page.one("html").attributes["lang"] == "en"
    assert "viewport" in [meta.attributes.get("name") for meta in page.all("meta")]


def assert_complete(page: Element, content: Fact) -> None:
    """Each disk has a row with all that is known of it, in order, and each reason is told."""
    rows = [row for body in page.all("tbody") for row in body.all("tr")]
    assert len(rows) == len(content["disks"])
    for row, each in zip(rows, content["disks"], strict=True):
        assert row.one("bdi").text == (each["name"] or "without a name")
        assert row.all("code")[0].text == each["id"]
        size, volume_type, origin, destination, outcome, when = (cell.words for cell in row.all("td"))
        assert size == (NOTHING if each["size"] is None else f"{each['size']:,} GiB")
        assert (volume_type, origin, destination) == tuple(
            each[key] or NOTHING for key in ("volume_type", "from", "to")
        )
        assert outcome
        assert when == (each["when"] or NOTHING).replace("T", " ").replace("Z", "")
    told = {reason.text for reasons in page.of_class("why") for reason in reasons.all("li")}
    assert told >= {reason for each in content["disks"] for reason in each["why"]}
    for side in ("source", "target"):
        if content[side]:
            assert content[side]["project_name"] in page.one("main").text
            assert content[side]["project_id"] in page.one("main").text
    times = [time.attributes["datetime"] for time in page.all("time")]
    assert times[:2] == [content["started"], content["finished"]]
    assert page.one("h1").text == content["message"].replace(" -> ", " → ")


def tiles(page: Element) -> dict[str, tuple[str, str]]:
    """What is counted, by its name: the number and the size."""
    return {tile.one("dt").words: (tile.all("dd")[0].words, tile.all("dd")[1].words) for tile in page.of_class("tile")}


def read(home: Path, name: str, content: Fact) -> Element:
    """The page of a report, after seeing that it and the file for machines tell all."""
    directory = home / "reports"
    assert json.loads((directory / f"{name}.json").read_text(encoding="utf-8")) == content
    page = read_page((directory / f"{name}.html").read_text(encoding="utf-8"))
    assert_self_contained(page)
    assert_complete(page, content)
    return page


def every_outcome() -> Fact:
    return fact(
        [
            disk(1, "moved", size=10240),
            disk(2, "moved", size=None),
            disk(3, "already_there"),
            disk(4, "blocked", volume_type=None),
            disk(5, "failed", size=None, why=["HTTP 500: it fails, request req-1", "and then: again"]),
            disk(6, "not_attempted", why=["the batch before it failed"]),
            disk(7, "failed", why=[]),
            disk(8, "moved", size=1),
        ]
    )


def nasty() -> Fact:
    """Everything that is somebody's input tries to be more than text."""
    project = {"project_id": "<b>", "project_name": "<i>&{{ 1 }}", "region_name": "<u>"}
    disks = [
        disk(number, "blocked", name, why=[f"snapshots: {name}", name, "<u>: x"]) for number, name in enumerate(NASTY)
    ]
    disks.append(disk(99, "moved", volume_type="<td>", to="<td>", **{"from": "<td>{{ 3 }}"}))
    return fact(disks, source=project, target=project, name="</dd>", message="<h2> -> {{ 2 }}")


def of(entry_point: str) -> Fact:
    """A report of an entry point that may know nothing of the other tenant."""
    unknown = {"offer": {"target": None}, "withdraw": {"target": None}, "accept": {"source": None}}
    disks = [disk(number, outcome) for number, outcome in enumerate(OUTCOMES[entry_point])]
    return fact(disks, entry_point=entry_point, **unknown.get(entry_point, {}))


PROBLEMS = ["Disk 'x' is neither in project a nor in project b.", "Disk <p> is there twice."]
# What each host of one play reports.
SAMPLES = {
    "every-outcome": every_outcome(),
    "names": nasty(),
    "not-begun": fact([], problems=PROBLEMS),
    "no-disks": fact([]),
    "many": fact([disk(number, "moved" if number % 10 else "blocked") for number in range(2000)]),
    "berlin/<b>": fact([disk(1, "moved")]),
    **{entry_point: of(entry_point) for entry_point in OUTCOMES},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all samples were reported in one play."""
    directory = tmp_path_factory.mktemp("home")
    run = report(directory, SAMPLES)
    assert run.exit_status == 0, run.output
    assert run.changed == 0
    return directory


def sample(home: Path, host: str) -> Element:
    return read(home, "report-" + host.replace("/", "%2F"), SAMPLES[host])


def test_each_pair_of_a_play_has_a_report_of_its_own(home: Path) -> None:
    names = {path.name for path in (home / "reports").iterdir()}
    assert "report-berlin%2F<b>.html" in names
    assert len(names) == 2 * len(SAMPLES)
    for host in SAMPLES:
        (facts,) = sample(home, host).of_class("facts")
        assert facts.all("dd")[-1].text == host


def test_every_outcome_is_counted_and_what_failed_comes_first(home: Path) -> None:
    page = sample(home, "every-outcome")
    assert tiles(page) == {
        "disks in all": ("8", "10.0 TiB + 2 of unknown size"),
        "moved": ("3", "10.0 TiB + 1 of unknown size"),
        "already there": ("1", "10 GiB"),
        "blocked": ("1", "10 GiB"),
        "failed": ("2", "10 GiB + 1 of unknown size"),
        "not attempted": ("1", "10 GiB"),
    }
    (attention,) = page.of_class("attention")
    assert [item.text for item in attention.all("bdi")] == ["disk-5", "disk-7", "disk-4"]
    assert [strong.text for strong in attention.all("b")] == ["attached:"], "the constraint stands out"
    assert "Not finished: 2 disks failed, 1 disk not attempted, 1 disk blocked." in page.one("header").words
    assert "1 minute 9 seconds" in page.of_class("facts")[0].words
    filters = [label.words for label in page.one("fieldset").all("label")]
    assert filters == ["all", "moved", "already there", "blocked", "failed", "not attempted"]


@pytest.mark.parametrize("entry_point", OUTCOMES)
def test_each_entry_point(home: Path, entry_point: str) -> None:
    page = sample(home, entry_point)
    assert ("Check: nothing was changed." in page.words) == (entry_point == "check")
    assert "_" not in page.one("main").text.replace(ATTACHED, ""), "outcomes have names that people read"


def test_names_are_text_and_nothing_else(home: Path) -> None:
    assert sample(home, "names").one("title").text == "Move disks: <h2> -> {{ 2 }}"


def test_why_nothing_was_begun(home: Path) -> None:
    page = sample(home, "not-begun")
    assert "Nothing was begun:" in page.one("header").words
    assert [item.text for item in page.one("header").all("li")] == PROBLEMS
    assert page.all("table") == page.of_class("tile") == []


def test_no_disks(home: Path) -> None:
    assert "There are no disks in this run." in sample(home, "no-disks").words


def test_two_thousand_disks(home: Path) -> None:
    assert tiles(sample(home, "many"))["moved"] == ("1,800", "17.6 TiB")


def test_check_mode_writes_the_report_and_says_so(tmp_path: Path) -> None:
    content = fact([disk(1, "to_move")], check_mode=True)
    run = report(tmp_path, {"localhost": content}, "--check", "--diff")
    assert run.exit_status == 0, run.output
    assert "<html" not in run.output, "the page is no part of the diff"
    page = read(tmp_path, "report", content)
    assert "Check: nothing was changed." in page.one("header").words
    assert "Nothing stands in the way." in page.one("header").words
    assert page.all("fieldset") == [], "one outcome needs no filter"
    assert "Pair of tenants" not in page.words


def test_a_directory_that_is_there_keeps_its_mode_and_gets_the_new_report(tmp_path: Path) -> None:
    directory = tmp_path / "shared"
    directory.mkdir(mode=0o700)
    for number in (1, 2):
        content = fact([disk(number, "moved")])
        run = report(tmp_path, {"localhost": content}, tenant_transfer_report_dir=str(directory))
        assert (run.exit_status, run.changed) == (0, 0), run.output
        assert json.loads((directory / "report.json").read_text(encoding="utf-8")) == content
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((directory / "report.html").stat().st_mode) == 0o644


def test_without_a_directory_there_is_no_report(tmp_path: Path) -> None:
    run = report(tmp_path, {"localhost": fact([disk(1, "moved")])}, tenant_transfer_report_dir="")
    assert run.exit_status == 0, run.output
    assert list(tmp_path.rglob("report*.html")) == []
