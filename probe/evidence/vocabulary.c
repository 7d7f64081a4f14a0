// SPDX-License-Identifier: Apache-2.0
/*
 * The tables of vocabulary.h. Each fact comes from the runtime's own source or
 * packaging, which is named beside it.
 */
#include "sockprobe/vocabulary.h"

#include <fnmatch.h>
#include <stddef.h>
#include <string.h>

#include "sockprobe/util.h"

#define TASK_DIR "/io.containerd.runtime.v2.task/*/%"
#define STORAGE "/var/lib/containers/storage"
#define HOME_STORAGE "/home/*/.local/share/containers/storage"

/* containerd's own sockets; the services behind ttrpc were not examined. */
#define CONTAINERD_SOCKETS(address)                                            \
	{ address, API_NODE_ROOT },                                            \
	{                                                                      \
		address ".ttrpc", API_UNKNOWN                                  \
	}

const struct runtime runtimes[] = {
	{
		.name = "docker",
		.mechanism = "dockerd makes a missing -v source a directory",
		.engines = { "dockerd" },
		/* moby: client/client_unix.go, systemd/docker.socket */
		.sockets = { { "/run/docker.sock", API_NODE_ROOT },
			     { "/run/user/*/docker.sock", API_USER } },
		.cgroups = { /* systemd driver */
			     { "docker-", ".scope", NULL, false },
			     /* cgroupfs driver */
			     { "", "", "docker", false } },
		/* moby: daemon/container/container.go */
		.records = { { "/var/lib/docker/containers/%", "config.v2.json",
			       RECORD_DOCKER },
			     { "/var/lib/docker/containers/%",
			       "hostconfig.json", RECORD_DOCKER_HOST } },
	},
	{
		/* moby: daemon/command/daemon.go, the one that dockerd starts */
		.name = "docker-containerd",
		.engines = { "containerd", "docker-containerd" },
		.sockets = { CONTAINERD_SOCKETS(
			"/run/docker/containerd/containerd.sock") },
		.records = { { "/run/docker/containerd/daemon" TASK_DIR,
			       "config.json", RECORD_OCI } },
	},
	{
		.name = "containerd",
		.mechanism =
			"containerd's CRI plugin makes a missing hostPath source a directory, as the kubelet does for type DirectoryOrCreate",
		.engines = { "containerd" },
		/* defaults/defaults_linux.go */
		.sockets = { CONTAINERD_SOCKETS(
			"/run/containerd/containerd.sock") },
		/* CRI, systemd driver: internal/cri/server/helpers.go */
		.cgroups = { { "cri-containerd-", ".scope", NULL, false } },
		/* internal/cri/annotations/annotations.go */
		.marks = { { "io.kubernetes.cri.container-type", NULL } },
		/* core/runtime/v2/bundle.go, one state folder an instance */
		.records = { { "/run/containerd" TASK_DIR, "config.json",
			       RECORD_OCI } },
	},
	{
		.name = "cri-o",
		.mechanism =
			"CRI-O makes a missing hostPath source a directory",
		.engines = { "crio" },
		/* pkg/config/config_unix.go */
		.sockets = { { "/run/crio/crio.sock", API_NODE_ROOT } },
		/* systemd driver, cgroupfs driver */
		.cgroups = { { "crio-conmon-", ".scope", NULL, true },
			     { "crio-conmon-", "", NULL, true },
			     { "crio-", ".scope", NULL, false },
			     { "crio-", "", NULL, false } },
		/* internal/annotations/annotations.go */
		.marks = { { "io.container.manager", "cri-o" },
			   { "io.kubernetes.cri-o.ContainerType", NULL } },
	},
	{
		/* Mirantis/cri-dockerd: cmd/cri/options/options.go */
		.name = "cri-dockerd",
		.engines = { "cri-dockerd" },
		.sockets = { { "/run/cri-dockerd.sock", API_NODE_ROOT } },
	},
	{
		/* amazon-eks-ami and bottlerocket keep a link of this name */
		.name = "dockershim",
		.engines = { "kubelet", "containerd" },
		.sockets = { { "/run/dockershim.sock", API_NODE_ROOT } },
	},
	{
		.name = "podman",
		/* it refuses a missing mount source */
		.engines = { "podman" },
		/* contrib/systemd/system/podman.socket */
		.sockets = { { "/run/podman/podman.sock", API_NODE_ROOT },
			     { "/run/user/*/podman/podman.sock", API_USER } },
		.cgroups = { { "libpod-conmon-", ".scope", NULL, true },
			     { "libpod-conmon-", "", NULL, true },
			     { "libpod-payload-", "", NULL, false },
			     { "libpod-", ".scope", NULL, false },
			     { "libpod-", "", NULL, false } },
		.marks = { { "io.container.manager", "libpod" } },
	},
	{
		/* moby/buildkit: util/appdefaults */
		.name = "buildkit",
		.engines = { "buildkitd" },
		.sockets = { { "/run/buildkit/buildkitd.sock", API_BUILDS },
			     { "/run/user/*/buildkit/buildkitd.sock",
			       API_BUILDS } },
	},
	{
		/* k3s and RKE2 share the path */
		.name = "k3s",
		.engines = { "containerd", "k3s" },
		.sockets = { CONTAINERD_SOCKETS(
			"/run/k3s/containerd/containerd.sock") },
		.records = { { "/run/k3s/containerd" TASK_DIR, "config.json",
			       RECORD_OCI } },
	},
	{
		/* canonical/microk8s: default-args/containerd */
		.name = "microk8s",
		.engines = { "containerd" },
		.sockets = { CONTAINERD_SOCKETS(
			"/var/snap/microk8s/common/run/containerd.sock") },
		.records = { { "/var/snap/microk8s/common/run/containerd" TASK_DIR,
			       "config.json", RECORD_OCI } },
	},
	{
		.name = "k0s",
		.engines = { "containerd" },
		/* the last is where older versions put it */
		.sockets = { CONTAINERD_SOCKETS("/run/k0s/containerd.sock"),
			     { "/var/lib/k0s/run/containerd.sock",
			       API_NODE_ROOT } },
		.records = { { "/run/k0s/containerd" TASK_DIR, "config.json",
			       RECORD_OCI } },
	},
	{
		.name = "isulad",
		.engines = { "isulad" },
		.sockets = { { "/run/isulad.sock", API_NODE_ROOT } },
	},
	{
		.name = "firecracker-containerd",
		.engines = { "firecracker-containerd", "containerd" },
		.sockets = { { "/run/firecracker-containerd/containerd.sock",
			       API_NODE_ROOT } },
	},
	{
		/* bottlerocket-core-kit: packages/host-ctr */
		.name = "host-containerd",
		.engines = { "containerd" },
		.sockets = { CONTAINERD_SOCKETS(
			"/run/host-containerd/containerd.sock") },
		.records = { { "/run/host-containerd" TASK_DIR, "config.json",
			       RECORD_OCI } },
	},
	{
		/* amazon-eks-ami: nodeadm's containerd template */
		.name = "soci-snapshotter",
		.engines = { "soci-snapshotter-grpc" },
		.sockets = {
			{ "/run/soci-snapshotter-grpc/soci-snapshotter-grpc.sock",
			  API_IMAGES },
		},
	},
	{
		/* a library's store: podman's and cri-o's, root's and users' */
		.name = "containers-storage",
		.records = {
			{ STORAGE "/overlay-containers", "containers.json",
			  RECORD_STORAGE_INDEX },
			{ STORAGE "/vfs-containers", "containers.json",
			  RECORD_STORAGE_INDEX },
			{ HOME_STORAGE "/overlay-containers", "containers.json",
			  RECORD_STORAGE_INDEX },
			{ HOME_STORAGE "/vfs-containers", "containers.json",
			  RECORD_STORAGE_INDEX },
			{ STORAGE "/overlay-containers/%/userdata",
			  "config.json", RECORD_OCI },
			{ STORAGE "/vfs-containers/%/userdata", "config.json",
			  RECORD_OCI },
			{ "/run/containers/storage/overlay-containers/%/userdata",
			  "config.json", RECORD_OCI },
			{ HOME_STORAGE "/overlay-containers/%/userdata",
			  "config.json", RECORD_OCI },
			{ HOME_STORAGE "/vfs-containers/%/userdata",
			  "config.json", RECORD_OCI },
		},
	},
	{ .name = NULL },
};

