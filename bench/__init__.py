"""The harness: decides, launches, measures, stores, analyses, draws."""
