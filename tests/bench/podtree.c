// SPDX-License-Identifier: Apache-2.0
/*
 * Makes a node as full as requested, cheaply. A pod has two containers and four
 * processes; each container has mount and pid namespaces, a cgroup, 40 mounts
 * and a record as containerd writes it; each pod has a network namespace; one
 * pod in five has a client of the runtime's socket. Run as root on the test
 * node; it ends with the node.
 *
 * Usage: podtree CGROUPS PODS. Prints "client PID POD" for each connection, as
 * the listener's SO_PEERCRED shows it, then "ready".
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOCKET "/run/containerd/containerd.sock"
#define TASKS "/run/containerd/io.containerd.runtime.v2.task/k8s.io"
#define ROOTFS "/run/podtree/rootfs"
#define SEEN                                                                   \
	"/host/run/containerd" /* the runtime's directory in a client's pod */

enum {
	MOUNTS = 40,
	ONE_CLIENT_IN = 5,
	LEAST_FDS = 20,
	MOST_FDS = 200,
	APP_PROCESSES = 3,
	AT_ONCE = 8, /* pods being made at the same time */
};

/*
 * The mounts that runc makes for a container, beside its root and the filler.
 */
static const struct {
	const char *source; /* NULL: a new file system of this type */
	const char *target;
	const char *type;
} mounts[] = {
	{ NULL, "/proc", "proc" },
	{ NULL, "/dev", "tmpfs" },
	{ NULL, "/dev/pts", "devpts" },
	{ NULL, "/dev/shm", "tmpfs" },
	{ NULL, "/dev/mqueue", "mqueue" },
	{ "/sys", "/sys", NULL },
	{ "/run/podtree/file", "/etc/hosts", NULL },
	{ "/run/podtree/file", "/etc/hostname", NULL },
	{ "/run/podtree/file", "/etc/resolv.conf", NULL },
	{ "/run/podtree/file", "/proc/interrupts", NULL },
	{ "/run/podtree/file", "/proc/devices", NULL },
	{ "/run/podtree/file", "/proc/partitions", NULL },
	{ NULL, "/proc/fs", "tmpfs" },
	{ "/proc/irq", "/proc/irq", NULL },
	{ "/proc/sys", "/proc/sys", NULL },
	{ "/proc/tty", "/proc/tty", NULL },
	{ NULL, "/var/run/secrets", "tmpfs" },
};

static void make_dirs(const char *path)
{
	char copy[512];

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *at = copy + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			err(1, "%s", copy);
		*at = '/';
	}
	if (mkdir(copy, 0755) < 0 && errno != EEXIST)
		err(1, "%s", copy);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		err(1, "%s", path);
	close(fd);
}

static void make_rootfs(void)
{
	char path[512];

	make_dirs(ROOTFS SEEN);
	make_dirs(ROOTFS "/old");
	make_dirs(ROOTFS "/proc");
	make_dirs(ROOTFS "/sys");
	make_dirs(ROOTFS "/etc");
	make_dirs(ROOTFS "/dev");
	make_dirs(ROOTFS "/var/run/secrets");
	write_file("/run/podtree/file", "x\n");
	write_file(ROOTFS "/etc/hosts", "");
	write_file(ROOTFS "/etc/hostname", "");
	write_file(ROOTFS "/etc/resolv.conf", "");
	for (int i = 0; i < MOUNTS; i++) {
		snprintf(path, sizeof(path), ROOTFS "/config/%d", i);
		make_dirs(path);
	}
}

/* ---- one container ---- */

struct container {
	int pod;
	bool app;
	const char *cgroups;
	char id[65];
	char uid[40];
};

static bool has_client(int pod)
{
	return pod % ONE_CLIENT_IN == 0;
}

static struct container describe(const char *cgroups, int pod, bool app)
{
	struct container made = { .pod = pod, .app = app, .cgroups = cgroups };

	snprintf(made.id, sizeof(made.id), "%064x", pod * 2 + app + 1);
	snprintf(made.uid, sizeof(made.uid), "%08x-0000-4000-8000-%012x", pod,
		 pod);
	return made;
}

/*
 * runc's config.json as containerd's CRI plugin writes it, with the members
 * that sockprobe reads.
 */
