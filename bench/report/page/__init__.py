"""The page and its Markdown sister: what they hold, handed to their templates."""
