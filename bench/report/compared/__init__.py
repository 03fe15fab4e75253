"""Two runs beside each other as Markdown to paste and as a page."""
