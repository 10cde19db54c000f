"""Posters and leaflets of the campaign: which message may stand on which, and the print-ready sheet."""
