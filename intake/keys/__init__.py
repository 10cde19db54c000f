"""Who holds keys and how that changes: founding, rosters, cards, wrapping anew."""
