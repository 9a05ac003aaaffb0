"""The two themes of memtui: calm, one accent, contrast of at least 4.5 for every text."""

from textual.theme import Theme

DARK = Theme(
    name="memtui-dark",
    dark=True,
    background="#15171c",
    surface="#1a1d23",
    panel="#22262e",
    foreground="#d5dae3",
    primary="#8fb4ee",
    secondary="#7fc0ae",
    accent="#e0b070",
    success="#8ec68e",
    warning="#e3b86a",
    error="#ee8a86",
    variables={
        "muted": "#8d95a5",
        "faint": "#5b6373",
        "line": "#2c313b",
        "raised": "#20242c",
        "selected": "#2a3342",
        "border-blurred": "#2c313b",
        "footer-background": "#15171c",
        "footer-key-foreground": "#8fb4ee",
        "footer-description-foreground": "#8d95a5",
        "block-cursor-background": "#2a3342",
        "block-cursor-foreground": "#e8ecf3",
        "block-cursor-text-style": "none",
        "input-selection-background": "#8fb4ee 30%",
        "scrollbar": "#2c313b",
        "scrollbar-hover": "#3a414e",
        "scrollbar-active": "#566073",
        "scrollbar-background": "#15171c",
        "scrollbar-background-hover": "#15171c",
        "scrollbar-background-active": "#15171c",
        "scrollbar-corner-color": "#15171c",
    },
)

LIGHT = Theme(
    name="memtui-light",
    dark=False,
    background="#fbfaf8",
    surface="#f5f3ef",
    panel="#ebe8e2",
    foreground="#2a2d33",
    primary="#2a5fae",
    secondary="#1f6f5f",
    accent="#8f5400",
    success="#2c7132",
    warning="#865b00",
    error="#b02a22",
    variables={
        "muted": "#63676f",
        "faint": "#9c9fa6",
        "line": "#dcd8d0",
        "raised": "#f1eee8",
        "selected": "#dde6f3",
        "border-blurred": "#dcd8d0",
        "footer-background": "#fbfaf8",
        "footer-key-foreground": "#2a5fae",
        "footer-description-foreground": "#63676f",
        "block-cursor-background": "#dde6f3",
        "block-cursor-foreground": "#1d2026",
        "block-cursor-text-style": "none",
        "input-selection-background": "#2a5fae 25%",
        "scrollbar": "#dcd8d0",
        "scrollbar-hover": "#c9c4ba",
        "scrollbar-active": "#a8a398",
        "scrollbar-background": "#fbfaf8",
        "scrollbar-background-hover": "#fbfaf8",
        "scrollbar-background-active": "#fbfaf8",
        "scrollbar-corner-color": "#fbfaf8",
    },
)


def variables_for(theme: dict[str, str]) -> dict[str, str]:
    """Values of memtui's own variables when a theme has none."""
    return {
        "muted": theme.get("foreground-muted", "#888888"),
        "faint": theme.get("foreground-disabled", "#777777"),
        "line": theme.get("panel", "#444444"),
        "raised": theme.get("surface", "#222222"),
        "selected": theme.get("block-cursor-blurred-background", "#333344"),
    }
