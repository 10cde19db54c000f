"""A letter on its way in: the reporter's pages, sealing here or in the browser, and entry from paper."""
