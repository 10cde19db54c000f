"""The calendar of the month: its days as values, as a page, and as a file for people's own calendars."""
