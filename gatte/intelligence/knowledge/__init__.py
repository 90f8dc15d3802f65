"""The knowledge base: articles and their passages, search by meaning and by words, and its cache."""
