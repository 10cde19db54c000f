"""How a case is sealed and opened: slots, parts, their chain, and who reads. Bytes in, bytes out."""
