"""The pages a handler starts from: list, letter, duty rota."""
