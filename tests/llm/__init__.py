"""Tests of memtui.llm."""
