"""Commands on changes: a run beside another, a server beside its next version, a history."""
