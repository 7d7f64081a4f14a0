// SPDX-License-Identifier: Apache-2.0
/*
 * The tables of vocabulary.h. Each row's fact is from the runtime's own
 * source or packaging, named beside it.
 */
#include "sockprobe/vocabulary.h"

#include <stddef.h>
#include <string.h>

#include "sockprobe/util.h"

const struct known_socket known_sockets[] = {
	/* moby: client/client_unix.go, contrib/init/systemd/docker.socket */
	{ "/run/docker.sock", "docker" },
	{ "/run/user/*/docker.sock", "docker" },
	/* moby: daemon/command/daemon.go, the containerd that dockerd starts */
	{ "/run/docker/containerd/containerd.sock", "docker-containerd" },
	{ "/run/docker/containerd/containerd.sock.ttrpc", "docker-containerd" },
	/* containerd: defaults/defaults_linux.go */
	{ "/run/containerd/containerd.sock", "containerd" },
	{ "/run/containerd/containerd.sock.ttrpc", "containerd" },
	/* cri-o: pkg/config/config_unix.go */
	{ "/run/crio/crio.sock", "cri-o" },
	/* Mirantis/cri-dockerd: cmd/cri/options/options.go */
	{ "/run/cri-dockerd.sock", "cri-dockerd" },
	/* amazon-eks-ami and bottlerocket keep a link of this name */
	{ "/run/dockershim.sock", "dockershim" },
	/* podman: contrib/systemd/system/podman.socket */
	{ "/run/podman/podman.sock", "podman" },
	{ "/run/user/*/podman/podman.sock", "podman" },
	/* moby/buildkit: util/appdefaults */
	{ "/run/buildkit/buildkitd.sock", "buildkit" },
	{ "/run/user/*/buildkit/buildkitd.sock", "buildkit" },
	/* k3s and RKE2 share the path */
	{ "/run/k3s/containerd/containerd.sock", "k3s" },
	{ "/run/k3s/containerd/containerd.sock.ttrpc", "k3s" },
	/* canonical/microk8s: default-args/containerd */
	{ "/var/snap/microk8s/common/run/containerd.sock", "microk8s" },
	{ "/var/snap/microk8s/common/run/containerd.sock.ttrpc", "microk8s" },
	/* k0s, and where its older versions put it */
	{ "/run/k0s/containerd.sock", "k0s" },
	{ "/run/k0s/containerd.sock.ttrpc", "k0s" },
	{ "/var/lib/k0s/run/containerd.sock", "k0s" },
	{ "/run/isulad.sock", "isulad" },
	{ "/run/firecracker-containerd/containerd.sock",
	  "firecracker-containerd" },
	/* bottlerocket-core-kit: packages/host-ctr */
	{ "/run/host-containerd/containerd.sock", "host-containerd" },
	{ "/run/host-containerd/containerd.sock.ttrpc", "host-containerd" },
	/* amazon-eks-ami: nodeadm's containerd template */
	{ "/run/soci-snapshotter-grpc/soci-snapshotter-grpc.sock",
	  "soci-snapshotter" },
	{ NULL, NULL },
};

const struct cgroup_form cgroup_forms[] = {
	/* containerd CRI, systemd driver: internal/cri/server/helpers.go */
	{ "containerd", "cri-containerd-", ".scope", NULL, false, false },
	/* cri-o, both drivers */
	{ "cri-o", "crio-conmon-", ".scope", NULL, true, false },
	{ "cri-o", "crio-conmon-", "", NULL, true, false },
	{ "cri-o", "crio-", ".scope", NULL, false, false },
	{ "cri-o", "crio-", "", NULL, false, false },
	/* dockerd, systemd driver */
	{ "docker", "docker-", ".scope", NULL, false, false },
	/* podman */
	{ "podman", "libpod-conmon-", ".scope", NULL, true, false },
	{ "podman", "libpod-conmon-", "", NULL, true, false },
	{ "podman", "libpod-payload-", "", NULL, false, false },
	{ "podman", "libpod-", ".scope", NULL, false, false },
	{ "podman", "libpod-", "", NULL, false, false },
	/* cgroupfs driver: the bare id below a directory of the manager's */
	{ "docker", "", "", "docker", false, false },
	{ "kubernetes", "", "", "pod", false, true },
	{ "containerd", "", "", "*", false, true },
	{ NULL, NULL, NULL, NULL, false, false },
};

