"""One encrypted file that brings an installation back, and a second, short-lived one with the eraser keys.

    magic (16) ‖ length of the heading (4) ‖ heading, JSON in clear ‖ chunks
    chunk      length (4, top bit: the last one) ‖ sealed bytes

Each chunk is sealed under a key drawn for this one file, bound to its number and to the heading; the key is
wrapped to the public key of each recipient, whose private half is never on the machine. Inside stand named
parts one after another (parts.py). Nothing of this needs more memory than a few chunks.
"""
