output "secret_names" {
  description = "Names in Secrets Manager, by part."
  value       = { for part, secret in aws_secretsmanager_secret.this : part => secret.name }
}

output "read_policy_json" {
  description = "IAM policy for External Secrets: reads these secrets, and nothing else."
  value = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Read"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
        Resource = concat([for secret in aws_secretsmanager_secret.this : secret.arn], [var.master_secret_arn])
      },
      {
        Sid      = "Key"
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = var.kms_key_arn
      },
    ]
  })
}

output "service_account" {
  description = "ServiceAccount whose role External Secrets takes."
  value       = "datacrowd-external-secrets"
}

output "manifests" {
  description = "Objects for kubectl: a SecretStore, and an ExternalSecret for each Secret that the chart needs."
  value = concat(
    [{
      apiVersion = "external-secrets.io/v1"
      kind       = "SecretStore"
      metadata   = { name = "datacrowd", namespace = var.namespace }
      spec = {
        provider = {
          aws = {
            service = "SecretsManager"
            region  = var.region
            auth    = { jwt = { serviceAccountRef = { name = "datacrowd-external-secrets" } } }
          }
        }
      }
    }],
    # The chart reads the key of webhooks from the Secret of the API server: that is made of two.
    [for part, keys in merge(
      { for part, secret in aws_secretsmanager_secret.this : part => [secret.name] if part != "webhooks" },
      { api-server = [for part in ["api-server", "webhooks"] : aws_secretsmanager_secret.this[part].name] },
      { master = [var.master_secret_arn] },
      ) : {
      apiVersion = "external-secrets.io/v1"
      kind       = "ExternalSecret"
      metadata   = { name = "datacrowd-${part}", namespace = var.namespace }
      spec = {
        refreshInterval = "1h"
        secretStoreRef  = { kind = "SecretStore", name = "datacrowd" }
        target          = { name = "datacrowd-${part}" }
        dataFrom        = [for key in keys : { extract = { key = key } }]
      }
    }],
  )
}
