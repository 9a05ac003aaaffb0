"""The process that reads documents: the library's worker, with the search's terms added and
the embedder's own tokens counted, so that no passage is cut silently."""

from memtui import paths
from memtui.library.reader_worker import serve
from memtui.library.tokens import WordPieces
from memtui.search.terms import index_terms

if __name__ == "__main__":
    serve(index_terms, WordPieces.from_file(paths.tokenizer_file()))
