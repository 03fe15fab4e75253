"""Two servers beside each other, as people read it: a paragraph, tables, and flame graphs."""
