"""Where Milvus is."""

from typing import TYPE_CHECKING, ClassVar

from memtui.api.plain import plain_line
from memtui.tui import format as fmt
from memtui.tui.wizard.choices import ChoiceStep, Way
from memtui.tui.wizard.draft import Tried, default_place

if TYPE_CHECKING:
    from memtui.api.setup import Wrong


class ArchiveStep(ChoiceStep):
    NAME: ClassVar = "archive"
    TITLE: ClassVar = "Where is the archival memory?"
    LEAD: ClassVar = (
        "Milvus keeps the vectors of what you load and agents archive. Milvus Lite needs only a "
        "folder; a server is better above 100,000 passages."
    )
    TESTS: ClassVar = True
    FIELDS: ClassVar = (
        ("archive.uri", "Place", ""),
        ("archive.token", "Token", "only for a server: user:password, or a token"),
        ("archive.database", "Database", "only for a server: its default one"),
    )

    def ways(self) -> list[Way]:
        return [
            Way("Milvus Lite", "a folder on this machine; empty: the usual one", {
                "archive.uri": "", "archive.database": ""}),
            Way("a Milvus server", "http://host:19530, or the address of a Zilliz Cloud cluster", {
                "archive.uri": "http://localhost:19530"}),
        ]  # fmt: skip

    def is_chosen(self, way: Way) -> bool:
        return (way.title != "Milvus Lite") == ("://" in self.draft.get("archive.uri"))

    def example(self, key: str, example: str) -> str:
        if key == "archive.uri":
            return fmt.path(default_place())
        return super().example(key, example)

    async def probe(self) -> "tuple[Tried | None, Wrong | None]":
        from memtui.api.setup import Place

        answer = await (await self.client()).try_archive(
            Place(
                uri=self.draft.get("archive.uri").strip(),
                token=self.draft.key_for("archive.token"),
                database=self.draft.get("archive.database").strip(),
            )
        )
        if answer.wrong is not None:
            return None, answer.wrong
        names = plain_line(", ".join(answer.collections), 160)
        count = fmt.count(len(answer.collections), "collection")
        lines = [
            (True, plain_line(answer.version, 60)),
            (True, f"{count}: {names}" if names else "no collections yet"),
            (True, "collections can be made, written and deleted"),
        ]
        if answer.reindex:
            lines.append((False, plain_line(answer.reindex, 400)))
        return Tried(tuple(lines)), None
