"""Made runs with a known truth, put through the code that judges real ones."""
