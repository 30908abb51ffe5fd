"""A client of a Kubernetes API server: what tests ask of it, by plain HTTP."""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

import httpx
import yaml

Manifest = dict[str, Any]
MANAGER = "argocd-controller"  # as who Argo CD applies
APPLY = {"Content-Type": "application/apply-patch+yaml"}
MERGE = {"Content-Type": "application/merge-patch+json"}
PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says of a manifest: its status, the object or the refusal, and its warnings."""

    status: int
    body: Mapping[str, Any]
    warnings: tuple[str, ...]

    @property
    def accepted(self) -> bool:
        return self.status in {200, 201}

    @property
    def message(self) -> str:
        return str(self.body.get("message", ""))


class Cluster:
    """One API server, asked with a token."""

    def __init__(self, url: str, authority: Path, token: str) -> None:
        self.url = url
        self.authority = authority
        self.token = token
        trusted = ssl.create_default_context(cafile=str(authority))
        headers = {"Authorization": f"Bearer {token}"}
        self._client = httpx.Client(base_url=url, verify=trusted, headers=headers, timeout=60, trust_env=False)
        self._resources = cache(self._read_resources)

    def is_ready(self) -> bool:
        """Whether it has started."""
        try:
            return self._client.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def apply(self, manifest: Manifest, *, dry_run: bool = False) -> Answer:
        """Apply a manifest by the server, as Argo CD does; a dry run goes through everything but the store."""
        options = {"fieldManager": MANAGER, "fieldValidation": "Strict"} | ({"dryRun": "All"} if dry_run else {})
        text = yaml.dump(dict(manifest), Dumper=yaml.CSafeDumper)
        answer = self._client.patch(self.path(manifest), params=options, content=text, headers=APPLY)
        return Answer(answer.status_code, answer.json(), tuple(answer.headers.get_list("warning")))

    def install(self, *manifests: Manifest) -> None:
        """Apply manifests that have to be taken."""
        for manifest in manifests:
            answer = self.apply(manifest)
            assert answer.accepted, f"{manifest['kind']} {manifest['metadata']['name']}: {answer.message}"

    def define(self, *definitions: Manifest) -> None:
        """Install kinds of others and wait until the server serves them."""
        self.install(*definitions)
        for each in definitions:
            self._wait_for(each)
        self._resources = cache(self._read_resources)

    def patch(self, manifest: Manifest, change: Manifest, part: str = "") -> None:
        """Change an object as a person would with kubectl."""
        self._client.patch(f"{self.path(manifest)}{part}", json=change, headers=MERGE).raise_for_status()

    def get(self, manifest: Manifest) -> Mapping[str, Any] | None:
        """The object that a manifest names."""
        answer = self._client.get(self.path(manifest))
        return answer.raise_for_status().json() if answer.status_code != 404 else None

    def delete(self, manifest: Manifest) -> None:
        self._client.delete(self.path(manifest)).raise_for_status()

    def path(self, manifest: Manifest) -> str:
        """Where the server keeps the object that a manifest names."""
        root = "/api/" if "/" not in manifest["apiVersion"] else "/apis/"
        plural, namespaced = self._resources(root + manifest["apiVersion"])[manifest["kind"]]
        inside = f"/namespaces/{manifest['metadata'].get('namespace', 'default')}" if namespaced else ""
        return f"{root}{manifest['apiVersion']}{inside}/{plural}/{manifest['metadata']['name']}"

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read_resources(self, group: str) -> dict[str, tuple[str, bool]]:
        found = self._client.get(group).raise_for_status().json()["resources"]
        return {each["kind"]: (each["name"], each["namespaced"]) for each in found if "/" not in each["name"]}

    def _wait_for(self, definition: Manifest) -> None:
        version = definition["spec"]["versions"][0]["name"]
        address = f"/apis/{definition['spec']['group']}/{version}/{definition['spec']['names']['plural']}"
        deadline = time.monotonic() + 60
        while self._client.get(address).status_code != 200:
            assert time.monotonic() < deadline, f"{address} is not served"
            time.sleep(PAUSE_SECONDS)
