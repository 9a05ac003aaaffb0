"""A chat model behind one small interface (`chunk.ChatModel`), in two forms.

`remote` reaches any provider through litellm; `offline` is the extractive reader that answers
without a language model. May import memtui.api and memtui.config; litellm only lazily.
"""
