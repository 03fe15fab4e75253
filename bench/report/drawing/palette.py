"""Colours: one for each family everywhere, and the roles that a page recolours for the dark."""

# Okabe and Ito's set for the card's families and the most common others; variants of a family
# share its colour and are told apart by name, dash and marker. On a light ground, on a dark one.
FAMILIES: dict[str, tuple[str, str]] = {
    "blocking": ("#6b6f76", "#8b929c"),
    "thread-per-client": ("#e69f01", "#f0b429"),
    "process-pool": ("#cc79a6", "#f0b6d8"),
    "selectors": ("#009e74", "#2cc79a"),
    "asyncio": ("#0072b3", "#4fb0ea"),
    "uvloop": ("#d55e01", "#ff8740"),
    "thread-pool": ("#b58900", "#d8b545"),
    "fork-per-client": ("#8f4a76", "#c987b3"),
    "busy-poll": ("#999934", "#c2c25c"),
    "gevent": ("#56b4ea", "#8accf2"),
    "trio": ("#882256", "#d0699e"),
    "anyio": ("#aa449a", "#d27fc6"),
    "twisted": ("#332289", "#9a8cf0"),
    "tornado": ("#44aa9a", "#6fd0c2"),
    "per-core": ("#117733", "#5fc489"),
    "offload": ("#a3212f", "#ec7a85"),
    "native": ("#15181c", "#f4f5f7"),
}
OTHER = ("#8a7256", "#c4ab8d")

# role: light, dark. Each value is unique, because a page finds the role by it.
INK = ("#1b1f25", "#e8eaee")
MUTED = ("#59616d", "#a3abb8")
RULE = ("#d8dce2", "#3a414c")
PAPER = ("#fefefe", "#171a1f")
ROLES = {"ink": INK, "muted": MUTED, "rule": RULE, "paper": PAPER}


def of(family: str) -> str:
    """Return the colour of a family on a light ground."""
    return FAMILIES.get(family, OTHER)[0]


def variables(dark: bool) -> dict[str, str]:
    """Return every colour by the name of its CSS variable."""
    named = {f"family-{name}": pair for name, pair in FAMILIES.items()}
    named |= {"family-other": OTHER} | ROLES
    return {f"--{name}": pair[dark] for name, pair in named.items()}
