"""What only an admin may open: the one rule for all pages of the panel."""

from flask import abort

from gatte.models import Role, User
from gatte.web.panel.auth import current_user_or_401


def is_admin() -> bool:
    """Whether the user of this request is an admin."""
    return current_user_or_401().role is Role.ADMIN


def require_admin() -> User:
    """The admin whose request this is; 403 for others."""
    if not is_admin():
        abort(403)
    return current_user_or_401()
