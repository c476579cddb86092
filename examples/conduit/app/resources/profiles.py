"""Profiles, and following them."""

from sqlalchemy import delete

from app.api.framework import Resource
from app.api.operation import cached, returns
from app.api.rows import insert_once
from app.extensions import db
from app.models.user import User, follows
from app.policies.profile import visible_profile
from app.schemas.profile import ProfileOut
from app.sessions import current_user, current_user_or_none


class Profile(Resource):
    @cached
    @returns(ProfileOut, envelope="profile")
    def get(self, username: str) -> User:
        """Show a profile."""
        return visible_profile(current_user_or_none(), username)


@returns(ProfileOut, envelope="profile")
class Follow(Resource):
    def post(self, username: str) -> User:
        """Follow a user; a second time changes nothing."""
        viewer = current_user()
        user = visible_profile(viewer, username)
        insert_once(follows, follower_id=viewer.id, followed_id=user.id)
        db.session.commit()
        return visible_profile(viewer, username)

    def delete(self, username: str) -> User:
        """Stop following a user; a second time changes nothing."""
        viewer = current_user()
        user = visible_profile(viewer, username)
        db.session.execute(delete(follows).filter_by(follower_id=viewer.id, followed_id=user.id))
        db.session.commit()
        return visible_profile(viewer, username)
