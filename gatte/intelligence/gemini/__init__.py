"""Gemini over its HTTP API: requests, responses, HTTP, and what follows when it refuses a key or
model.
"""
