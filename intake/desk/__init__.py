"""A handler's list: which cases open, in what order they come, by which clocks, and who is on duty."""
