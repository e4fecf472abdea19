# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the result of every task into a file, as callbacks that feed databases and web pages get it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: every_result
type: notification
short_description: Write every result into a file
description: Every result, with its invocation, is a line of JSON in the file that E(EVERY_RESULT_FILE) names.
"""


class CallbackModule(CallbackBase):
    """See DOCUMENTATION."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "every_result"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result: Any) -> None:
        _write(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        _write(result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        _write(result)

    def v2_runner_item_on_failed(self, result: Any) -> None:
        _write(result)


def _write(result: Any) -> None:
    line = json.dumps({"task": result._task.get_name(), **result._result}, default=str)
    with Path(os.environ["EVERY_RESULT_FILE"]).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
