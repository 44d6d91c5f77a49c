"""Two themes, dark and light, with the contrast that WCAG asks of text (4.5 to 1, checked by a test).

Colour only ever repeats what a word or a sign says as well.
"""

from textual.theme import Theme

DARK_NAME = "council-dark"
LIGHT_NAME = "council-light"

DARK = Theme(
    name=DARK_NAME,
    dark=True,
    primary="#8ab8d6",
    secondary="#9db4a0",
    accent="#e2b765",
    warning="#e2b765",
    error="#f0948a",
    success="#93c98f",
    foreground="#e8e4da",
    background="#15181b",
    surface="#1d2226",
    panel="#252b30",
    variables={
        "quiet": "#a9b1b6",
        "frame": "#4a555d",
        "select": "#2c4354",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-background": "#2c4354",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-foreground": "#e8e4da",
        "block-cursor-blurred-background": "#252b30",
        "input-cursor-background": "#e8e4da",
        "input-cursor-foreground": "#15181b",
        "input-selection-background": "#3f6079",
        "border": "#8ab8d6",
        "border-blurred": "#4a555d",
        "scrollbar": "#4a555d",
        "scrollbar-background": "#1d2226",
        "scrollbar-hover": "#8ab8d6",
        "scrollbar-active": "#8ab8d6",
    },
)

LIGHT = Theme(
    name=LIGHT_NAME,
    dark=False,
    primary="#1d557a",
    secondary="#3c5a41",
    accent="#7c4f00",
    warning="#7c4f00",
    error="#a02418",
    success="#25642b",
    foreground="#1f2326",
    background="#faf8f3",
    surface="#f1eee5",
    panel="#e7e3d7",
    variables={
        "quiet": "#555c61",
        "frame": "#a9aba4",
        "select": "#cfe0ec",
        "block-cursor-foreground": "#101315",
        "block-cursor-background": "#cfe0ec",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-foreground": "#1f2326",
        "block-cursor-blurred-background": "#e7e3d7",
        "input-cursor-background": "#1f2326",
        "input-cursor-foreground": "#faf8f3",
        "input-selection-background": "#a9c9de",
        "border": "#1d557a",
        "border-blurred": "#a9aba4",
        "scrollbar": "#a9aba4",
        "scrollbar-background": "#f1eee5",
        "scrollbar-hover": "#1d557a",
        "scrollbar-active": "#1d557a",
    },
)
