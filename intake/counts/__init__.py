"""Tallies opened by custodians and counted in memory, for what the board is shown."""
