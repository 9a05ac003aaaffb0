"""The sizes at which the layout changes. Textual sets the classes on every screen."""

NARROW, LOW = 100, 14
"""Columns below which the panes become tabs; rows below which frames and footer go."""

LEAST = (30, 6)
"""Columns and rows below which there is only a sentence."""

HORIZONTAL = [(0, "-narrow"), (NARROW, "-wide")]
VERTICAL = [(0, "-low"), (LOW, "-tall")]
