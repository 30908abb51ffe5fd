# What builds and deploys: image push for Jenkins (attached to its machine's role), package sync and promotion for GitHub by
# OIDC. No keys.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

resource "aws_iam_policy" "image_push" {
  name        = "${var.name}-image-push"
  description = "Push images to the repositories of ${var.name} and read what scanning found"
  policy      = data.aws_iam_policy_document.image_push.json
}

data "aws_iam_policy_document" "image_push" {
  statement {
    sid       = "Login"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid = "PushAndReadFindings"
    actions = [
      "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages",
      "ecr:DescribeImageScanFindings", "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage",
      "ecr:UploadLayerPart",
    ]
    resources = var.repository_arns
  }

  statement {
    sid       = "Sign"
    actions   = ["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"]
    resources = [var.signing_key_arn]
  }

  # Production copies what another environment of this account runs, and checks its signature.
  dynamic "statement" {
    for_each = var.promotes_from == "" ? [] : [var.promotes_from]

    content {
      sid       = "PullPromoted"
      actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer"]
      resources = ["arn:${data.aws_partition.current.partition}:ecr:${local.where}:repository/wafer-fault-${statement.value}/*"]
    }
  }

  dynamic "statement" {
    for_each = var.promotes_from == "" ? [] : [var.promotes_from]

    content {
      sid       = "CheckPromoted"
      actions   = ["kms:DescribeKey", "kms:GetPublicKey", "kms:Verify"]
      resources = ["arn:${data.aws_partition.current.partition}:kms:${local.where}:key/*"]

      condition {
        test     = "ForAnyValue:StringEquals"
        variable = "kms:ResourceAliases"
        values   = ["alias/wafer-fault-${statement.value}-images"]
      }
    }
  }
}

locals {
  where    = "${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}"
  promotes = var.github_repository != "" && var.promotes_from != ""
  # A pull request has another subject than the branch. That of `production` GitHub gives only to a job that waited for its reviewers.
  github_jobs = var.github_repository == "" ? {} : {
    sync    = "ref:refs/heads/${var.github_branch}"
    promote = "environment:production"
  }
}

resource "aws_iam_role" "promote" {
  count = local.promotes ? 1 : 0

  name               = "${var.name}-promote"
  description        = "GitHub workflow that promotes images, after approval"
  assume_role_policy = data.aws_iam_policy_document.github_trust["promote"].json
}

resource "aws_iam_role_policy_attachment" "promote" {
  count = local.promotes ? 1 : 0

  role       = aws_iam_role.promote[0].name
  policy_arn = aws_iam_policy.image_push.arn
}

# An account has this provider once: the first environment makes it, a second one in the account finds it.
resource "aws_iam_openid_connect_provider" "github" {
  count = var.github_repository == "" || var.github_provider_exists ? 0 : 1

  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_openid_connect_provider" "github" {
  count = var.github_repository != "" && var.github_provider_exists ? 1 : 0

  url = "https://token.actions.githubusercontent.com"
}

resource "aws_iam_role" "sync" {
  count = var.github_repository == "" ? 0 : 1

  name               = "${var.name}-sync"
  description        = "GitHub workflow that copies compiled pipelines to the store"
  assume_role_policy = data.aws_iam_policy_document.github_trust["sync"].json
}

data "aws_iam_policy_document" "github_trust" {
  for_each = local.github_jobs

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = concat(aws_iam_openid_connect_provider.github[*].arn, data.aws_iam_openid_connect_provider.github[*].arn)
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:${var.github_repository}:${each.value}"]
    }
  }
}

resource "aws_iam_role_policy" "sync" {
  count = var.github_repository == "" ? 0 : 1

  name   = "pipelines"
  role   = aws_iam_role.sync[0].id
  policy = data.aws_iam_policy_document.sync.json
}

data "aws_iam_policy_document" "sync" {
  statement {
    sid       = "Packages"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    resources = ["${var.store_arn}/pipelines/*"]
  }

  statement {
    sid       = "List"
    actions   = ["s3:ListBucket"]
    resources = [var.store_arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["pipelines/*"]
    }
  }

  statement {
    sid       = "Encrypt"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${data.aws_region.current.name}.amazonaws.com"]
    }
  }
}
