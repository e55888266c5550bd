"""Organisations and keys: how they come to be, and how a key is recognised."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from assay.evaluators.registry import builtin_evaluators
from assay.model.access import SCOPES, ApiKey, Environment, Organization, Scope, widest
from assay.model.evaluator import Evaluator
from assay.model.ids import new_uuid, uuid_within
from assay.ports.store import Stores

_PREFIX_CHARACTERS = 8
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
_SYSTEM = "assay"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key and its secret text, which is known only now."""

    key: ApiKey
    text: str


def hash_key(text: str) -> bytes:
    """Return what is stored of a key: its SHA-512. A key has 190 random bits, so no salt or slow hash is needed."""
    return hashlib.sha512(text.encode()).digest()


def _prefix(text: str) -> str:
    prefix, dot, _ = text.partition(".")
    # A key that somebody else chose may have no prefix; a digest names it without giving anything away.
    return prefix if dot and len(prefix) == _PREFIX_CHARACTERS else hashlib.sha256(text.encode()).hexdigest()[:8]


async def create_key(
    stores: Stores,
    organization_id: int,
    name: str,
    environment: Environment,
    scopes: Sequence[Scope],
    at: datetime,
) -> NewKey:
    """Make a key `<8 characters>.<secret>` and return it with its text."""
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(_PREFIX_CHARACTERS))
    text = f"{prefix}.{''.join(secrets.choice(_ALPHABET) for _ in range(32))}"
    key = ApiKey(new_uuid(), prefix, name, organization_id, environment, widest(scopes), at)
    await stores.access.create_key(key, hash_key(text))
    return NewKey(key, text)


async def create_organization(stores: Stores, name: str, at: datetime) -> tuple[Organization, NewKey]:
    """Make an organisation with its built-in evaluators and a first key that may do everything."""
    organization = await stores.access.create_organization(str(uuid.uuid4()), name, at)
    await ensure_builtin_evaluators(stores, organization, at)
    return organization, await create_key(stores, organization.id, "first key", "prod", SCOPES, at)


async def ensure_builtin_evaluators(stores: Stores, organization: Organization, at: datetime) -> None:
    """Give an organisation the built-in evaluators of this release that it lacks."""
    evaluators = []
    for builtin in builtin_evaluators().values():
        evaluator_id = uuid_within(organization.unique_id, f"evaluator:{builtin.slug}")
        version = builtin.make_version(uuid_within(evaluator_id, builtin.eval_class), created_at=at)
        evaluators.append(
            Evaluator(
                id=evaluator_id,
                organization_id=organization.id,
                slug=builtin.slug,
                current=version,
                created_at=at,
                updated_at=at,
                created_by=_SYSTEM,
                updated_by=_SYSTEM,
                is_builtin=True,
            )
        )
    await stores.within(organization.id, "prod").evaluators.ensure(evaluators)


async def set_up(stores: Stores, given_key: str | None, at: datetime) -> NewKey | None:
    """Make the data ready to be served: a first organisation, its evaluators, and the key that the environment gives.

    Returns the first key when one was made now, because nobody knows it yet: with a key from the environment none is.
    """
    organizations = list(await stores.access.list_organizations())
    is_first_start = not organizations
    if is_first_start:
        organizations = [await stores.access.create_organization(str(uuid.uuid4()), "default", at)]
    for organization in organizations:
        await ensure_builtin_evaluators(stores, organization, at)
    if given_key is None:
        await stores.access.set_environment_key(None, None)
        if is_first_start or not await stores.access.list_keys(organizations[0].id):
            return await create_key(stores, organizations[0].id, "first key", "prod", SCOPES, at)
        return None
    # The same id at every start, so that browsers stay signed in over a restart.
    key_id = uuid_within(organizations[0].unique_id, f"key:{hash_key(given_key).hex()}")
    key = ApiKey(key_id, _prefix(given_key), "ASSAY_API_KEY", organizations[0].id, "prod", SCOPES, at)
    await stores.access.set_environment_key(key, hash_key(given_key))
    return None
