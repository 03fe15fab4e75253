"""Charts of what work does to servers: over its amount, in two classes, beside a hog."""