const struct cgroup_form shared_cgroup_forms[] = {
	/* cgroupfs driver: the bare id, as containerd and dockerd have it */
	{ "", "", NULL, false },
	{ NULL, NULL, NULL, false },
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

const struct runtime *runtime_by_name(const char *name)
{
	for (const struct runtime *runtime = runtimes; runtime->name;
	     runtime++) {
		if (strcmp(runtime->name, name) == 0)
			return runtime;
	}
	return NULL;
}

static const struct runtime_socket *socket_of(const struct runtime *runtime,
					      const char *basename)
{
	for (const struct runtime_socket *socket = runtime->sockets;
	     socket->path; socket++) {
		if (strcmp(path_basename(socket->path), basename) == 0)
			return socket;
	}
	return NULL;
}

static const struct runtime *runtime_by_basename(const char *basename)
{
	for (const struct runtime *runtime = runtimes; runtime->name;
	     runtime++) {
		if (socket_of(runtime, basename))
			return runtime;
	}
	return NULL;
}

const char *known_basename(const char *basename)
{
	const struct runtime *runtime = runtime_by_basename(basename);

	return runtime ? runtime->name : NULL;
}

static const struct runtime_socket *socket_at(const char *path)
{
	if (has_prefix(path, "/var/run/"))
		path += strlen("/var");
	for (const struct runtime *runtime = runtimes; runtime->name;
	     runtime++) {
		for (const struct runtime_socket *socket = runtime->sockets;
		     socket->path; socket++) {
			/* FNM_PERIOD: "*" is not ".." */
			if (fnmatch(socket->path, path,
				    FNM_PATHNAME | FNM_PERIOD) == 0)
				return socket;
		}
	}
	return NULL;
}

enum runtime_api runtime_api(const char *path)
{
	const struct runtime_socket *socket = socket_at(path);
	const char *basename = path_basename(path);

	if (!socket) {
		const struct runtime *runtime = runtime_by_basename(basename);

		socket = runtime ? socket_of(runtime, basename) : NULL;
	}
	return socket ? socket->api : API_UNKNOWN;
}
