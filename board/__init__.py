"""The roof: the only place that sees both wings, and it sees counts only."""
