output "helm_values" {
  description = "For helm install: terraform output -raw helm_values > values.yaml"
  value = yamlencode({
    postgres = {
      # Bundle of the region's certificate authorities: README.md.
      tls = { mode = "verify-full", caSecret = "datacrowd-postgres-ca" }
    }
    objectStore = {
      bucket = module.object_store.bucket
      region = var.region
    }
    apiServer = {
      image          = "${var.image_registry}/datacrowd-api-server:${var.image_tag}"
      existingSecret = "datacrowd-api-server"
      totpSecret     = "datacrowd-totp"
      serviceAccount = { annotations = module.api_server_identity.annotations }
    }
    migrations = {
      existingSecret = "datacrowd-migrations"
    }
    operator = {
      image          = "${var.image_registry}/datacrowd-operator:${var.image_tag}"
      existingSecret = "datacrowd-operator"
    }
    runner = {
      image = "${var.image_registry}/datacrowd-runner:${var.image_tag}"
    }
    inference = {
      image = "${var.image_registry}/datacrowd-inference:${var.image_tag}"
    }
    ingress = {
      enabled = true
      host    = var.host
    }
  })
}

output "manifests" {
  description = "For kubectl apply, before Helm: terraform output -raw manifests"
  value = join("---\n", [for object in concat(
    [{
      apiVersion = "v1"
      kind       = "ServiceAccount"
      metadata = {
        name        = module.secrets.service_account
        namespace   = local.namespace
        annotations = module.external_secrets_identity.annotations
      }
    }],
    module.secrets.manifests,
  ) : yamlencode(object)])
}

output "postgres_address" {
  description = "Host name of Postgres."
  value       = module.postgres.address
}

output "postgres_security_group_id" {
  description = "Security group of Postgres, to let in what the cluster's nodes do not cover."
  value       = module.postgres.security_group_id
}

output "bucket_arn" {
  description = "ARN of the bucket."
  value       = module.object_store.arn
}

output "secret_names" {
  description = "Names in Secrets Manager."
  value       = module.secrets.secret_names
}

output "api_server_role_arn" {
  description = "Role of the API server."
  value       = module.api_server_identity.role_arn
}
