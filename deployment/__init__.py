"""Small commands that an installation in containers needs: certificates, a first .env, a sign of
life.

They stand beside the application, import at most its names, and are part of its image. See
docker-compose.yml for their use.
"""
