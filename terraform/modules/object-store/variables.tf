variable "bucket" {
  description = "Name of the bucket."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "bucket must be 3 to 63 lower-case letters, digits and hyphens: a dot breaks TLS to it."
  }
}

variable "kms_key_arn" {
  description = "KMS key for the objects."
  type        = string

  validation {
    condition     = startswith(var.kms_key_arn, "arn:")
    error_message = "kms_key_arn must be the ARN of a key."
  }
}

variable "log_bucket" {
  description = "Bucket for access logs; no logs when empty."
  type        = string
  default     = ""
}

variable "download_origins" {
  description = "Web origins from which browsers may fetch presigned URLs."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for origin in var.download_origins : can(regex("^https://[^/*]+$", origin))])
    error_message = "download_origins must be like https://datacrowd.example.com: https, no path, no wildcard."
  }
}

variable "noncurrent_days" {
  description = "Days for which a deleted or overwritten object can be brought back."
  type        = number
  default     = 30

  validation {
    condition     = var.noncurrent_days >= 1
    error_message = "noncurrent_days must be at least 1."
  }
}

variable "force_destroy" {
  description = "Whether a destroyed bucket takes its objects with it. Only for installations that may be lost."
  type        = bool
  default     = false
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}
}
