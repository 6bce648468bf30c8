"""Pure functions from (library, client, date) to verdicts. Nothing here reads a clock or a file."""
