"""`make handbook`: follows the admin handbook word by word, against real servers."""
