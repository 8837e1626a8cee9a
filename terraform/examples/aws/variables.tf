variable "region" {
  description = "Region of everything."
  type        = string
}

variable "name" {
  description = "Name of this installation."
  type        = string
  default     = "datacrowd"
}

variable "vpc_id" {
  description = "VPC of the cluster."
  type        = string
}

variable "private_subnet_ids" {
  description = "Private subnets in at least two availability zones."
  type        = list(string)
}

variable "node_security_group_id" {
  description = "Security group of the cluster's nodes."
  type        = string
}

variable "oidc_provider_arn" {
  description = "ARN of the IAM OIDC provider of the EKS cluster."
  type        = string
}

variable "kms_key_arn" {
  description = "KMS key for storage, objects and secrets."
  type        = string
}

variable "bucket" {
  description = "Name of the bucket; unique in the world."
  type        = string
}

variable "host" {
  description = "Host name of the API."
  type        = string
}

variable "image_registry" {
  description = "Where the images are, without a slash at the end."
  type        = string
}

variable "image_tag" {
  description = "Their tag."
  type        = string
}

variable "disposable" {
  description = "Whether everything, data included, may be destroyed: no final snapshot, no deletion protection, no recovery window."
  type        = bool
  default     = false
}
