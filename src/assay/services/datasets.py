"""What people do with datasets."""

from __future__ import annotations

from datetime import datetime

from assay.model.access import Identity
from assay.model.dataset import Change, Dataset, DatasetVersion
from assay.model.errors import NotFound
from assay.model.merkle import MerkleTree
from assay.ports.store import Store
from assay.wire import codec
from assay.wire.datasets import NewDataset

_HASHED_AT_ONCE = 500


async def create_empty(store: Store, who: Identity, new: NewDataset, at: datetime) -> Dataset:
    """Make a dataset without rows and return it."""
    dataset = dataset_of(who, new, at)
    await store.datasets.create(dataset)
    return dataset


def dataset_of(who: Identity, new: NewDataset, at: datetime) -> Dataset:
    """Return a dataset as it is before anything was written to it."""
    return Dataset(
        id=new.id,
        organization_id=who.organization_id,
        name=new.name,
        description=new.description,
        created_at=at,
        updated_at=at,
        updated_by=who.key_prefix,
        type=new.type,
        initial_log_filters=new.filters,
        granularity=new.granularity,
    )


async def get_hashed_version(store: Store, dataset_id: str, reference: str) -> DatasetVersion:
    """Return a version with its content hash, which is computed now if nobody asked for it before.

    The hash is the Merkle root (RFC 6962) over the rows in order; a row's hash is the SHA-256 of the canonical JSON
    (RFC 8785) of its content. Raises NotFound.
    """
    version = await store.dataset_versions.get(dataset_id, reference)
    if version.content_hash is not None:
        return version
    # Pinned first: a version that could still grow has no hash yet.
    version = await store.dataset_versions.pin(dataset_id, version.number)
    root = await _content_hash(store, dataset_id, version.number)
    return await store.dataset_versions.set_content_hash(dataset_id, version.number, root)


async def _content_hash(store: Store, dataset_id: str, number: int) -> str:
    tree, after = MerkleTree(), -1
    while rows := await store.dataset_versions.row_hashes(dataset_id, number, after, _HASHED_AT_ONCE):
        computed = []
        for sequence, after, stored, text in rows:  # noqa: B007 (after is the cursor)
            content_hash = stored if stored is not None else codec.content_hash(text or b"{}")
            if stored is None:
                computed.append((sequence, content_hash))
            tree.append(content_hash)
        if computed:
            await store.dataset_versions.store_row_hashes(computed)
    return tree.root()


async def restore_version(store: Store, who: Identity, dataset_id: str, reference: str, at: datetime) -> DatasetVersion:
    """Make a new version that holds exactly the rows of an old one; version 0 is the empty beginning."""
    number = 0 if reference == "0" else (await store.dataset_versions.get(dataset_id, reference)).number
    return await store.dataset_versions.restore(dataset_id, number, Change("restore", who.key_prefix, at))


async def find_version_number(store: Store, dataset_id: str, reference: str | None) -> int | None:
    """Return the number of the version that a number or tag names; None, "" and "latest" name the newest (None).

    Raises NotFound.
    """
    if reference is None or reference in ("", "latest"):
        return None
    if reference == "0":
        await store.datasets.get(dataset_id)
        return 0
    try:
        if "\0" in reference:
            raise NotFound
        return (await store.dataset_versions.get(dataset_id, reference)).number
    except NotFound:
        await store.datasets.get(dataset_id)
        raise NotFound(f"Version '{reference[:100]}' not found") from None