static void write_record(const struct container *c)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), TASKS "/%s", c->id);
	make_dirs(path);
	snprintf(path, sizeof(path), TASKS "/%s/config.json", c->id);
	file = fopen(path, "w");
	if (!file)
		err(1, "%s", path);
	fprintf(file,
		"{\"ociVersion\":\"1.1.0\",\"process\":{\"user\":{\"uid\":0,\"gid\":0},"
		"\"args\":[\"/app\"],\"capabilities\":{\"bounding\":[\"CAP_CHOWN\"]}},"
		"\"annotations\":{\"io.kubernetes.cri.container-type\":\"%s\","
		"\"io.kubernetes.cri.sandbox-id\":\"%064x\","
		"\"io.kubernetes.cri.sandbox-name\":\"pod-%d\","
		"\"io.kubernetes.cri.sandbox-namespace\":\"bench\","
		"\"io.kubernetes.cri.sandbox-uid\":\"%s\"",
		c->app ? "container" : "sandbox", c->pod * 2 + 1, c->pod,
		c->uid);
	if (c->app)
		fprintf(file,
			",\"io.kubernetes.cri.container-name\":\"app\","
			"\"io.kubernetes.cri.image-name\":\"registry.example/app:1\"");
	fprintf(file, "},\"mounts\":[");
	if (c->app && has_client(c->pod))
		fprintf(file,
			"{\"destination\":\"" SEEN "\",\"type\":\"bind\","
			"\"source\":\"/run/containerd\",\"options\":[\"rbind\"]},");
	for (int i = 0; i < MOUNTS; i++)
		fprintf(file,
			"%s{\"destination\":\"/config/%d\",\"type\":\"bind\",\"source\":"
			"\"/var/lib/kubelet/pods/%s/volumes/config-%d\",\"options\":"
			"[\"rbind\",\"rprivate\",\"ro\"]}",
			i ? "," : "", i, c->uid, i);
	fprintf(file,
		"],\"linux\":{\"cgroupsPath\":\"/kubepods/besteffort/pod%s/%s\"}}\n",
		c->uid, c->id);
	if (fclose(file))
		err(1, "%s", path);
}

static void join_cgroup(const struct container *c)
{
	char path[768];

	snprintf(path, sizeof(path), "%s/kubepods/besteffort/pod%s/%s",
		 c->cgroups, c->uid, c->id);
	make_dirs(path);
	strcat(path, "/cgroup.procs");
	write_file(path, "0");
}

static void mount_one(const char *source, const char *target, const char *type)
{
	char path[512];

	snprintf(path, sizeof(path), ROOTFS "%s", target);
	if (type && strcmp(type, "tmpfs") != 0)
		mkdir(path, 0755);
	if (mount(source ? source : type, path, type, source ? MS_BIND : 0,
		  NULL) < 0)
		err(1, "mount on %s", target);
	/* Mount points that the mounts below need. */
	if (strcmp(target, "/dev") == 0) {
		make_dirs(ROOTFS "/dev/pts");
		make_dirs(ROOTFS "/dev/shm");
		make_dirs(ROOTFS "/dev/mqueue");
	}
}

/* Makes exactly MOUNTS mounts, including the root. */
static void make_mounts(const struct container *c)
{
	char path[64];
	int n = 1;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(ROOTFS, ROOTFS, NULL, MS_BIND, NULL) < 0)
		err(1, "root");
	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++, n++)
		mount_one(mounts[i].source, mounts[i].target, mounts[i].type);
	if (c->app && has_client(c->pod)) {
		mount_one("/run/containerd", SEEN, NULL);
		n++;
	}
	for (; n < MOUNTS; n++) {
		snprintf(path, sizeof(path), "/config/%d", n);
		mount_one("/run/podtree", path, NULL);
	}
	if (chdir(ROOTFS) < 0 || syscall(SYS_pivot_root, ".", "old") < 0 ||
	    umount2("/old", MNT_DETACH) < 0 || chdir("/") < 0)
		err(1, "pivot_root");
}

/* A mix of descriptors as programs have it: files, pipes, a few sockets. */
static void open_fds(int pod, int process)
{
	int n = LEAST_FDS +
		(pod * 37 + process * 71) % (MOST_FDS - LEAST_FDS + 1);
	int pair[2];

	for (int i = 3; i < n; i++) {
		if (i % 16 == 0 && ++i < n)
			socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
		else if (i % 4 == 0 && ++i < n)
			(void)!pipe(pair);
		else
			(void)!open("/etc/hosts", O_RDONLY);
	}
}

