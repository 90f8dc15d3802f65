"""The knowledge base: articles and their passages, search by meaning and words, and its cache."""
