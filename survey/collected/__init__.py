"""Answers that were collected elsewhere: read, checked cell by cell, joined and counted like the centre's own.

They stay in files and in memory: nothing here touches a database or a round of the centre.
"""
