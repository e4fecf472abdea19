# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module's main() in this process, as Ansible would: JSON in, JSON out."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import tempfile
from typing import Any
from unittest import mock

from ansible.module_utils import basic

MODULES = "ansible_collections.otc.evs.plugins.modules"


def run_module(module_name: str, /, *, check: bool = False, diff: bool = False, **options: Any) -> dict[str, Any]:
    """Return the result of module `module_name`; a failed one has `failed: true`, as in Ansible."""
    arguments = {
        "_ansible_check_mode": check,
        "_ansible_diff": diff,
        "_ansible_no_log": False,
        "_ansible_remote_tmp": tempfile.gettempdir(),
        **options,
    }
    module = importlib.import_module(f"{MODULES}.{module_name}")
    output = io.StringIO()
    with _arguments(arguments), contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
        module.main()
    result: dict[str, Any] = json.loads(output.getvalue())
    return result


@contextlib.contextmanager
def _arguments(arguments: dict[str, Any]) -> Any:
    """Give AnsibleModule its arguments; ansible-core has a public way only from 2.19 on."""
    try:
        from ansible.module_utils import _internal
        from ansible.module_utils.testing import patch_module_args
    except ImportError:
        basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
        try:
            yield
        finally:
            basic._ANSIBLE_ARGS = None
    else:
        # A test before may have loaded parts of the controller, where warnings are printed and not returned.
        with patch_module_args(arguments), mock.patch.object(_internal, "is_controller", False, create=True):
            yield
