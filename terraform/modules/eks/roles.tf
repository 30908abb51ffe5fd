# Roles that EKS itself needs; the roles of stages and application are in the module iam.

locals {
  managed_policies = "arn:${data.aws_partition.current.partition}:iam::aws:policy"
  issuer           = replace(aws_eks_cluster.this.identity[0].oidc[0].issuer, "https://", "")

  # Add-ons that call AWS, each under its own service account instead of the node's role.
  addon_accounts = {
    "vpc-cni"            = { account = "aws-node", policy = "AmazonEKS_CNI_Policy" }
    "aws-ebs-csi-driver" = { account = "ebs-csi-controller-sa", policy = "service-role/AmazonEBSCSIDriverPolicy" }
  }
}

data "aws_iam_policy_document" "trust" {
  for_each = { cluster = "eks.amazonaws.com", node = "ec2.amazonaws.com" }

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = [each.value]
    }
  }
}

resource "aws_iam_role" "cluster" {
  name               = "${var.name}-cluster"
  assume_role_policy = data.aws_iam_policy_document.trust["cluster"].json
}

resource "aws_iam_role_policy_attachment" "cluster" {
  role       = aws_iam_role.cluster.name
  policy_arn = "${local.managed_policies}/AmazonEKSClusterPolicy"
}

# The control plane wraps Kubernetes secrets in our key under this role.
resource "aws_iam_role_policy" "cluster_secrets" {
  name   = "secrets"
  role   = aws_iam_role.cluster.id
  policy = data.aws_iam_policy_document.cluster_secrets.json
}

data "aws_iam_policy_document" "cluster_secrets" {
  statement {
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey", "kms:ListGrants"]
    resources = [var.kms_key_arn]
  }
}

resource "aws_iam_role" "node" {
  name               = "${var.name}-node"
  assume_role_policy = data.aws_iam_policy_document.trust["node"].json
}

# The CNI policy is here too: the first node starts before the add-on has its own role.
resource "aws_iam_role_policy_attachment" "node" {
  for_each = toset(["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryReadOnly", "AmazonEKS_CNI_Policy", "AmazonSSMManagedInstanceCore"])

  role       = aws_iam_role.node.name
  policy_arn = "${local.managed_policies}/${each.key}"
}

data "aws_iam_policy_document" "addon_trust" {
  for_each = { for addon, needs in local.addon_accounts : addon => needs if contains(keys(var.addons), addon) }

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.this.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = ["system:serviceaccount:kube-system:${each.value.account}"]
    }
  }
}

resource "aws_iam_role" "addon" {
  for_each = data.aws_iam_policy_document.addon_trust

  name               = "${var.name}-${each.key}"
  assume_role_policy = each.value.json
}

resource "aws_iam_role_policy_attachment" "addon" {
  for_each = aws_iam_role.addon

  role       = each.value.name
  policy_arn = "${local.managed_policies}/${local.addon_accounts[each.key].policy}"
}
