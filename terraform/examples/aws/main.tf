# Everything DataCrowd Lab needs beside a cluster. The cluster is yours: its VPC,
# its OIDC provider and a KMS key are inputs.

locals {
  namespace = "datacrowd-system"
}

module "postgres" {
  source = "../../modules/postgres"

  name                       = var.name
  vpc_id                     = var.vpc_id
  subnet_ids                 = var.private_subnet_ids
  allowed_security_group_ids = [var.node_security_group_id]
  kms_key_arn                = var.kms_key_arn
  deletion_protection        = !var.disposable
  skip_final_snapshot        = var.disposable
}

module "object_store" {
  source = "../../modules/object-store"

  bucket           = var.bucket
  kms_key_arn      = var.kms_key_arn
  download_origins = ["https://${var.host}"]
  force_destroy    = var.disposable
}

module "secrets" {
  source = "../../modules/secrets"

  name                 = var.name
  region               = var.region
  namespace            = local.namespace
  kms_key_arn          = var.kms_key_arn
  postgres_address     = module.postgres.address
  postgres_port        = module.postgres.port
  master_secret_arn    = module.postgres.master_secret_arn
  recovery_window_days = var.disposable ? 0 : 30
}

module "api_server_identity" {
  source = "../../modules/workload-identity"

  name              = "${var.name}-api-server"
  oidc_provider_arn = var.oidc_provider_arn
  namespace         = local.namespace
  service_account   = "datacrowd-api-server"
  policy_json       = module.object_store.policy_json
}

module "external_secrets_identity" {
  source = "../../modules/workload-identity"

  name              = "${var.name}-external-secrets"
  oidc_provider_arn = var.oidc_provider_arn
  namespace         = local.namespace
  service_account   = module.secrets.service_account
  policy_json       = module.secrets.read_policy_json
}
