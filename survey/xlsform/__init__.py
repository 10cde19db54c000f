"""Questionnaires as XLSForm workbooks: read with `pyxform`, or refused with every reason at once.

Nothing here is loaded by a process that serves pages: a page asks `core.heavy` for `check:job`.
"""
