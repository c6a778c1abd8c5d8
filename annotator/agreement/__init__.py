"""How far people agree, and what their answers together say: pure functions on arrays and sets."""
