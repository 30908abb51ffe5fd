"""The front door over HTTP: starts and follows runs, takes batches, shows results and models.

`app.create_app` joins the parts that `parts.open_parts` makes from the settings; `serve.serve` runs them.
"""
