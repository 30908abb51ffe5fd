# What Terraform may do when Jenkins runs it: one role that reads and plans, one that applies. Neither is the machine's own role,
# which pushes images; a job takes them on (.ci/terraform).

data "aws_partition" "current" {}
data "aws_caller_identity" "current" {}

locals {
  iam = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}"

  roles = {
    plan  = { reads_or_writes = "ReadOnlyAccess", policy = data.aws_iam_policy_document.plan.json }
    apply = { reads_or_writes = "PowerUserAccess", policy = data.aws_iam_policy_document.apply.json }
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [var.machine_role_arn]
    }
  }
}

resource "aws_iam_role" "this" {
  for_each = local.roles

  name               = "${var.name}-terraform-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = local.roles

  role       = aws_iam_role.this[each.key].name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/${each.value.reads_or_writes}"
}

resource "aws_iam_role_policy" "this" {
  for_each = local.roles

  name   = "terraform"
  role   = aws_iam_role.this[each.key].id
  policy = each.value.policy
}

# A plan reads how things are set, never what they hold.
data "aws_iam_policy_document" "plan" {
  statement {
    sid       = "NoData"
    effect    = "Deny"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = var.data_arns
  }

  statement {
    sid       = "NoRows"
    effect    = "Deny"
    actions   = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"]
    resources = ["*"]
  }

  statement {
    sid       = "ObjectsOfTerraform"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]
  }
}

# PowerUserAccess leaves IAM out: here is what an environment needs of it, on names of the environment alone.
data "aws_iam_policy_document" "apply" {
  statement {
    sid       = "ReadIam"
    actions   = ["iam:Get*", "iam:List*"]
    resources = ["*"]
  }

  statement {
    sid = "OwnNames"
    actions = [
      "iam:AddRoleToInstanceProfile", "iam:AttachRolePolicy", "iam:CreateInstanceProfile", "iam:CreatePolicy", "iam:CreatePolicyVersion",
      "iam:CreateRole", "iam:DeleteInstanceProfile", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:DeleteRole", "iam:DeleteRolePolicy",
      "iam:DetachRolePolicy", "iam:PassRole", "iam:PutRolePolicy", "iam:RemoveRoleFromInstanceProfile", "iam:TagInstanceProfile",
      "iam:TagPolicy", "iam:TagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole",
    ]
    resources = [for kind in ["role", "policy", "instance-profile"] : "${local.iam}:${kind}/${var.name}-*"]
  }

  statement {
    sid = "IdentityProviders"
    actions = [
      "iam:CreateOpenIDConnectProvider", "iam:DeleteOpenIDConnectProvider", "iam:TagOpenIDConnectProvider",
      "iam:UpdateOpenIDConnectProviderThumbprint",
    ]
    resources = ["${local.iam}:oidc-provider/*"]
  }

  statement {
    sid       = "ServicesOwnRoles"
    actions   = ["iam:CreateServiceLinkedRole"]
    resources = ["${local.iam}:role/aws-service-role/*"]
  }

  # A person with rights of their own changes these two roles; an approved plan does not widen what approves it.
  statement {
    sid    = "NotItsOwn"
    effect = "Deny"
    actions = [
      "iam:AttachRolePolicy", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePolicy",
      "iam:UpdateAssumeRolePolicy", "iam:UpdateRole",
    ]
    resources = ["${local.iam}:role/${var.name}-terraform-*"]
  }
}

# The machine may take on both.
resource "aws_iam_policy" "take_on" {
  name        = "${var.name}-terraform"
  description = "Take on the roles of Terraform of ${var.name}"
  policy      = data.aws_iam_policy_document.take_on.json
}

data "aws_iam_policy_document" "take_on" {
  statement {
    actions   = ["sts:AssumeRole"]
    resources = [for role in aws_iam_role.this : role.arn]
  }
}
