"""Proofs that memory works: what the MemGPT paper measures, over a real engine and real HTTP."""
