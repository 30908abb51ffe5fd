"""What stands in for podman and the suite itself while the Jenkinsfile runs: it writes down what it was asked."""

IMAGES = """#!/usr/bin/env bash
set -euo pipefail
make_base() {
  :
}
if [[ -n ${IMAGE_REGISTRY:-} ]]; then
  echo "push $1 $TAG $IMAGE_REGISTRY" >> "$JOURNAL"
  [[ ${FAILING_PUSH:-} != "$1" ]]
  digest=$(printf '%s' "$1 $TAG" | sha256sum | cut -d' ' -f1)
  printf '{"%s": "%s/%s@sha256:%s"}\\n' "$1" "$IMAGE_REGISTRY" "$1" "$digest" > "$IMAGES"
else
  echo "build $1 $TAG" >> "$JOURNAL"
  [[ ${FAILING_BUILD:-} != "$1" ]]
fi
"""
SCAN = """#!/usr/bin/env bash
echo "scan $1 $TAG" >> "$JOURNAL"
[[ ${FAILING_SCAN:-} != "$1" ]]
"""
GATE = """#!/usr/bin/env bash
echo "gate" >> "$JOURNAL"
[[ -z ${FAILING_GATE:-} ]]
"""
SIGN = """#!/usr/bin/env bash
echo "sign $(basename "$2" .json) $TAG" >> "$JOURNAL"
"""
PROMOTE = """#!/usr/bin/env bash
echo "promote $*" >> "$JOURNAL"
"""
SETUP = """#!/usr/bin/env bash
"""
