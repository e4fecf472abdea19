# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sphinx for the docs site. `make docs` calls it, when it has laid the generated reference beside the pages."""

from __future__ import annotations

import zlib
from pathlib import Path

from sphinx.application import Sphinx

project = "otc.evs"
author = "otc.evs contributors"
copyright = "otc.evs contributors"
language = "en"
html_title = "otc.evs"

extensions = ["myst_parser", "sphinx.ext.intersphinx", "sphinx_antsibull_ext"]
exclude_patterns = ["docsite"]
nitpicky = True
# Where the generated pages point at Ansible's own documentation: a list for intersphinx, since no other host is asked.
ANSIBLE = """\
common_return_values std:label -1 reference_appendices/common_return_values.html Common return values
ansible_configuration_settings std:label -1 reference_appendices/config.html Ansible configuration settings
action_plugins std:label -1 plugins/action.html Action plugins
ANSIBLE_DEBUG std:envvar 1 reference_appendices/config.html#envvar-$ -
ANSIBLE_KEEP_REMOTE_FILES std:envvar 1 reference_appendices/config.html#envvar-$ -
"""
inventory = Path(__file__).with_name("ansible.inv")
inventory.write_bytes(
    b"# Sphinx inventory version 2\n# Project: Ansible\n# Version: \n# The rest is compressed using zlib.\n"
    + zlib.compress(ANSIBLE.encode())
)
intersphinx_mapping = {"ansible": ("https://docs.ansible.com/projects/ansible/latest/", str(inventory))}

# The anchors that GitHub gives to headings, so that one link works there and here.
myst_heading_anchors = 4
myst_enable_extensions = ["deflist"]

# furo: light and dark by the reader's own setting, made for phones, no script from elsewhere.
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "source_repository": "https://github.com/opentelekomcloud/ansible-collection-evs/",
    "source_branch": "main",
    "source_directory": "docs/",
    "top_of_page_buttons": [],
}

linkcheck_timeout = 30
linkcheck_retries = 2

# What the theme leaves to be wished for by people who read with the keyboard or by ear; axe-core found it.
WISHES = {
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer': '<aside aria-label="On this page" class="toc-drawer',
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
    'aria-role="button" ': "",
    "<pre>": '<pre tabindex="0">',
    '<div id="search-results">': '<h1>Search</h1>\n<div id="search-results">',
}


def mend(app: Sphinx, exception: Exception | None) -> None:
    """Change that in all pages, once they are written."""
    for page in [] if exception else Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for given, wished in WISHES.items():
            text = text.replace(given, wished)
        page.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Tell Sphinx of it."""
    app.connect("build-finished", mend)
