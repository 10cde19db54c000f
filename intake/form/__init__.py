"""What the letter asks and how its answers are read: questions, conditions, steps, and the words for states."""
