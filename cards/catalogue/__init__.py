"""The words, one folder per language: TOML tables of sentences (:mod:`cards.templates` tells how they are written)."""
