"""What a vector index is: a place in Milvus, and the model whose vectors are in it."""

import os
import re
from pathlib import Path

from pydantic import BaseModel, ValidationError

from memtui import config, paths
from memtui.archive import Archive
from memtui.embedding import Embedder, UnusableEmbedder, make_embedder


class Spec(BaseModel, frozen=True):
    """One index. `uri` is relative to the data folder when it lies there, which may be moved.

    `dimension` and `collection` are known once the model has been asked.
    """

    uri: str
    database: str = ""
    model: str
    api_base: str = ""
    slug: str
    dimension: int = 0
    collection: str = ""
    paused: bool = False

    @property
    def local(self) -> bool:
        return "://" not in self.uri

    @property
    def place(self) -> str:
        """A URL, or an absolute path."""
        return str(paths.data_dir() / self.uri) if self.local else self.uri

    @property
    def name(self) -> str:
        """The place for people's eyes: `http://user:password@host` is a legal address."""
        return re.sub(r"//[^/@]*@", "//", self.place)

    def same_place(self, other: "Spec") -> bool:
        return (self.uri, self.database) == (other.uri, other.database)

    def same_model(self, other: "Spec") -> bool:
        """A model that cannot be looked at just now is the one of that name."""
        if not (self.slug and other.slug):
            return self.model == other.model
        return self.slug == other.slug

    def same(self, other: "Spec") -> bool:
        return self.same_place(other) and self.same_model(other)

    def with_dimension(self, dimension: int, taken: str = "") -> "Spec":
        """With its collection, which has another name than the one `taken` in the same place."""
        name = f"memtui_{self.slug}_{dimension}"
        return self.model_copy(
            update={
                "dimension": dimension,
                "collection": f"{name}_2" if name == taken else name,
                "paused": False,
            }
        )


def wanted(settings: config.Config, embedder: Embedder) -> Spec:
    """The index that the settings name; `embedder` is their model."""
    uri = settings.archive_uri()
    if "://" not in uri and Path(uri).is_relative_to(paths.data_dir()):
        uri = str(Path(uri).relative_to(paths.data_dir()))
    return Spec(
        uri=uri,
        database=settings.text("archive.database"),
        model=settings.text("embedding.model"),
        api_base=settings.text("embedding.api_base"),
        slug=embedder.slug,
    )


def parse(text: str | None, wanted: Spec) -> Spec | None:
    """The index that the record describes. Before schema 3 that was its URI and collection."""
    if text is None:
        return None
    try:
        return Spec.model_validate_json(text)
    except ValidationError:
        uri, _, collection = text.rpartition(" ")
        stem, _, dimension = collection.rpartition("_")
        if uri == wanted.place and stem == f"memtui_{wanted.slug}" and dimension.isdecimal():
            return wanted.with_dimension(int(dimension))
        return None


def embedder_of(settings: config.Config, spec: Spec | None = None) -> Embedder:
    """The model that the settings name, or the one that `spec` was made with.

    A key is never sent to another provider or address than it was given for: the model of an
    index that is not what the settings name any more has to do with the environment's.
    """
    model, api_base = settings.text("embedding.model"), settings.text("embedding.api_base")
    api_key = settings.text("embedding.api_key")
    if spec is not None and spec.model != model:
        provider = model.partition("/")[0]
        if (provider, api_base) != (spec.model.partition("/")[0], spec.api_base):
            api_key = ""
        model, api_base = spec.model, spec.api_base
    made = make_embedder(
        model,
        api_base=api_base,
        api_key=api_key,
        dimension=spec.dimension if spec is not None else 0,
        concurrency=int(settings.number("embedding.concurrency")),
        threads=threads(settings),
        log=paths.state_dir() / "embedder.log",
    )
    if spec is not None and spec.slug and made.slug and made.slug != spec.slug:
        return UnusableEmbedder(
            made.model,
            spec.slug,
            spec.dimension,
            f"{made.model} is not the model any more that the index was made with. Run `memtui "
            "reindex`; until then search is by words.",
        )
    return made


def threads(settings: config.Config, beside_app: bool = False) -> int:
    """Cores that embedding may use: the app gets one while it is open."""
    cores = int(settings.number("embedding.threads")) or os.cpu_count() or 1
    return max(1, min(cores, (os.cpu_count() or 1) - 1)) if beside_app else cores


def archive_of(settings: config.Config, spec: Spec, second: bool = False) -> Archive:
    """The Milvus of `spec`. `second`: another one is open in this process meanwhile."""
    socket = paths.milvus_socket_file()
    ours = spec.place == settings.archive_uri()
    return Archive(
        spec.place,
        token=settings.text("archive.token") if ours else "",
        database=spec.database,
        socket=socket.with_name(socket.name + "2") if second else socket,
    )
