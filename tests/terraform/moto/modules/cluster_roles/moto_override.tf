# moto has no Pod Identity.
resource "aws_eks_pod_identity_association" "this" {
  for_each = {}
}
