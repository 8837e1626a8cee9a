variable "name" {
  description = "Beginning of the names of the secrets."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,40}[a-z0-9]$", var.name))
    error_message = "name must be 2 to 42 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "kms_key_arn" {
  description = "KMS key for the secrets."
  type        = string

  validation {
    condition     = startswith(var.kms_key_arn, "arn:")
    error_message = "kms_key_arn must be the ARN of a key."
  }
}

variable "postgres_address" {
  description = "Host name of Postgres."
  type        = string
}

variable "postgres_port" {
  description = "Port of Postgres."
  type        = number
  default     = 5432
}

variable "master_secret_arn" {
  description = "Secret with Postgres' master username and password, for making databases and roles."
  type        = string
}

variable "secrets_version" {
  description = "Raise it to replace every secret but the keys of second steps and of webhooks. Then make the roles again and restart: docs/deploy.md."
  type        = number
  default     = 1

  validation {
    condition     = var.secrets_version >= 1 && floor(var.secrets_version) == var.secrets_version
    error_message = "secrets_version must be a whole number from 1."
  }
}

variable "namespace" {
  description = "Namespace of the installation."
  type        = string
  default     = "datacrowd-system"
}

variable "region" {
  description = "Region of the secrets."
  type        = string
}

variable "recovery_window_days" {
  description = "Days for which a deleted secret can be brought back; 0 deletes at once."
  type        = number
  default     = 30

  validation {
    condition     = var.recovery_window_days == 0 || (var.recovery_window_days >= 7 && var.recovery_window_days <= 30)
    error_message = "recovery_window_days must be 0 or 7 to 30."
  }
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}
}
