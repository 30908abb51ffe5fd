"""A random forest in two forms: skops, the record scikit-learn can reopen, and an XGBoost booster, which serves.

Both hold the same trees. The booster needs neither scikit-learn nor skops to predict (they take seconds to import) and
gives exact Shapley values. The skops file is rewritten so that its bytes depend on the forest alone.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wafer.bundle.wafers import Features, Floats, Ints
from wafer.errors import BundleRejected

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestClassifier
    from xgboost import Booster

# The only type beyond skops' own defaults that a random forest needs. Never extended from what a file asks for.
TRUSTED_TYPES = ("sklearn.tree._tree.Tree",)

# Everything a forest's schema may name: (module, class, loader).
_KNOWN_NODES = frozenset(
    {
        ("builtins", "dict", "DictNode"),
        ("builtins", "list", "ListNode"),
        ("builtins", "str", "JsonNode"),
        ("builtins", "str", "TypeNode"),
        ("builtins", "tuple", "TupleNode"),
        ("numpy", "int64", "NdArrayNode"),
        ("numpy", "float64", "NdArrayNode"),
        ("numpy", "ndarray", "NdArrayNode"),
        ("sklearn.ensemble._forest", "RandomForestClassifier", "ObjectNode"),
        ("sklearn.tree._classes", "DecisionTreeClassifier", "ObjectNode"),
        ("sklearn.tree._tree", "Tree", "TreeNode"),
    }
)
_SCHEMA = "schema.json"
_SCHEMA_LIMIT = 256 << 20
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_NO_PARENT = 2147483647


def save_forest(forest: "RandomForestClassifier", path: Path) -> None:
    """Write the forest with skops, in bytes that depend on the forest alone."""
    import skops.io

    path.write_bytes(canonical(skops.io.dumps(forest)))


def load_forest(path: Path) -> "RandomForestClassifier":
    """Read a forest back into scikit-learn. Raises BundleRejected, before anything is built, for a type not trusted."""
    check_forest_file(path)
    import skops.io

    asked = set(skops.io.get_untrusted_types(file=path))
    if not asked <= set(TRUSTED_TYPES):
        raise _rejected(path, f"names {sorted(asked - set(TRUSTED_TYPES))[0]}")
    return skops.io.load(path, trusted=list(TRUSTED_TYPES))


def check_forest_file(path: Path) -> None:
    """Refuse a skops file that names any type a forest does not need; only JSON is read, nothing is imported."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(_SCHEMA).file_size > _SCHEMA_LIMIT:
                raise _rejected(path, "has a schema too large for a forest")
            schema = json.loads(archive.read(_SCHEMA))
    except (OSError, KeyError, ValueError, RecursionError, zipfile.BadZipFile) as error:
        raise _rejected(path, "is not a skops file") from error
    for node in _nodes(schema):
        kind = (node.get("__module__"), node.get("__class__"), node.get("__loader__"))
        if kind not in _KNOWN_NODES:
            raise _rejected(path, f"names {kind[0]}.{kind[1]} ({kind[2]})")


