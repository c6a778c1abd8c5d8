"""The model card: one model of facts, told as Markdown and as a page."""
