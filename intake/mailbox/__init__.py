"""What a reporter does with the receipt: reading, answering, adding, and wishes."""
