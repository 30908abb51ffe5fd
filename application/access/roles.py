"""The three roles, each of which may do what the ones before it may."""

from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["viewer", "operator", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a name for the audit line, what it may do, and the id of the key behind it ("" for the local link)."""

    name: str
    role: Role
    key_id: str = ""


def reaches(role: Role, needed: Role) -> bool:
    """Whether a role may do what `needed` may."""
    return ROLES.index(role) >= ROLES.index(needed)
