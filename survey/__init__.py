"""The wing of awareness surveys. Knows nothing of reports."""
