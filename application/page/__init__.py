"""The web page: one document, a style sheet and ES modules in `static/`, served as they lie there; no build step."""
