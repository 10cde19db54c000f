"""What handlers do with an opened case: answering, noting, handing over, names."""
