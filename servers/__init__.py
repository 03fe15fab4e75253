"""Echo servers, one file for each concurrency model."""
