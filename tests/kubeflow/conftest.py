"""The cluster of this folder's tests."""

import os
from collections.abc import Iterator

import pytest

from tests.kubeflow.cluster import Cluster, recorded_cluster
from tests.kubeflow.real import real_cluster


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The one at `KFP_ENDPOINT`, or the recorded server."""
    endpoint, folder = os.environ.get("KFP_ENDPOINT", ""), tmp_path_factory.mktemp("kubeflow")
    with real_cluster(endpoint, folder) if endpoint else recorded_cluster(folder) as made:
        yield made
