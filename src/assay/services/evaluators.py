"""What people do with evaluators: make, change, commit and delete them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from assay.model.access import Identity
from assay.model.errors import Conflict, Invalid, NotAllowed
from assay.model.evaluator import Evaluator, EvaluatorVersion
from assay.model.ids import new_uuid
from assay.ports.store import Store
from assay.services.evaluator_definitions import RESERVED_SLUGS, check, define, slug_of, with_suffix
from assay.wire.evaluator_bodies import Changes
from assay.wire.problems import REQUIRED

_MOST_ATTEMPTS = 8
_TAKEN = "An evaluator with this slug already exists."


async def create(
    store: Store, who: Identity, changes: Changes, source_reference: str | None, at: datetime
) -> tuple[Evaluator, list[str]]:
    """Make an evaluator, with version 0 as its draft, and return it with warnings.

    `source_reference` names an evaluator to copy. A slug that is taken gets a random suffix, because scripts that make
    their evaluators by fixed slugs are run again; a warning says so. Raises Invalid, NotFound for the source.
    """
    source = None if source_reference is None else await store.evaluators.get(source_reference)
    if source is not None and "name" not in changes:
        changes = {**changes, "name": source.current.name}
    if "name" not in changes:
        raise Invalid.field("name", REQUIRED)
    copied = None if source is None else source.current
    version = replace(
        define(copied, changes, is_merge=True),
        id=new_uuid(),
        number=0,
        is_read_only=False,
        version_description="",
        created_at=at,
        created_by=who.key_prefix,
    )
    warnings = check(version)
    wanted = changes.get("slug") or slug_of(version.name)
    evaluator = Evaluator(
        id=new_uuid(),
        organization_id=who.organization_id,
        slug=with_suffix(wanted) if wanted.lower() in RESERVED_SLUGS else wanted,
        current=version,
        created_at=at,
        updated_at=at,
        created_by=who.key_prefix,
        updated_by=who.key_prefix,
        starred=changes.get("starred", False),
        tags=changes.get("tags", () if source is None else source.tags),
    )
    evaluator = await _store_new(store, evaluator, wanted)
    if "slug" in changes and evaluator.slug != wanted:
        warnings.append(f'evaluator_slug: "{wanted}" is taken; this evaluator is "{evaluator.slug}".')
    return evaluator, warnings


async def _store_new(store: Store, evaluator: Evaluator, wanted: str) -> Evaluator:
    for _ in range(_MOST_ATTEMPTS):
        try:
            await store.evaluators.create(evaluator)
            return evaluator
        except Conflict:
            evaluator = replace(evaluator, slug=with_suffix(wanted))
    raise Conflict(_TAKEN)


async def update(
    store: Store, who: Identity, reference: str, changes: Changes, at: datetime, *, is_merge: bool
) -> Evaluator:
    """Change the draft of an evaluator and return it; `is_merge` as for `define`.

    Raises NotFound, NotAllowed for a built-in or a read-only version, Invalid.
    """
    for _ in range(_MOST_ATTEMPTS):
        evaluator = await store.evaluators.get(reference)
        _check_writable(evaluator)
        changed = _changed(evaluator, who, changes, is_merge=is_merge)
        if changed.slug != evaluator.slug:
            await _check_slug(store, evaluator, changed.slug)
        try:
            await store.evaluators.update(changed, at)
        except (Conflict, NotAllowed):
            # Somebody else was faster, with a change or a commit: what they made is the base of ours.
            continue
        return await store.evaluators.get(evaluator.id)
    raise Conflict("The evaluator is being changed by others; try again.")


def _changed(evaluator: Evaluator, who: Identity, changes: Changes, *, is_merge: bool) -> Evaluator:
    if not is_merge and "name" not in changes:
        raise Invalid.field("name", REQUIRED)
    version = define(evaluator.current, changes, is_merge=is_merge)
    check(version)
    return replace(
        evaluator,
        slug=changes.get("slug", evaluator.slug),
        current=version,
        starred=changes.get("starred", evaluator.starred if is_merge else False),
        tags=changes.get("tags", evaluator.tags),
        updated_by=who.key_prefix,
    )


async def _check_slug(store: Store, evaluator: Evaluator, slug: str) -> None:
    found = (await store.evaluators.find_many([slug])).get(slug)
    is_taken = found is not None and found.id != evaluator.id and found.slug == slug
    if is_taken or slug.lower() in RESERVED_SLUGS:
        raise Invalid.field("evaluator_slug", _TAKEN)


def _check_writable(evaluator: Evaluator) -> None:
    if evaluator.is_builtin:
        raise NotAllowed(
            f"{evaluator.slug} is built in and cannot be changed: copy it, with source_evaluator_id in a POST."
        )
    if evaluator.current.is_read_only:
        raise NotAllowed(f"Version {evaluator.current.number} is read-only: change the draft, which is the newest.")


async def commit(
    store: Store, who: Identity, reference: str, changes: Changes, description: str, at: datetime
) -> tuple[Evaluator, EvaluatorVersion]:
    """Freeze the draft of an evaluator, after `changes`, and return the evaluator with its next draft.

    Raises NotFound, NotAllowed for a built-in or a read-only version, Invalid, Conflict where somebody else commits.
    """
    evaluator = await store.evaluators.get(reference)
    _check_writable(evaluator)
    if changes:
        evaluator = await update(store, who, evaluator.id, changes, at, is_merge=True)
    current = evaluator.current
    following = replace(
        current,
        id=new_uuid(),
        number=current.number + 1,
        version_description="",
        created_at=max(at, evaluator.updated_at),
        created_by=who.key_prefix,
    )
    committed = await store.evaluators.commit(evaluator.id, description, following)
    return committed, committed.current


async def delete(store: Store, reference: str) -> None:
    """Delete an evaluator with all versions; its scores and reports stay. Raises NotFound, NotAllowed for built-ins."""
    evaluator = await store.evaluators.get(reference)
    if evaluator.is_builtin:
        raise NotAllowed(f"{evaluator.slug} is built in and cannot be deleted.")
    await store.evaluators.delete(evaluator.id)
