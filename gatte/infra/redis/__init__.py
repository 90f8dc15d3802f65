"""Redis or Valkey where it may be missing: calls that fail fast, and windows that slide."""
