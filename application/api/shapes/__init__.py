"""The JSON that goes in and out, as pydantic models: what OpenAPI shows is what is sent."""
