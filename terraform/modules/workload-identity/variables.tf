variable "name" {
  description = "Name of the role."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.name))
    error_message = "name must be 1 to 64 letters, digits, hyphens and underscores."
  }
}

variable "oidc_provider_arn" {
  description = "ARN of the IAM OIDC provider of the cluster."
  type        = string

  validation {
    condition     = can(regex(":oidc-provider/", var.oidc_provider_arn))
    error_message = "oidc_provider_arn must be the ARN of an IAM OIDC provider."
  }
}

variable "namespace" {
  description = "Namespace of the ServiceAccount."
  type        = string
  default     = "datacrowd-system"
}

variable "service_account" {
  description = "Name of the ServiceAccount; no other can take the role."
  type        = string

  validation {
    condition     = !strcontains(var.service_account, "*") && var.service_account != ""
    error_message = "service_account must be one name: a wildcard would hand the role to everybody."
  }
}

variable "policy_json" {
  description = "IAM policy with what the role may do."
  type        = string

  validation {
    condition     = can(jsondecode(var.policy_json).Statement)
    error_message = "policy_json must be an IAM policy document."
  }
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}
}
