"""Figures of speed and size: client and server together on this machine, medians of several runs."""
