"""The routes by subject; `ROUTERS` of each module holds one router a role."""
