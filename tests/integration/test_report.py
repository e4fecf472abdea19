# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reports of the role, from the facts that its runs leave: a file for machines, and a page for people."""

from __future__ import annotations

import json
import os
import stat
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.pages import Element, read_page
from tests.support.playbooks import Run, Running, begin

Fact = dict[str, Any]

A, B = "a" * 32, "b" * 32
ATTACHED = {"constraint": "attached", "reason": "it is attached to server 5", "remedy": "Detach it."}
NASTY = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "{# x #}",
    "&amp; is not &",
    "Platte für Übung ✓ 日本語",
    "\u202egnp.exe",
    "\x1b[2J\x07\r\n\x9b\u2028",
    "two  spaces",
    "-->]]></style></table>",
    "",
]
SEEN = {"\u202egnp.exe": "\\u202egnp.exe", "\x1b[2J\x07\r\n\x9b\u2028": "\\x1b[2J\\x07\\x0d\\x0a\\x9b\\u2028"}
"""What the page shows instead of characters that do something."""
NOTHING = "\N{EN DASH}"
DONE = ("moved", "offered", "accepted", "withdrawn")
ATTENTION = ("failed", "unknown", "blocked")
OUTCOMES = {
    "main": ("moved", "already_there", "blocked", "failed", "unknown"),
    "check": ("moved", "already_there", "blocked"),
    "offer": ("offered", "already_offered", "gone", "blocked"),
    "accept": ("accepted", "already_there", "gone", "failed"),
    "withdraw": ("withdrawn", "gone"),
}


def disk(number: int, outcome: str, name: str | None = None, **others: Any) -> Fact:
    there = outcome in ("moved", "accepted", "already_there")
    return {
        "id": f"{number:08}-0000-4000-8000-000000000000",
        "name": f"disk-{number}" if name is None else name,
        "size": 10,
        "volume_type": "SSD",
        "owner": B if there else A,
        "outcome": outcome,
        "reasons": [ATTACHED] if outcome == "blocked" else [],
        "transfer_id": None,
        "at": "2026-11-21T21:02:07Z" if outcome in DONE else None,
        "message": "HTTP 500: it fails, request req-1" if outcome in ("failed", "unknown") else None,
        **others,
    }


def fact(disks: Sequence[Fact], number: int = 1, **others: Any) -> Fact:
    """What the role leaves in tenant_transfer_result."""
    return {
        "version": 2,
        "run": f"20261121T21{2 * number:02}00Z-3f9a2c",
        "entry_point": "main",
        "name": "ansible-evs-transfer",
        "rehearsed": False,
        "started_at": f"2026-11-21T21:{2 * number:02}:00Z",
        "finished_at": f"2026-11-21T21:{2 * number + 1:02}:09Z",
        "source": {"project_id": A, "project_name": "tenant-a", "region_name": "eu-de"},
        "target": {"project_id": B, "project_name": "tenant-b", "region_name": None},
        "message": f"tenant-a -> tenant-b: {len(disks)} disks.",
        "counts": {"total": len(disks), **Counter(disk["outcome"] for disk in disks)},
        "problems": [],
        "failures": [],
        "disks": list(disks),
        **others,
    }


def start(home: Path, facts: Mapping[str, Sequence[Fact]], *arguments: str, **variables: Any) -> Running:
    """Report the facts from the host that they are of, one after the other; the playbook lies elsewhere."""
    by_host = home / "facts.json"
    by_host.write_text(json.dumps(facts), encoding="utf-8")
    of_this_host = f"(lookup('ansible.builtin.file', '{by_host}') | from_json)[inventory_hostname]"
    playbook = home / "books" / "report.yml"
    playbook.parent.mkdir(exist_ok=True)
    role = {"name": "otc.evs.tenant_transfer", "tasks_from": "report"}
    steps: list[Any] = []
    for number in range(max(len(each) for each in facts.values())):
        told = f"{{{{ {of_this_host}[{number}] }}}}"
        here = f"{of_this_host} | length > {number}"
        steps.append({"ansible.builtin.set_fact": {"tenant_transfer_result": told}, "when": here})
        steps.append({"ansible.builtin.include_role": role, "when": here})
        steps.append({"ansible.builtin.debug": {"msg": "PROBLEM<{{ __tenant_transfer_report_problem }}>"}})
    playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": steps}]), encoding="utf-8")
    inventory = home / "hosts.json"
    inventory.write_text(json.dumps({"all": {"hosts": {host: {} for host in facts}}}), encoding="utf-8")
    given = {"tenant_transfer_report_dir": "reports", **variables}
    return begin(None, home, str(playbook), "-i", str(inventory), *arguments, **given)


