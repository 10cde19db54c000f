"""Files beside a letter: sealed in chunks, cleaned in a child process, opened as downloads (decision 0017)."""
