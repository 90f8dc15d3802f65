"""Gemini behind google-genai: requests, responses, HTTP, and what follows when it refuses a key or
model.
"""
