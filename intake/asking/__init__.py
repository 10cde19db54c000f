"""What needs a second person: originals, names, and handing a case to an authority."""
