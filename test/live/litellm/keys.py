"""Who calls the proxy: what a key database would answer, without a database. A key is `sk-<tenant>-<user>`."""

from litellm.proxy._types import UserAPIKeyAuth


async def user_api_key_auth(request, api_key: str) -> UserAPIKeyAuth:
    parts = api_key.removeprefix("Bearer ").split("-")
    if len(parts) < 3 or parts[0] != "sk":
        raise ValueError("no such key")
    team, user = parts[1], parts[2]
    return UserAPIKeyAuth(
        api_key=api_key,
        key_alias=f"{team}-{user}",
        team_id=None if team == "none" else team,
        team_alias=None if team == "none" else team.title(),
        user_id=user,
        models=[],
    )
