# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is promised in more than one place is the same in all of them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.otc.evs.plugins.doc_fragments.auth import ModuleDocFragment
from ansible_collections.otc.evs.plugins.doc_fragments.disks import ModuleDocFragment as Disks
from ansible_collections.otc.evs.plugins.doc_fragments.target import ModuleDocFragment as Target
from ansible_collections.otc.evs.plugins.module_utils._flows.listing import volume_row
from ansible_collections.otc.evs.plugins.module_utils._flows.servers import server_row
from ansible_collections.otc.evs.plugins.module_utils._model.rows import (
    Devices,
    Place,
    Reason,
    Row,
    Servers,
    handed_on,
    transfer_row,
)
from ansible_collections.otc.evs.plugins.module_utils._module import transfer_spec
from ansible_collections.otc.evs.plugins.module_utils._options import shared_argument_spec
from ansible_collections.otc.evs.plugins.module_utils._plan.constraints import NAMES
from ansible_collections.otc.evs.plugins.module_utils._plan.evidence import Evidence
from tests.support.bodies import server, transfer, volume

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("evs_*.py"))
ROLE = ROOT / "roles/tenant_transfer"


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def options_of(fragment: str) -> Any:
    return yaml.safe_load(fragment)["options"]


def test_the_action_group_holds_all_modules() -> None:
    assert load(ROOT / "meta/runtime.yml")["action_groups"]["evs"] == MODULES


def test_the_role_knows_all_shared_options() -> None:
    """Under their other names too: the schema of a role's options has no aliases, so there each name is an option."""
    shared = shared_argument_spec()
    assert set(options_of(ModuleDocFragment.DOCUMENTATION)) == set(shared)
    named = {name: spec for option, spec in shared.items() for name in (option, *spec.get("aliases", []))}
    role = load(ROLE / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    for side in ("source", "target"):
        options = role[f"tenant_transfer_{side}"]["options"]
        assert set(options) == set(named)
        for name, spec in named.items():
            assert options[name]["type"] == spec["type"], name
            assert options[name].get("choices", []) == spec.get("choices", []), name


def test_the_roles_defaults_are_the_documented_ones_at_every_entry_point() -> None:
    defaults = load(ROLE / "defaults/main.yml")
    documented: dict[str, Any] = {}
    for entry_point in load(ROLE / "meta/argument_specs.yml")["argument_specs"].values():
        for name, option in entry_point["options"].items():
            assert option.get("default") == defaults.get(name), name
            documented.update({name: option["default"]} if "default" in option else {})
    assert documented == defaults


def test_every_entry_point_has_a_playbook_and_every_variable_a_row() -> None:
    specs = load(ROLE / "meta/argument_specs.yml")["argument_specs"]
    playbooks = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
    assert {"transfer" if name == "main" else name for name in specs} == playbooks
    readme = (ROLE / "README.md").read_text(encoding="utf-8")
    for entry_point in specs.values():
        for name in entry_point["options"]:
            assert f"| `{name}` |" in readme, name


@pytest.mark.parametrize(
    "path", [*ROOT.glob("plugins/filter/*.py"), *ROOT.glob("plugins/lookup/*.py")], ids=lambda path: path.stem
)
def test_what_only_the_role_uses_says_so(path: Path) -> None:
    documented = yaml.safe_load(path.read_text(encoding="utf-8").partition('DOCUMENTATION = r"""')[2].split('"""')[0])
    role = "the role P(otc.evs.tenant_transfer#role)"
    assert {f"Private to {each}; it may change in any release." for each in ("the role", role)} & {
        *documented["description"]
    }


def test_every_constraint_can_be_ignored_by_name() -> None:
    options = load(ROLE / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    assert options["tenant_transfer_ignore_constraints"]["choices"] == list(NAMES)
    assert options_of(Disks.DOCUMENTATION)["ignore_constraints"]["choices"] == list(NAMES)


def test_the_options_that_offering_and_moving_share_are_the_documented_ones() -> None:
    specs = {**transfer_spec()}
    del specs["volumes"]  # Each of the modules documents it for itself.
    documented = options_of(Disks.DOCUMENTATION)
    assert set(documented) == set(specs)
    for name, spec in specs.items():
        assert {key: documented[name].get(key) for key in ("type", "choices", "default", "elements")} == {
            key: spec.get(key) for key in ("type", "choices", "default", "elements")
        }, name
    assert set(documented["select"]["suboptions"]) == set(specs["select"]["options"])


def returned_by(module: str) -> Any:
    """What the documentation of a module promises to return."""
    text = (ROOT / f"plugins/modules/{module}.py").read_text(encoding="utf-8")
    return yaml.safe_load(text.split('r"""')[3].split('"""')[0])


@pytest.mark.parametrize("module", ["evs_attachment", "evs_move", "evs_transfer", "evs_transfer_accept"])
def test_a_row_is_told_by_the_documented_fields_and_no_others(module: str) -> None:
    row = Row("v", "moved", reasons=(Reason("status", "r", "m"),)).as_result()
    documented = returned_by(module)["disks"]["contains"]
    assert set(documented) == set(row)
    assert list(documented["reasons"]["contains"]) == list(asdict(Reason("c", "r", "m")))


def test_a_transfer_is_told_by_the_documented_fields_and_no_others() -> None:
    disk = volume()
    assert list(returned_by("evs_transfer")["transfers"]["contains"]) == list(handed_on(transfer(disk), disk))
    assert list(returned_by("evs_transfer_info")["transfers"]["contains"]) == list(transfer_row(transfer(disk), disk))


def test_a_disk_is_told_by_the_documented_fields_and_no_others() -> None:
    documented = returned_by("evs_volume_info")["volumes"]["contains"]
    assert list(volume_row(volume(), None, Evidence())) == list(documented)
    assert list(volume_row(volume(), None, None)) == [
        name for name, field in documented.items() if "check_constraints" not in field.get("returned", "")
    ]


def test_servers_and_places_are_told_by_the_documented_fields_and_no_others() -> None:
    disk = volume()
    documented = returned_by("evs_server_info")["servers"]["contains"]
    row = server_row(server("app01", disk), {disk.id: disk}, {})
    assert list(row) == list(documented)
    assert isinstance(row["disks"], list)
    assert list(row["disks"][-1]) == list(documented["disks"]["contains"])
    told = Row("v", "attached", server=Servers(Place("s", "n"), None), device=Devices("/dev/vdb", None)).as_result()
    documented = returned_by("evs_attachment")["disks"]["contains"]
    assert told["server"] == {"before": {"id": "s", "name": "n"}, "after": None}
    assert told["device"] == {"before": "/dev/vdb", "after": None}
    assert {name: list(documented[name]["contains"]) for name in ("server", "device")} == {
        "server": ["before", "after"],
        "device": ["before", "after"],
    }


def test_the_options_of_the_target_are_the_shared_ones() -> None:
    optional, required = (options_of(text)["target"] for text in (Target.DOCUMENTATION, Target.REQUIRED))
    assert set(optional["suboptions"]) == set(shared_argument_spec())
    assert required == {**optional, "required": True}
