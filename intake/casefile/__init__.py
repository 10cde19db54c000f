"""The file of one case: what may be written in it, and the rules that hold. Pure, one module per idea."""
