# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs pip for ansible-test, from Python's own wheel, in place of the script that it downloads.

ansible-test calls it with the packages to install, first of all a certain pip.
"""

from __future__ import annotations

import subprocess
import sys

# Options for a script that also installs those two; ensurepip does not from Python 3.12 on.
NOT_OF_PIP = {"--no-setuptools", "--no-wheel"}


def main(arguments: list[str]) -> None:
    """Install pip, and with it what is asked for."""
    wanted = [argument for argument in arguments if argument not in NOT_OF_PIP]
    for command in (["ensurepip"], ["pip", "install", "--quiet", *wanted]):
        subprocess.run([sys.executable, "-m", *command], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main(sys.argv[1:])
