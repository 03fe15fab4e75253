"""How anything is drawn: the canvas, its colours and scales, and its way into a page."""
