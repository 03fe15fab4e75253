"""What a run that looks for capacities found: a table, two pictures, sentences, files."""
