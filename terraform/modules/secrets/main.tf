# Secrets are made here and written to Secrets Manager without ever being in a
# plan or a state file: ephemeral values, write-only arguments. Into the cluster
# they come by External Secrets.

locals {
  contexts = ["auth", "core", "payments", "notifications"]
  roles    = setproduct(local.contexts, ["owner", "app"])

  password = { for name, made in ephemeral.aws_secretsmanager_random_password.role : name => made.random_password }
  url = {
    for role in local.roles : "${role[0]}_${role[1]}" => join("", [
      "postgres://${role[0]}_${role[1]}:", local.password["${role[0]}_${role[1]}"],
      "@${var.postgres_address}:${var.postgres_port}/${role[0]}",
    ])
  }

  # What each Secret of the chart contains: charts/datacrowd/values.yaml.
  contents = {
    api-server = merge(
      { for context in local.contexts : "${upper(context)}_DATABASE_URL" => local.url["${context}_app"] },
      {
        DATACROWD_INTERNAL_TOKEN = ephemeral.aws_secretsmanager_random_password.application["internal_token"].random_password
        DATACROWD_JWT_SECRET     = ephemeral.aws_secretsmanager_random_password.application["jwt_secret"].random_password
        DATACROWD_ADMIN_PASSWORD = ephemeral.aws_secretsmanager_random_password.application["admin_password"].random_password
      },
    )
    # Of their own: what is sealed under them is lost with them, so they are not replaced with the others.
    totp       = { DATACROWD_TOTP_KEY = ephemeral.aws_secretsmanager_random_password.application["totp_key"].random_password }
    webhooks   = { DATACROWD_WEBHOOK_KEY = ephemeral.aws_secretsmanager_random_password.application["webhook_key"].random_password }
    migrations = { for context in local.contexts : "${upper(context)}_OWNER_DATABASE_URL" => local.url["${context}_owner"] }
    operator   = { DATACROWD_INTERNAL_TOKEN = ephemeral.aws_secretsmanager_random_password.application["internal_token"].random_password }
    # For dev/platform/provision.sql.
    provision = { for role in local.roles : "${upper(role[0])}_${upper(role[1])}_PASSWORD" => local.password["${role[0]}_${role[1]}"] }
  }

  # The names, known before the contents are.
  names = toset(["api-server", "migrations", "operator", "provision", "totp", "webhooks"])
}

# Letters and digits only: they stand in URLs.
ephemeral "aws_secretsmanager_random_password" "role" {
  for_each = toset([for role in local.roles : "${role[0]}_${role[1]}"])

  password_length     = 40
  exclude_punctuation = true
}

ephemeral "aws_secretsmanager_random_password" "application" {
  for_each = toset(["internal_token", "jwt_secret", "admin_password", "totp_key", "webhook_key"])

  password_length     = 48
  exclude_punctuation = true
}

resource "aws_secretsmanager_secret" "this" {
  #checkov:skip=CKV2_AWS_57:Rotation replaces several secrets at once and restarts pods: secrets_version, docs/deploy.md
  for_each = local.names

  name                    = "${var.name}/${each.key}"
  description             = "DataCrowd Lab: ${each.key}"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.recovery_window_days
  tags                    = var.tags
}

resource "aws_secretsmanager_secret_version" "this" {
  for_each = local.names

  secret_id                = aws_secretsmanager_secret.this[each.key].id
  secret_string_wo         = jsonencode(local.contents[each.key])
  secret_string_wo_version = contains(["totp", "webhooks"], each.key) ? 1 : var.secrets_version
}
