# A role for the pods of one ServiceAccount, by the cluster's own tokens: no key
# exists that could leak.

locals {
  # What follows "oidc-provider/" is the issuer without its scheme.
  issuer = split("oidc-provider/", var.oidc_provider_arn)[1]
}

resource "aws_iam_role" "this" {
  name                 = var.name
  max_session_duration = 3600
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = var.oidc_provider_arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "${local.issuer}:aud" = "sts.amazonaws.com"
          "${local.issuer}:sub" = "system:serviceaccount:${var.namespace}:${var.service_account}"
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name   = "access"
  role   = aws_iam_role.this.id
  policy = var.policy_json
}
