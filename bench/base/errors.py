"""What users are told in one line: what was wrong, where, and what to do."""


class UserError(ValueError):
    """Something that a user can mend; the message says what, where, and what to do."""


class ConfigError(UserError):
    """A suite or an option that cannot be used."""


class StoreError(UserError):
    """A run folder that cannot be used; the message names it and the remedy."""


class InterpreterError(UserError):
    """An interpreter that cannot be used; the message says why."""