#define TASK_DIR "/io.containerd.runtime.v2.task/*/%"
#define STORAGE "/var/lib/containers/storage"

const struct record_place record_places[] = {
	/* moby: daemon/container/container.go */
	{ "docker", "/var/lib/docker/containers/%", "config.v2.json",
	  RECORD_DOCKER },
	{ "docker", "/var/lib/docker/containers/%", "hostconfig.json",
	  RECORD_DOCKER_HOST },
	/* containerd: core/runtime/v2/bundle.go, one state folder an instance */
	{ "containerd", "/run/containerd" TASK_DIR, "config.json", RECORD_OCI },
	{ "docker-containerd", "/run/docker/containerd/daemon" TASK_DIR,
	  "config.json", RECORD_OCI },
	{ "k3s", "/run/k3s/containerd" TASK_DIR, "config.json", RECORD_OCI },
	{ "k0s", "/run/k0s/containerd" TASK_DIR, "config.json", RECORD_OCI },
	{ "microk8s", "/var/snap/microk8s/common/run/containerd" TASK_DIR,
	  "config.json", RECORD_OCI },
	{ "host-containerd", "/run/host-containerd" TASK_DIR, "config.json",
	  RECORD_OCI },
	/* containers/storage, for podman and cri-o, root's and the users' */
	{ "containers-storage", STORAGE "/overlay-containers",
	  "containers.json", RECORD_STORAGE_INDEX },
	{ "containers-storage", STORAGE "/vfs-containers", "containers.json",
	  RECORD_STORAGE_INDEX },
	{ "containers-storage",
	  "/home/*/.local/share/containers/storage/overlay-containers",
	  "containers.json", RECORD_STORAGE_INDEX },
	{ "containers-storage",
	  "/home/*/.local/share/containers/storage/vfs-containers",
	  "containers.json", RECORD_STORAGE_INDEX },
	{ "containers-storage", STORAGE "/overlay-containers/%/userdata",
	  "config.json", RECORD_OCI },
	{ "containers-storage", STORAGE "/vfs-containers/%/userdata",
	  "config.json", RECORD_OCI },
	{ "containers-storage",
	  "/run/containers/storage/overlay-containers/%/userdata",
	  "config.json", RECORD_OCI },
	{ "containers-storage",
	  "/home/*/.local/share/containers/storage/overlay-containers/%/userdata",
	  "config.json", RECORD_OCI },
	{ "containers-storage",
	  "/home/*/.local/share/containers/storage/vfs-containers/%/userdata",
	  "config.json", RECORD_OCI },
	{ NULL, NULL, NULL, RECORD_OCI },
};

const struct kubelet_place kubelet_places[] = {
	/* amazon-eks-ami: nodeadm (AL2023) and bootstrap.sh (AL2) */
	{ "/etc/kubernetes/kubelet/config.json", KUBELET_JSON },
	{ "/etc/kubernetes/kubelet/config.json.d/*", KUBELET_JSON },
	{ "/etc/kubernetes/kubelet/kubelet-config.json", KUBELET_JSON },
	/* kubeadm */
	{ "/var/lib/kubelet/config.yaml", KUBELET_YAML },
	{ "/var/lib/kubelet/kubeadm-flags.env", KUBELET_FLAGS },
	/* bottlerocket */
	{ "/etc/kubernetes/kubelet/config", KUBELET_YAML },
	/* systemd drop-ins that carry the flag, as AL2's bootstrap.sh writes */
	{ "/etc/systemd/system/kubelet.service.d/*", KUBELET_FLAGS },
	{ NULL, KUBELET_JSON },
};

const char *known_basename(const char *basename)
{
	for (const struct known_socket *known = known_sockets; known->path;
	     known++) {
		if (strcmp(path_basename(known->path), basename) == 0)
			return known->runtime;
	}
	return NULL;
}
