"""The files of a load that no record tells of yet, or not as they are now."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

from memtui.api.library import Document, DocumentState
from memtui.library.catalogue import Catalogue
from memtui.library.files import FoundFile
from memtui.library.readers import kind_of


def documents(
    source_id: str,
    source: str,
    found: Iterable[FoundFile],
    states: Mapping[str, DocumentState],
    before: Catalogue,
    began: datetime,
) -> list[Document]:
    """Those of `found` that have a state, by name. Their id is made of their name where there
    was no document of that name `before`."""
    made = []
    for file in found:
        if (state := states.get(file.key)) is None:
            continue
        entry = before.named(file.key)
        made.append(
            Document(
                id=entry.id if entry else _provisional(source_id, file.key),
                source_id=source_id,
                source=source,
                name=file.name,
                path=file.key,
                kind=kind_of(file.path),
                sha256="",
                size=file.size,
                pages=0,
                state=state,
                loaded_at=began,
            )
        )
    return made


def _provisional(source_id: str, name: str) -> str:
    return hashlib.sha256(f"{source_id} {name}".encode()).hexdigest()[:12]
