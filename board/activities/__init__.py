"""What the units did in the action month: planned, recorded, filed, returned, accepted, added up."""
