# Packer: an EKS node AMI of Amazon Linux 2023 with sockprobe in it.
# packer build -var rpm_dir=build/rpm/RPMS packaging/ami/sockprobe.pkr.hcl

packer {
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = ">= 1.3.0"
    }
  }
}

variable "rpm_dir" {
  type        = string
  description = "Where make rpm put the packages: a folder per architecture"
}

variable "kubernetes_version" {
  type    = string
  default = "1.33"
}

variable "arch" {
  type    = string
  default = "x86_64"
}

variable "instance_type" {
  type    = string
  default = "t3.medium" # t4g.medium for arm64
}

variable "enable_timer" {
  type        = bool
  description = "Evidence once a day from the first boot on"
  default     = false
}

locals {
  # EKS says arm64 where rpm says aarch64.
  rpm_arch = var.arch == "arm64" ? "aarch64" : var.arch
}

data "amazon-parameterstore" "eks" {
  name = "/aws/service/eks/optimized-ami/${var.kubernetes_version}/amazon-linux-2023/${var.arch}/standard/recommended/image_id"
}

source "amazon-ebs" "node" {
  ami_name      = "eks-node-sockprobe-${var.kubernetes_version}-${var.arch}-{{timestamp}}"
  instance_type = var.instance_type
  source_ami    = data.amazon-parameterstore.eks.value
  ssh_username  = "ec2-user"
}

build {
  sources = ["source.amazon-ebs.node"]

  provisioner "file" {
    source      = "${var.rpm_dir}/${local.rpm_arch}/"
    destination = "/tmp"
  }

  provisioner "shell" {
    inline = [
      "set -eu",
      "sudo dnf install -y /tmp/sockprobe-[0-9]*.rpm",
      "sockprobe --version",
      "${var.enable_timer ? "sudo systemctl enable sockprobe.timer" : "true"}",
      "rm -f /tmp/sockprobe-*.rpm",
    ]
  }
}
