variable "name" {
  description = "Name of the instance, and beginning of the names of what belongs to it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,40}[a-z0-9]$", var.name))
    error_message = "name must be 2 to 42 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "vpc_id" {
  description = "VPC of the instance."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets in at least two availability zones."
  type        = list(string)

  validation {
    condition     = length(distinct(var.subnet_ids)) >= 2
    error_message = "subnet_ids must name at least two subnets: the standby lives in another zone."
  }
}

variable "allowed_security_group_ids" {
  description = "Security groups that may connect: the cluster's nodes or pods."
  type        = list(string)

  validation {
    condition     = length(var.allowed_security_group_ids) > 0
    error_message = "allowed_security_group_ids must name a group: nobody else can connect."
  }
}

variable "kms_key_arn" {
  description = "KMS key for storage, backups, performance data and the master password."
  type        = string

  validation {
    condition     = startswith(var.kms_key_arn, "arn:")
    error_message = "kms_key_arn must be the ARN of a key."
  }
}

variable "engine_version" {
  description = "Version of Postgres; a major version alone takes its newest minor one. The platform is tested on 15."
  type        = string
  default     = "15"
}

variable "instance_class" {
  description = "Class of the instance."
  type        = string
  default     = "db.m7g.large"
}

variable "allocated_storage_gib" {
  description = "Storage at the beginning."
  type        = number
  default     = 50
}

variable "max_allocated_storage_gib" {
  description = "What it may grow to by itself."
  type        = number
  default     = 500
}

variable "max_connections" {
  description = "Most connections: API server pods x apiServer.databaseConnections x 4 databases, and some for the dispatcher, tasks and people."
  type        = number
  default     = 500
}

variable "backup_retention_days" {
  description = "Days for which any point in time can be restored."
  type        = number
  default     = 14

  validation {
    condition     = var.backup_retention_days >= 1 && var.backup_retention_days <= 35
    error_message = "backup_retention_days must be 1 to 35: without backups no point in time can be restored."
  }
}

variable "multi_az" {
  description = "Whether a standby in another zone takes over."
  type        = bool
  default     = true
}

variable "deletion_protection" {
  description = "Whether the instance refuses to be deleted."
  type        = bool
  default     = true
}

variable "skip_final_snapshot" {
  description = "Whether a destroyed instance leaves no snapshot. Only for installations that may be lost."
  type        = bool
  default     = false
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}
}
