"""Who may do what: API keys with roles, the browser's session, and how often anybody may ask."""
