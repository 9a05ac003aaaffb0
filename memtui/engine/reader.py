"""The process that reads documents: the library's worker, with the search's terms added."""

from memtui.library.reader_worker import serve
from memtui.search.terms import index_terms

if __name__ == "__main__":
    serve(index_terms)
