"""Register, log in, write, change and list, through the generated package `client`."""

import sys

from client import AuthenticatedClient, Client
from client.api.auth import post_login, post_register
from client.api.posts import get_post_list, patch_post_item, post_post_list
from client.api.users import get_user_item
from client.models import (
    CreatedUser,
    LoginIn,
    Post,
    PostIn,
    PostInChanges,
    Problem,
    Tokens,
    User,
    UserIn,
)

PASSWORD = "correct horse battery"
address = sys.argv[1]
headers = {"Accept": "application/json; version=1.0"}
anyone = Client(address, headers=headers)

account = UserIn(username="ada", email="ada@example.com", password=PASSWORD)
made = post_register.sync(client=anyone, body=account)
assert isinstance(made, CreatedUser), made
namesake = UserIn(username="Ada", email="another@example.com", password=PASSWORD)
again = post_register.sync(client=anyone, body=namesake)
assert isinstance(again, Problem), again
assert again.status == 409
assert again.errors
assert again.errors["username"] == ["Already taken."]

tokens = post_login.sync(client=anyone, body=LoginIn(username="ada", password=PASSWORD))
assert isinstance(tokens, Tokens), tokens
ada = AuthenticatedClient(address, tokens.access_token, headers=headers)

draft = PostIn(title="From Python", content="Typed.", published=True)
written = post_post_list.sync_detailed(client=ada, body=draft)
assert written.status_code == 201
assert isinstance(written.parsed, Post), written.parsed
post = written.parsed
assert post.user.username == "ada"

etag = written.headers["ETag"]
changes = PostInChanges(title="From Python, again")
changed = patch_post_item.sync(post.id, client=ada, body=changes, if_match=etag)
assert isinstance(changed, Post), changed
assert changed.title == changes.title
assert changed.updated_at > post.created_at
stale = patch_post_item.sync(post.id, client=ada, body=changes, if_match=etag)
assert isinstance(stale, Problem), stale
assert stale.status == 412

listed = get_post_list.sync_detailed(client=ada, per_page=1, sort="-created_at", total=True)
assert isinstance(listed.parsed, list), listed.parsed
assert [item.id for item in listed.parsed] == [post.id]
assert listed.headers["API-Version"] == "1.0"

seen = get_user_item.sync(post.user.id, client=ada)
assert isinstance(seen, User), seen
assert seen.email == "ada@example.com"
print("done")