def canonical(data: bytes) -> bytes:
    """Rewrite a skops archive: nodes numbered in order, arrays named by content, fixed dates, no stray bytes."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        schema = json.loads(archive.read(_SCHEMA))
        arrays = {name: _clean_array(archive.read(name)) for name in archive.namelist() if name != _SCHEMA}
    names = {name: f"{hashlib.sha256(content).hexdigest()[:32]}.npy" for name, content in arrays.items()}
    for number, node in enumerate(_nodes(schema)):
        if "__id__" in node:
            node["__id__"] = number
        if "file" in node:
            node["file"] = names[node["file"]]
    files = {names[name]: content for name, content in arrays.items()}
    return _zip({_SCHEMA: json.dumps(schema, sort_keys=True, separators=(",", ":")).encode(), **files})


def _nodes(schema: object) -> Iterator[dict[str, Any]]:
    """Yield every object of a skops schema that stands for a Python object; an id is as good a mark as a class."""
    stack = [schema]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if item.keys() & {"__class__", "__module__", "__loader__", "__id__"}:
                yield item
            stack.extend(item[name] for name in sorted(item, reverse=True))
        elif isinstance(item, list):
            stack.extend(reversed(item))


def _clean_array(content: bytes) -> bytes:
    """Copy an array field by field: scikit-learn never sets the padding of its tree nodes, nor a leaf's default."""
    array = np.load(io.BytesIO(content), allow_pickle=False)
    if array.dtype.names:
        fresh = np.zeros(array.shape, array.dtype)  # zeros_like would leave the padding as it is
        for name in array.dtype.names:
            fresh[name] = array[name]
        fresh["missing_go_to_left"][fresh["left_child"] < 0] = 0
        array = fresh
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def _zip(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, _ZIP_DATE), files[name], zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def booster_of(forest: "RandomForestClassifier") -> "Booster":
    """Return the same forest as an XGBoost booster whose margin is the forest's probability of failure."""
    import xgboost

    trees = [_tree_json(i, tree.tree_, len(forest.estimators_)) for i, tree in enumerate(forest.estimators_)]
    width = str(int(forest.n_features_in_))
    for tree in trees:
        tree["tree_param"]["num_feature"] = width
    model = {
        "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(len(trees))},
        "cats": {"enc": [], "feature_segments": [], "sorted_idx": []},
        "iteration_indptr": list(range(len(trees) + 1)),
        "tree_info": [0] * len(trees),
        "trees": trees,
    }
    learner = {
        "attributes": {},
        "feature_names": [],
        "feature_types": [],
        "gradient_booster": {"model": model, "name": "gbtree"},
        "learner_model_param": {
            "base_score": "0E0",
            "boost_from_average": "0",
            "num_class": "0",
            "num_feature": width,
            "num_target": "1",
        },
        "objective": {"name": "reg:squarederror", "reg_loss_param": {"scale_pos_weight": "1"}},
    }
    document = {"learner": learner, "version": [3, 2, 0]}
    return xgboost.Booster({"nthread": 1}, model_file=bytearray(json.dumps(document), "ascii"))


def _tree_json(number: int, tree: Any, trees: int) -> dict[str, Any]:  # noqa: ANN401 - a Cython class
    """Translate one tree. scikit-learn goes left when x <= t in float64, XGBoost when x < t in float32."""
    order, left, right, parents = _sibling_order(tree.children_left, tree.children_right)
    leaf = left < 0
    share = (tree.value[:, 0, 1] / tree.value[:, 0, :].sum(axis=1) / trees)[order]
    zeros = [0] * tree.node_count
    return {
        "id": number,
        "base_weights": _floats(share),
        "split_conditions": _floats(np.where(leaf, share, _strictly_above(tree.threshold[order]))),
        "split_indices": np.where(leaf, 0, tree.feature[order]).tolist(),
        "left_children": left.tolist(),
        "right_children": right.tolist(),
        "parents": parents.tolist(),
        "sum_hessian": _floats(tree.weighted_n_node_samples[order]),
        "loss_changes": _floats(np.where(leaf, 0.0, tree.impurity[order])),
        "default_left": zeros,
        "split_type": zeros,
        "categories": [],
        "categories_nodes": [],
        "categories_segments": [],
        "categories_sizes": [],
        "tree_param": {"num_deleted": "0", "num_nodes": str(tree.node_count), "size_leaf_vector": "1"},
    }


def _sibling_order(lefts: Ints, rights: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Renumber nodes so that siblings stand together: XGBoost finds the right child at left + 1.

    Returns the old number of every new node, and its left child, right child and parent by new number.
    """
    order, parents = [0], [_NO_PARENT]
    left: list[int] = []
    for new, old in enumerate(order):  # grows while it is walked
        inner = lefts[old] >= 0
        left.append(len(order) if inner else -1)
        if inner:
            order += [int(lefts[old]), int(rights[old])]
            parents += [new, new]
    children = np.array(left)
    return np.array(order), children, np.where(children < 0, -1, children + 1), np.array(parents)


def _strictly_above(threshold: Floats) -> Features:
    """Return the float32 bound u with x < u exactly where float32 x <= threshold."""
    below = threshold.astype(np.float32)
    below = np.where(below > threshold, np.nextafter(below, np.float32(-np.inf)), below)
    return np.asarray(np.nextafter(below, np.float32(np.inf)), dtype=np.float32)


def _floats(values: Any) -> list[float]:  # noqa: ANN401 - any real array
    """Float32 values as the doubles that JSON prints and float32 reads back without a change."""
    return np.asarray(values, dtype=np.float32).astype(np.float64).tolist()  # type: ignore[no-any-return]


def _rejected(path: Path, fact: str) -> BundleRejected:
    return BundleRejected(f"The model bundle was not loaded: {path.name} {fact}. Fetch it again, or train again.")
