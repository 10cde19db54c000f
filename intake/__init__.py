"""The wing of confidential reports. Knows nothing of surveys."""
