"""The documentation as a site, which `make docs` builds: which pages, how they are read, how they look."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

# Pages are read where they lie, so that their links are those of a code host.
project = "wordspot"
root_doc = "docs/site/index"
include_patterns = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/**.md",
    "notebooks/spoken_words.ipynb",
    "reports/**summary.md",
]
exclude_patterns = [".*", "benchmarks", "demo", "runs", "site", "src", "study", "tests"]

extensions = ["sphinx.ext.autodoc", "myst_nb", "wordspot_site"]
myst_enable_extensions = ["deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"

default_role = "py:obj"  # a name in backticks is a link where it is documented
autodoc_default_options = {"members": True, "undoc-members": True}
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80
toc_object_entries_show_parents = "hide"

# Nothing is loaded from another host: no font, no script, no style.
html_theme = "furo"
html_title = "wordspot"
html_static_path = ["static"]
html_css_files = ["wordspot.css"]
html_extra_path = ["root"]  # an index.html that leads to the first page
html_math_renderer = "mathml"
html_copy_source = False
html_show_search_summary = False  # a page that is opened from a file may not read others
html_show_sourcelink = False
html_show_copyright = False
html_show_sphinx = False
