# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at the docs site and at a report with a browser: `make docs-look`.

Each page in light and dark, on a wide screen and on a phone: axe-core must find nothing, and nothing may stick out.
The pictures come into the directory beside the site; that of the report into docs.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.emulator.server import EmulatorServer
from tests.support.playbooks import BIN, environment

ROOT = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LOOKS = [(scheme, width) for scheme in ("light", "dark") for width in (1280, 390)]
STICKS_OUT = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
REPORTED = (
    *("app01-data", "app02-data", "app03-logs", "db01-data", "db01-wal", "web01-plain"),
    *("app01-scratch", "wiki01-with-snapshots", "hr-records"),
)
"""Disks of the demo: some that go, and some that stay."""


def main(site: Path) -> int:
    """Look at all; return the exit status for the shell."""
    found = [name for name in BROWSERS if shutil.which(name)]
    if not found:
        print(f"Needs one of {', '.join(BROWSERS)} (Debian: apt install chromium).", file=sys.stderr)
        return 1
    pictures = site.parent / "pictures"
    shutil.rmtree(pictures, ignore_errors=True)
    pages = [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]
    with tempfile.TemporaryDirectory() as home:
        # Before playwright begins: it leaves a standard error that Ansible does not write to.
        report = make_report(Path(home))
        # Pages of different directories have the same name.
        names = {report: "report", **{page: "-".join(page.relative_to(site).with_suffix("").parts) for page in pages}}
        complaints = look_at_all(shutil.which(found[0]) or found[0], names, pictures)
    print("\n".join(complaints) or f"axe-core finds nothing on {len(pages) + 1} pages, each seen in {len(LOOKS)} ways.")
    return 1 if complaints else 0


def look_at_all(command: str, names: dict[Path, str], pictures: Path) -> list[str]:
    """Look at each, and renew the picture of the first, which is the report; return what is wrong."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=command, args=["--no-sandbox"])
        take_picture(browser, next(iter(names)), ROOT / "docs" / "report.png")
        return [line for path, name in names.items() for line in look_at(browser, path, pictures / name)]


def make_report(home: Path) -> Path:
    """Move disks of the demo, and return the report about that."""
    move = {
        "tenant_transfer_source": {"cloud": "tenant-a"},
        "tenant_transfer_target": {"cloud": "tenant-b"},
        "tenant_transfer_volumes": REPORTED,
        "tenant_transfer_blocked": "skip",
        "tenant_transfer_report_dir": str(home / "reports"),
    }
    (home / "move.json").write_text(json.dumps(move), encoding="utf-8")
    with EmulatorServer(data="demo") as cloud:
        command = [str(BIN / "ansible-playbook"), "otc.evs.transfer", "-e", "@move.json"]
        subprocess.run(command, cwd=home, env=environment(cloud, home), stdout=subprocess.DEVNULL, check=True)
    return home / "reports" / "report.html"


def take_picture(browser: Browser, report: Path, picture: Path) -> None:
    """Show all of the report, in few colours, so that the file is small."""
    page = browser.new_page(viewport={"width": 1400, "height": 800}, device_scale_factor=1)
    page.goto(report.as_uri())
    shown = Image.open(io.BytesIO(page.screenshot(full_page=True)))
    shown.convert("RGB").quantize(64).save(picture, optimize=True)
    page.close()


def look_at(browser: Browser, path: Path, picture: Path) -> Iterator[str]:
    """Keep what a page looks like, and yield what is wrong with it."""
    for scheme, width in LOOKS:
        page = browser.new_page(viewport={"width": width, "height": 900}, is_mobile=width < 500)
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.goto(path.as_uri())
        where = f"{picture.name}, {scheme}, {width}"
        yield from (f"{where}: {complaint}" for complaint in complaints_about(page))
        page.screenshot(path=f"{picture}-{scheme}-{width}.png")
        page.close()


def complaints_about(page: Page) -> Iterator[str]:
    """What axe-core finds, and whether the page has to be moved sideways."""
    for violation in Axe().run(page).response["violations"]:
        yield f"{violation['id']}: {violation['help']}: {violation['nodes'][0]['html'][:200]}"
    if page.evaluate(STICKS_OUT) > 0:
        yield "something sticks out"


sys.exit(main(Path(sys.argv[1]).resolve()))
