"""What builds and deploys use: image planning, and the rendering of gitops/."""
