"""Expressions of a questionnaire: conditions, checks and calculations (pure).

`grammar` reads one and refuses whatever is not on its list; `patterns` does so for regular expressions;
`xpath` computes it with lxml, by the rules of `values`; `sent` writes it down for a browser. Bounded in length,
nesting and time: a workbook is written by somebody else.
"""
