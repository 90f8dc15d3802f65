"""What operators run: rotation of the master keys. May import `store` and everything below it."""
