"""How Sphinx builds the documentation: `make docs`."""

import oxipickle

project = "oxipickle"
author = "The oxipickle developers"
version = release = oxipickle.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
# Sections can be linked to by their words.
myst_heading_anchors = 4

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["output.css"]
html_title = f"oxipickle {release}"
html_show_copyright = False
html_copy_source = False

# Commands and what they print are no Python.
highlight_language = "none"
nitpicky = True

# Docstrings have code between single backticks.
default_role = "code"

autodoc_member_order = "alphabetical"
autodoc_typehints = "none"
autodoc_preserve_defaults = True

exclude_patterns = ["_build"]
