"""The floor: what both wings stand on. Knows no report and no survey."""
