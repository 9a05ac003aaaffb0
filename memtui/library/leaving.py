"""What leaves a source at the end of a load."""

from collections.abc import Collection, Iterable

from memtui.api.library import LoadReport
from memtui.library import files
from memtui.library.catalogue import Entry, gone
from memtui.library.ports import Shelf


def drop_the_rest(
    shelf: Shelf, source_id: str, fresh: Iterable[Entry], failed: Collection[str]
) -> None:
    """What was there before a load that replaces: gone, once there is something instead.

    A file that could not be read this time keeps what was read of it before.
    """
    kept = {entry.id for entry in fresh}
    for document in shelf.documents(source_id) if kept else ():
        names = {document.path, *document.also}
        if document.id not in kept and names.isdisjoint(failed):
            shelf.delete(document.id)


def vanished(
    shelf: Shelf,
    source_id: str,
    known: Iterable[Entry],
    folder: str,
    present: Collection[str],
    prune: bool,
    report: LoadReport,
) -> None:
    """Of the `known` documents those none of whose files is in `folder` any more: told, or removed
    with `prune`.

    One that has another name left keeps that; one that never could be read goes in any case.
    """
    inside = folder.rstrip("/") + "/"
    for entry in known:
        lost = {n for n in entry.names if n.startswith(inside) and n not in present and gone(n)}
        left = [name for name in entry.names if name not in lost]
        if lost and left:
            shelf.rename(source_id, {entry.id: left})
        elif lost and (prune or not entry.readable):
            shelf.delete(entry.id)
            report.pruned += entry.readable
        elif lost:
            report.vanished.append(files.show(entry.names[0]))