def report(home: Path, facts: Mapping[str, Sequence[Fact]], *arguments: str, **variables: Any) -> Run:
    run = start(home, facts, *arguments, **variables).result()
    assert (run.exit_status, run.changed) == (0, 0), run.output
    return run


def seen(text: str | None) -> str:
    return SEEN.get(text or "", text or "")


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


def rows(page: Element, table: str) -> list[Element]:
    return [row for each in page.of_class(table) if each.tag == "table" for row in each.one("tbody").all("tr")]


def assert_complete(page: Element, content: Fact) -> None:
    """Each disk of the last run has a row with all that is known of it, in order, and each reason is told."""
    told = rows(page, "run")
    assert len(told) == len(content["disks"])
    names = {side["project_id"]: side["project_name"] for side in (content["source"], content["target"]) if side}
    for row, each in zip(told, content["disks"], strict=True):
        assert row.one("bdi").text == (seen(each["name"]) or "without a name")
        assert row.all("code")[0].text == (each["id"] or "ID not known")
        size, volume_type, project, outcome, when = (cell.words for cell in row.all("td"))
        assert size == (NOTHING if each["size"] is None else f"{each['size']:,} GiB")
        assert (volume_type, project) == (each["volume_type"] or NOTHING, names.get(each["owner"], each["owner"]))
        planned = content["rehearsed"] and each["outcome"] in DONE
        assert outcome == ("would be " if planned else "") + each["outcome"].replace("_", " ")
        assert when == (each["at"] or NOTHING).replace("T", " ").replace("Z", "")
    (attention,) = page.of_class("attention") or [Element("", {})]
    shown = attention.text
    for each in content["disks"]:
        if each["outcome"] in ATTENTION:
            assert seen(each["message"]) in shown
            assert all(seen(value) in shown for reason in each["reasons"] for value in reason.values())
    for side in ("source", "target"):
        if content[side]:
            assert content[side]["project_name"] in page.one("main").text
            assert content[side]["project_id"] in page.one("main").text
    times = [time.attributes["datetime"] for time in page.all("time")]
    assert times[:2] == [content["started_at"], content["finished_at"]]
    assert page.one("h1").text == content["message"].replace(" -> ", " → ")


def tiles(page: Element) -> dict[str, tuple[str, str]]:
    """What is counted, by its name: the number and the size."""
    return {tile.one("dt").words: (tile.all("dd")[0].words, tile.all("dd")[1].words) for tile in page.of_class("tile")}


def read(home: Path, contents: Sequence[Fact], suffix: str = "") -> Element:
    """The page of a host, after seeing that it, the file for machines and those of the runs tell all."""
    directory = home / "reports"
    for content in contents:
        kept = directory / "runs" / f"{content['run']}{suffix}.json"
        assert json.loads(kept.read_text(encoding="utf-8")) == content, "data stay as they are"
    machine = json.loads((directory / f"report{suffix}.json").read_text(encoding="utf-8"))
    assert [run["run"] for run in machine["runs"]] == [content["run"] for content in contents]
    real = [each for content in contents if not content["rehearsed"] for each in content["disks"]]
    assert {(row["id"], row["name"]) for row in machine["state"]} == {(each["id"], each["name"]) for each in real}
    assert len(machine["history"]) == len([each for each in real if each["outcome"] in DONE])
    text = (directory / f"report{suffix}.html").read_text(encoding="utf-8")
    assert not [each for each in text if each != "\n" and not each.isprintable()]
    page = read_page(text)
    assert_self_contained(page)
    assert_complete(page, contents[-1])
    assert [row.attributes["id"] for row in rows(page, "runs")] == [f"run-{each['run']}" for each in contents[::-1]]
    assert len(rows(page, "state")) == len(machine["state"])
    targets = {str(element.attributes.get("id")) for element in page.elements()}
    assert {str(link.attributes["href"])[1:] for link in page.all("a")} <= targets
    return page


def every_outcome() -> Fact:
    return fact(
        [
            disk(1, "moved", size=10240),
            disk(2, "moved", size=None),
            disk(3, "already_there"),
            disk(4, "blocked", volume_type=None),
            disk(5, "failed", size=None),
            disk(6, "unknown", message="Run again to find out."),
            disk(7, "failed", message=None),
            disk(8, "moved", size=1),
            disk(9, "attached"),
        ],
        failures=["HTTP 500: it fails, request req-1", "Run again to find out.", "what failed beside the disks"],
    )


def nasty() -> Fact:
    """Everything that is somebody's input tries to be more than text."""
    project = {"project_id": "<b>", "project_name": "<i>&{{ 1 }}", "region_name": "<u>"}
    disks = [
        disk(number, "blocked", name, message=name, reasons=[{"constraint": name, "reason": name, "remedy": name}])
        for number, name in enumerate(NASTY)
    ]
    disks.append(disk(99, "moved", volume_type="<td>{{ 3 }}", owner="</td>"))
    return fact(disks, source=project, target=project, name="</dd>", message="<h2> -> {{ 2 }}", failures=NASTY[:6])