static int dial(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		err(1, "%s", path);
	return fd;
}

/* The capabilities that runc leaves by default, as the record has them. */
static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3,
						   0 };
	struct __user_cap_data_struct data[2] = { { 1, 1, 0 }, { 0, 0, 0 } };

	if (syscall(SYS_capset, &header, data) < 0)
		err(1, "capset");
}

__attribute__((noreturn)) static void live(const struct container *c,
					   int process)
{
	char name[16];

	snprintf(name, sizeof(name), "%s-%d", c->app ? "app" : "pause", c->pod);
	prctl(PR_SET_NAME, name);
	drop_capabilities();
	if (c->app)
		open_fds(c->pod, process);
	if (c->app && process == APP_PROCESSES - 1 && has_client(c->pod)) {
		int fd = dial(SEEN "/containerd.sock");

		if (write(fd, &c->pod, sizeof(c->pod)) != sizeof(c->pod))
			err(1, "write");
	}
	for (;;)
		pause();
}

/*
 * The container's first process, which writes to `done` when the container is
 * ready.
 */
__attribute__((noreturn)) static void be_container(const struct container *c,
						   int done)
{
	make_mounts(c);
	if (write(done, "", 1) != 1)
		err(1, "write");
	close(done);
	for (int i = 1; c->app && i < APP_PROCESSES; i++) {
		if (fork() == 0)
			live(c, i);
	}
	live(c, 0);
}

static void start_container(const struct container *c)
{
	int done[2];
	char byte;

	write_record(c);
	if (pipe2(done, O_CLOEXEC) < 0)
		err(1, "pipe");
	if (fork() == 0) {
		close(done[0]);
		join_cgroup(c);
		if (unshare(CLONE_NEWNS | CLONE_NEWPID) < 0)
			err(1, "unshare");
		if (fork() == 0)
			be_container(c, done[1]);
		_exit(0);
	}
	close(done[1]);
	if (read(done[0], &byte, 1) != 1)
		errx(1, "container %s could not be made", c->id);
	close(done[0]);
	wait(NULL);
}

__attribute__((noreturn)) static void make_pod(const char *cgroups, int pod)
{
	if (unshare(CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		err(1, "unshare");
	for (int app = 0; app < 2; app++) {
		struct container c = describe(cgroups, pod, app);

		start_container(&c);
	}
	_exit(0);
}

/* ---- the runtime ---- */

static int serve(int backlog)
{
	struct sockaddr_un address = { AF_UNIX, SOCKET };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(SOCKET, 0660) < 0 || listen(fd, backlog) < 0)
		err(1, SOCKET);
	return fd;
}

/*
 * The kernel is the witness of each connection, by the listener's SO_PEERCRED.
 */
static void accept_clients(int listener, int expected)
{
	for (int i = 0; i < expected; i++) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		struct ucred peer;
		socklen_t size = sizeof(peer);
		int pod;

		if (fd < 0 || read(fd, &pod, sizeof(pod)) != sizeof(pod) ||
		    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
			err(1, "accept");
		printf("client %d %d\n", peer.pid, pod);
	}
}

int main(int argc, char *argv[])
{
	struct rlimit files = { 65536, 65536 };
	int pods = argc == 3 ? atoi(argv[2]) : 0;
	int listener;

	if (pods <= 0)
		errx(64, "usage: podtree CGROUPS PODS");
	setrlimit(RLIMIT_NOFILE, &files);
	make_dirs("/run/containerd");
	make_rootfs();
	prctl(PR_SET_NAME, "containerd");
	listener = serve(4096);
	for (int i = 0; i < pods; i++) {
		int status = 0;
		pid_t maker;

		if (i >= AT_ONCE && (wait(&status) < 0 || status))
			errx(1, "a pod could not be made");
		maker = fork();
		if (maker < 0)
			err(1, "fork");
		if (maker == 0) {
			close(listener);
			make_pod(argv[1], i);
		}
	}
	while (wait(NULL) > 0)
		;
	accept_clients(listener, (pods + ONE_CLIENT_IN - 1) / ONE_CLIENT_IN);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
