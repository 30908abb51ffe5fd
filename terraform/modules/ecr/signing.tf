# What an image is signed with, by its digest (.ci/sign): a key that never leaves KMS. Who may use it is in IAM policies.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

resource "aws_kms_key" "signing" {
  #checkov:skip=CKV_AWS_7:KMS does not rotate asymmetric keys; a new one is a new key, which the admission policy learns of
  description              = "Signatures of the images of ${var.prefix}"
  key_usage                = "SIGN_VERIFY"
  customer_master_key_spec = "ECC_NIST_P256"
  deletion_window_in_days  = var.force_delete ? 7 : 30
  policy                   = data.aws_iam_policy_document.signing.json
}

resource "aws_kms_alias" "signing" {
  name          = "alias/${var.prefix}-images"
  target_key_id = aws_kms_key.signing.key_id
}

data "aws_iam_policy_document" "signing" {
  #checkov:skip=CKV_AWS_109:in a key policy "*" is this one key, and without its own account as administrator a key can never be changed again
  #checkov:skip=CKV_AWS_111:as above, the only resource of a key policy is its key
  #checkov:skip=CKV_AWS_356:as above, the only resource of a key policy is its key
  statement {
    sid       = "AccountAdministersByIam"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root"]
    }
  }
}

data "aws_kms_public_key" "signing" {
  key_id = aws_kms_key.signing.arn
}