def of(entry_point: str) -> Fact:
    """A report of an entry point that may know nothing of the other tenant."""
    unknown: Fact = {"offer": {"target": {}}, "withdraw": {"target": {}}, "accept": {"source": {}}}
    disks = [disk(number, outcome, owner=B) for number, outcome in enumerate(OUTCOMES[entry_point])]
    return fact(disks, entry_point=entry_point, rehearsed=entry_point == "check", **unknown.get(entry_point, {}))


PROBLEMS = ["Disk 'x' is neither in project a nor in project b.", "Disk <p> is there twice."]
MOVED_THEN_REPEATED = [
    fact([disk(1, "moved"), disk(2, "failed")]),
    fact([disk(1, "already_there"), disk(2, "moved", at="2026-11-21T21:04:07Z")], 2),
    fact([disk(1, "blocked"), disk(2, "blocked"), disk(3, "moved")], 3, rehearsed=True, entry_point="check"),
]
# What each host of one play reports.
SAMPLES: dict[str, list[Fact]] = {
    "every-outcome": [every_outcome()],
    "names": [nasty()],
    "not-begun": [fact([], problems=PROBLEMS, rehearsed=True)],
    "no-disks": [fact([])],
    "many": [fact([disk(number, "moved" if number % 10 else "blocked") for number in range(2000)])],
    "berlin/<b>": [fact([disk(1, "moved")])],
    "repeated": MOVED_THEN_REPEATED,
    "no-id": [fact([disk(1, "failed", id=None, owner=A)])],
    **{entry_point: [of(entry_point)] for entry_point in OUTCOMES},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all samples were reported in one play."""
    directory = tmp_path_factory.mktemp("home")
    run = report(directory, SAMPLES)
    assert "PROBLEM<The" not in run.output
    return directory


def sample(home: Path, host: str) -> Element:
    return read(home, SAMPLES[host], "-" + host.replace("/", "%2F"))


def test_each_pair_of_a_play_has_a_report_of_its_own(home: Path) -> None:
    names = {path.name for path in (home / "reports").iterdir()}
    assert "report-berlin%2F<b>.html" in names
    assert len(names) == 2 * len(SAMPLES) + 1
    assert len(list((home / "reports" / "runs").iterdir())) == sum(map(len, SAMPLES.values()))
    for host in SAMPLES:
        (facts,) = sample(home, host).of_class("facts")
        assert facts.all("dd")[-1].text == host


def test_every_outcome_is_counted_and_what_failed_comes_first(home: Path) -> None:
    page = sample(home, "every-outcome")
    assert tiles(page) == {
        "disks in all": ("9", "10.0 TiB + 2 of unknown size"),
        "moved": ("3", "10.0 TiB + 1 of unknown size"),
        "already there": ("1", "10 GiB"),
        "blocked": ("1", "10 GiB"),
        "failed": ("2", "10 GiB + 1 of unknown size"),
        "unknown": ("1", "10 GiB"),
        "attached": ("1", "10 GiB"),
    }
    (attention,) = page.of_class("attention")
    assert [item.text for item in attention.all("bdi")] == ["disk-5", "disk-7", "disk-6", "disk-4"]
    assert [strong.text for strong in attention.all("b")] == ["attached:"], "the constraint stands out"
    assert "No reason is known." in attention.words
    header = page.one("header")
    assert "Not finished: 2 disks failed, 1 disk unknown, 1 disk blocked." in header.words
    assert [item.text for item in header.all("li")] == ["what failed beside the disks"]
    assert "1 minute 9 seconds" in page.of_class("facts")[0].words
    filters = [label.words for label in page.all("fieldset")[0].all("label")]
    assert filters == ["all", "moved (3)", "already there (1)", "blocked (1)", "failed (2)", "unknown (1)"]


@pytest.mark.parametrize("entry_point", OUTCOMES)
def test_each_entry_point(home: Path, entry_point: str) -> None:
    page = sample(home, entry_point)
    assert ("Check: nothing was changed." in page.words) == (entry_point == "check")
    assert "_" not in page.one("main").text, "outcomes have names that people read"


def test_names_are_text_and_nothing_else(home: Path) -> None:
    assert sample(home, "names").one("title").text == "Move disks: <h2> -> {{ 2 }}"


def test_why_nothing_was_begun(home: Path) -> None:
    page = sample(home, "not-begun")
    assert "Nothing was started:" in page.one("header").words
    assert [item.text for item in page.one("header").all("li")] == PROBLEMS
    assert "No run but checks has said anything of a disk yet." in page.words
    assert page.of_class("tile") == []


def test_no_disks(home: Path) -> None:
    assert "There are no disks in this run." in sample(home, "no-disks").words


def test_two_thousand_disks(home: Path) -> None:
    assert tiles(sample(home, "many"))["moved"] == ("1,800", "17.6 TiB")


def test_who_was_moved_when_survives_repeats_and_checks(home: Path) -> None:
    page = sample(home, "repeated")
    first, second, dummy = (content["run"] for content in MOVED_THEN_REPEATED)
    cells = [[cell.words for cell in row.all("td")[-2:]] for row in rows(page, "state")]
    assert cells == [
        [f"already there2026-11-21 21:05:09{second}", f"2026-11-21 21:02:07{first}"],
        [f"moved2026-11-21 21:04:07{second}", f"2026-11-21 21:04:07{second}"],
    ]
    assert tiles(page)["would be moved"] == ("1", "10 GiB")
    assert "nothing was changed" in rows(page, "runs")[0].words


def test_check_mode_writes_the_report_and_says_so(tmp_path: Path) -> None:
    content = fact([disk(1, "moved")], rehearsed=True)
    run = report(tmp_path, {"localhost": [content]}, "--check", "--diff", "-b")
    assert "<html" not in run.output, "the page is no part of the diff"
    assert "reports/report.html, and for machines" in run.words
    page = read(tmp_path, [content])
    assert "Check: nothing was changed." in page.one("header").words
    assert "Nothing stands in the way." in page.one("header").words
    assert page.all("fieldset") == [], "one outcome needs no filter"
    assert "Pair of tenants" not in page.words


def test_a_directory_that_is_there_keeps_its_mode_and_all_runs(tmp_path: Path) -> None:
    directory = tmp_path / "reports"
    directory.mkdir(mode=0o700)
    contents = [fact([disk(number, "moved")], number) for number in (1, 2)]
    for content in contents:
        report(tmp_path, {"localhost": [content]}, tenant_transfer_report_dir="~/reports")
    page = read(tmp_path, contents)
    assert [row.one("bdi").text for row in rows(page, "state")] == ["disk-1", "disk-2"]
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.rglob("*.*")} == {0o644}


def test_files_of_others_are_named_and_left_alone(tmp_path: Path) -> None:
    runs = tmp_path / "reports" / "runs"
    runs.mkdir(parents=True)
    os.mkfifo(runs / "20261121T200000Z-ab.json")
    (runs / "<i>.txt").write_text("mine", encoding="utf-8")
    content = fact([disk(1, "moved")])
    report(tmp_path, {"localhost": [content]})
    (ignored,) = read(tmp_path, [content]).of_class("ignored")
    assert [item.text for item in ignored.all("li")] == [
        "20261121T200000Z-ab.json: it is not a plain file",
        "<i>.txt: its name is not that of a run's file",
    ]
    assert (runs / "<i>.txt").read_text(encoding="utf-8") == "mine"


def test_without_a_directory_there_is_no_report(tmp_path: Path) -> None:
    run = report(tmp_path, {"localhost": [fact([disk(1, "moved")])]}, tenant_transfer_report_dir="")
    assert "PROBLEM<>" in run.output
    assert list(tmp_path.rglob("report*.html")) == []


def test_a_report_that_cannot_be_written_does_not_end_the_play(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    run = report(tmp_path, {"localhost": [fact([disk(1, "moved")])]}, tenant_transfer_report_dir="plain/{{ 'x' }}")
    told = f"PROBLEM<The report cannot be written: {tmp_path}/plain/x: Not a directory. Set tenant_transfer_report_dir"
    assert told in run.words
    assert "and for machines" not in run.output


def test_a_fact_that_no_run_leaves_does_not_end_the_play(tmp_path: Path) -> None:
    run = report(tmp_path, {"localhost": [fact([], version=1)]})
    assert "PROBLEM<The report cannot be written: tenant_transfer_result is not as a run leaves it: its" in run.words
    assert not (tmp_path / "reports").exists()


def test_two_plays_side_by_side_lose_nothing(tmp_path: Path) -> None:
    shared = tmp_path / "reports"
    contents = [fact([disk(number, "moved")], number) for number in range(1, 7)]
    running = []
    for number in range(2):
        own = tmp_path / f"home-{number}"
        own.mkdir()
        mine = {"localhost": contents[number::2]}
        running.append(start(own, mine, tenant_transfer_report_dir=str(shared)))
    for each in running:
        run = each.result()
        assert run.exit_status == 0, run.output
        assert run.output.count("PROBLEM<>") == 3
    assert len(rows(read(tmp_path, contents), "state")) == 6
