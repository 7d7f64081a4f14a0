/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one record of a run. Each step fills its own part: collect writes facts,
 * correlate joins them by index, document/build.c makes the typed document of
 * the whole. evidence.arena owns everything. Indexes, not pointers, refer to
 * items of growing lists; NO_INDEX is "none". Coverage has an arena of its own.
 */
#ifndef SOCKPROBE_EVIDENCE_H
#define SOCKPROBE_EVIDENCE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "sockprobe/confinement.h"
#include "sockprobe/coverage.h"
#include "sockprobe/util.h"

#define NO_INDEX SIZE_MAX

/* A fact that may be unknown. Unknown is never treated as no. */
enum tristate { TRI_UNKNOWN, TRI_NO, TRI_YES };

/* ---- what stands at a path ---- */

enum path_kind {
	KIND_SOCKET,
	KIND_DIRECTORY,
	KIND_REGULAR,
	KIND_FIFO,
	KIND_DEVICE,
	KIND_DANGLING_SYMLINK,
	KIND_SYMLINK_LOOP,
	KIND_MISSING,
	KIND_OUTSIDE_VIEW,
	KIND_DENIED,
	KIND_TIMED_OUT,
	KIND_ERROR,
};

enum socket_state {
	STATE_LISTENING,
	STATE_STALE,
	STATE_BOUND,
	STATE_NOT_A_SOCKET,
	STATE_UNKNOWN,
};

struct path_link {
	const char *at;	    /* where the link stands, in the root walked */
	const char *target; /* its text */
};
DEFINE_LIST(path_link_list, struct path_link);

/* Who may search or write one directory of a path. */
struct path_step {
	uint32_t mode;
	uid_t uid;
	gid_t gid;
	bool acl; /* has a POSIX ACL, which the mode does not show */
};
DEFINE_LIST(path_step_list, struct path_step);

struct inode {
	dev_t dev; /* st_dev */
	dev_t sb_dev; /* device of the superblock, as mountinfo has it; 0 unknown */
	uint64_t ino;
	uint64_t mnt_id; /* 0 unknown */
	uint32_t mode;
	uint32_t nlink;
	uid_t uid;
	gid_t gid;
	struct timespec birth; /* tv_sec 0: the file system keeps none */
	struct timespec change;
	struct timespec modify;
	const char *selinux; /* security context, NULL without one */
	bool encrypted;	     /* fscrypt: its names may vanish with a key */
};

/*
 * One entry that a walk passed: a directory, a link, the object at the end, or
 * the name that is not there. What dates it is its directory's change time and,
 * on some file systems, its own.
 */
struct way_step {
	const char *at; /* in the root walked: "/var/run" */
	bool link;
	bool absent;	       /* nothing bears the name */
	bool last;	       /* the last of all that was to be walked */
	struct inode entry;    /* identity and times; empty where absent */
	struct inode parent;   /* the same, of the directory that holds it */
	uint32_t parent_magic; /* f_type of the parent's file system; 0 unknown */
};
DEFINE_LIST(way_step_list, struct way_step);

/* A path walked inside a root: the outcome and how it was reached. */
struct path_look {
	enum path_kind kind;
	int err;	      /* errno of KIND_DENIED and KIND_ERROR, else 0 */
	const char *resolved; /* canonical, in the root walked; NULL unresolved */
	struct path_link_list links;
	struct path_step_list steps; /* each directory searched, from the root */
	bool steps_cut;		     /* more than are kept */
	struct way_step_list way;    /* each entry passed, in order */
	bool way_cut;		     /* more than are kept */
	struct inode inode;	     /* valid where something stands there */
	/*
	 * With KIND_MISSING: the newest change of any directory and link that
	 * was walked. The name has been missing since then. tv_sec 0: not
	 * known.
	 */
	struct timespec absent_since;
	bool times_foreign; /* reported by a FUSE or network file system */
	uint64_t entries;   /* of a directory */
	bool entries_cut;
	enum tristate entries_known;
};

enum path_listing {
	FROM_TABLE,
	FROM_KUBELET,
	FROM_OPTION,
	FROM_KERNEL,
	FROM_FINDING,
};

/* How a directory came to stand where a socket should be. */
enum origin_certainty { ORIGIN_UNKNOWN, ORIGIN_LIKELY, ORIGIN_CERTAIN };

struct origin_candidate {
	size_t container;
	const char *mount_source; /* as the runtime's record has it */
	const char *mechanism;
	bool has_distance;
	int64_t after_birth_ms; /* container created minus birth of the object */
	bool possible;		/* false: evidence rules it out */
	const char *why;
};
DEFINE_LIST(origin_candidate_list, struct origin_candidate);

struct origin {
	bool asked; /* the object's origin is to be found */
	enum origin_certainty certainty;
	const char *text;
	struct origin_candidate_list candidates;
};

struct path_object {
	struct string_list names; /* as looked up; more than one: aliases */
	const char *runtime;
	enum path_listing listed;
	size_t container; /* the container in which the names hold; NO_INDEX: the node */
	bool unlinked; /* it listens, but its name was removed or leads elsewhere */
	struct path_look look;
	const char *fs_path; /* inside its file system, as mountinfo's root */
	enum socket_state state;
	const char *connect_result; /* errno name or "OK"; NULL unknown */
	const char *connect_why;
	int socket_type;	     /* SOCK_STREAM...; 0 unknown */
	struct index_list listeners; /* into sockets */
	struct index_list listener_processes;
	size_t activated_by; /* process; NO_INDEX none */
	uint32_t backlog, backlog_max;
	struct origin origin;
};
DEFINE_LIST(path_object_list, struct path_object);

/* ---- processes ---- */

/* One line of uid_map or gid_map: ids from `inside` are ids from `outside`. */
struct id_range {
	uint32_t inside, outside, count;
};
DEFINE_LIST(id_map, struct id_range);

struct process {
	pid_t pid; /* in the pid namespace of the procfs that was read */
	pid_t ppid;
	uint64_t start_ticks; /* since boot; with pid, the identity */
	int dirfd;	    /* held /proc/PID; -1 where it could not be held */
	const char *comm;   /* the process's own claim */
	const char *exe;    /* link text as the kernel shows it; NULL denied */
	const char *root;   /* link text of /proc/PID/root; NULL denied */
	const char *cgroup; /* the most specific path of its lines */
	uid_t uid[4];	    /* real, effective, saved, file system */
	gid_t gid[4];
	gid_t *groups;
	size_t ngroups;
	uint64_t cap_permitted, cap_effective;
	uint64_t ns_mnt, ns_net, ns_pid, ns_user; /* 0: denied */
	bool mapped; /* in another user namespace than the probe's own */
	struct id_map uid_map, gid_map; /* where mapped */
	bool kthread;
	bool self; /* the probe's own */
	size_t container;
	size_t view; /* mount table; NO_INDEX none */
};
DEFINE_LIST(process_list, struct process);

/* ---- sockets ---- */

enum socket_dump { DUMP_DIAG, DUMP_PROC_NET, DUMP_NONE };

struct netns {
	uint64_t ino;
	size_t process;		/* a process in it; NO_INDEX: only a mount */
	const char *mount_path; /* where it is bind-mounted, if process is none */
	enum socket_dump dump;
	enum coverage_gap gap; /* GAP_NONE: its sockets are known */
	int err;	       /* -errno of the gap */
	bool node;	       /* the namespace of the node's pid 1 */
};
DEFINE_LIST(netns_list, struct netns);

/* One AF_UNIX socket that a file system path names. */
struct unix_socket {
	size_t netns;
	uint32_t ino;	  /* of the socket */
	uint32_t peer;	  /* 0 none; of a server end: the client's socket */
	uint32_t vfs_ino; /* low 32 bits of the path's inode */
	dev_t vfs_dev;	  /* superblock's device */
	bool has_vfs;
	uint8_t type, state, shutdown;
	uint32_t rqueue, wqueue; /* of a listener: pending, most pending */
	const char *name;
	struct index_list pending; /* sockets not yet accepted: inode numbers */
};
DEFINE_LIST(unix_socket_list, struct unix_socket);

/* Process number `process` has socket `ino` open. */
struct holding {
	uint32_t ino;
	size_t process;
};
DEFINE_LIST(holding_list, struct holding);

/* ---- mounts ---- */

struct mount {
	uint32_t id, parent;
	dev_t dev;
	const char *root;  /* unescaped; "//deleted" kept */
	const char *point; /* unescaped */
	const char *fstype;
	bool read_only;
	bool idmapped;
};
DEFINE_LIST(mount_list, struct mount);

/* What only some questions need to know of a mount. */
struct mount_more {
	const char *upper; /* of an overlay: its upperdir; NULL none */
	bool slave;	   /* what the node mounts later may come here too */
};
DEFINE_LIST(mount_more_list, struct mount_more);

/* A mount table: one mount namespace seen from one root directory. */
struct mount_view {
	uint64_t ns;
	const char *root; /* link text; distinguishes a chroot in one namespace */
	size_t process;	  /* the one it was read of */
	struct mount_list mounts;
	size_t first;	     /* of mounts: where a walk begins; NO_INDEX none */
	uint32_t *by_parent; /* indexes sorted by parent id, then mount point */
	uint32_t *top;	     /* of each mount, what lies on all that is on it */
};
DEFINE_LIST(mount_view_list, struct mount_view);

/* ---- containers ---- */

/* A value and the record or kernel file that it came from. */
struct sourced {
	const char *value; /* NULL unknown */
	const char *source;
};

/* What the kernel shows, and what contradicts it: the kernel's word wins. */
struct conflict {
	const char *field;
	const char *kernel;
	const char *claim;
	const char *source; /* of the claim */
};
DEFINE_LIST(conflict_list, struct conflict);

/* A mount that the record of a container asks for. */
struct record_mount {
	const char *destination, *source, *type; /* source, type: NULL none */
	bool bind;
	bool recursive; /* what is mounted below the source comes along */
	bool propagates; /* rslave or rshared: later mounts of the node come too */
};
DEFINE_LIST(record_mount_list, struct record_mount);

/*
 * How the record of a container has it started: the OCI runtime's config.json,
 * which a runtime writes before any code of the container runs.
 */
struct bundle {
	const char *source; /* the file */
	const char *dir;    /* that it lies in */
	const char *root;   /* "root.path": absolute, or below dir */
	struct record_mount_list mounts;
	bool mounts_cut;
	uid_t uid;
	gid_t gid;
	struct index_list groups; /* additional gids */
	bool groups_cut;
	bool user_known;
	uint64_t cap_bounding, cap_effective, cap_ambient;
	bool no_new_privileges;
	/* every call that makes or enters a mount or user namespace, or mounts */
	bool seccomp_closes_namespaces;
};

/*
 * The file into which a runtime writes the pid of a container's first process
 * between making and starting it: what has not changed since then, no code of
 * the container has changed, and no clock but the node's is asked.
 */
struct pid_file {
	const char *path;	 /* NULL: none was found */
	struct timespec written; /* its change time */
	pid_t pid;
};

struct container {
	const char *id;
	struct sourced runtime, name, image;
	struct sourced pod_namespace, pod_name, pod_uid;
	struct sourced created_at; /* RFC 3339 */
	struct timespec created;   /* tv_sec 0 unknown */
	struct timespec started;   /* of its oldest process; tv_sec 0 none */
	struct sourced privileged; /* "true" or "false" */
	const char *parent;    /* id of the container it runs in; NULL none */
	const char *mechanism; /* what makes a missing mount source */
	bool sandbox;
	bool self;
	bool silent;  /* a look into it did not come back in time */
	bool touches; /* reaches, holds, listens on or may have made a path */
	enum tristate host_pid, host_network;
	struct index_list processes;
	struct index_list views;
	bool record_known; /* a runtime record was found and read */
	struct pid_file pid_file;
	struct bundle *bundle; /* NULL: its config.json was not read */
	struct string_list mount_sources; /* of bind mounts, by the record */
	bool mount_sources_cut;		  /* more than are kept */
	struct conflict_list conflicts;
};
DEFINE_LIST(container_list, struct container);

/* ---- what correlate finds ---- */

enum access_via {
	VIA_SOCKET_MOUNT,
	VIA_PARENT_MOUNT,
	VIA_ROOT_MOUNT,
	VIA_PROC_ROOT,
	VIA_SHARED_FS,
};

struct access {
	size_t container;
	size_t path; /* into paths */
	const char *container_path;
	enum access_via via;
	size_t view;
	size_t mount; /* of that view; NO_INDEX for proc_root */
	enum tristate read_only;
	bool hidden;  /* covered by another mount */
	bool deleted; /* the mounted name was removed */
	enum tristate same_inode;
	bool stale; /* an older object than the node's */
	enum tristate dac_allowed;
	const char *dac_why;
	enum tristate dac_at_start; /* of the user that the record starts as */
	enum tristate confirmed;    /* looked at through /proc/PID/root */
	const char *confirmed_why;
	const char *connect_result;
	struct path_look look; /* as seen from the container's root */
};
DEFINE_LIST(access_list, struct access);

struct connection {
	size_t path;
	size_t netns;
	struct index_list clients; /* processes that hold the client's end */
	struct index_list servers;
	bool pending; /* in the listener's queue, not yet accepted */
	uint64_t count;
};
DEFINE_LIST(connection_list, struct connection);

/* ---- what a name is to the threads of a container ---- */

/*
 * A mount namespace and a root directory in it, at which threads of a container
 * begin to resolve a name. Two are the same only by namespace, mount id, device
 * and inode: the text of /proc/PID/root says nothing.
 */
struct standpoint {
	size_t container;
	uint64_t ns_mnt;
	dev_t root_dev;
	uint64_t root_ino;
	uint64_t root_mnt_id; /* 0: the kernel does not tell */
	size_t process;	      /* the first that has a thread there */
	pid_t tid;
	size_t tasks;
};
DEFINE_LIST(standpoint_list, struct standpoint);

/*
 * What a name is to a container's threads at one standpoint; or would be to one
 * that took the directory `below` for its root.
 */
struct name_seen {
	size_t container;
	const char *name;
	size_t standpoint; /* NO_INDEX: the node's own root, by /proc */
	const char *below; /* NULL: the standpoint's own root */
	bool record_root;  /* the standpoint's root is the record's */
	enum path_kind kind;
	int err; /* as of a look */
	const char *resolved;
	struct inode inode; /* valid where something stands there */
	enum socket_state state;
	const char *connect_result; /* as if permissions allowed; NULL unknown */
	struct index_list holders;  /* processes, of the socket that is there */
	size_t path;		    /* the same object in paths; NO_INDEX */
	bool dated;
	struct timespec since; /* tv_sec 0 and dated: all of it is the image's */
	const char *date_why;  /* of not dated */
	enum tristate mounts_fit;
	const char *mounts_why; /* of not */
	bool slave; /* later mounts of the node may come onto the way */
};
DEFINE_LIST(name_seen_list, struct name_seen);

/*
 * What was seen of a container for the sake of its names: rights of all of its
 * threads, and what kept some from being seen.
 */
struct name_facts {
	size_t container;
	size_t members;	  /* processes */
	size_t ended;	  /* of these, meanwhile */
	size_t unseen;	  /* threads or processes that could not be looked at */
	pid_t unseen_pid; /* the first of them */
	uint64_t cap_bounding; /* of all threads together, and of the record */
	bool root_known;       /* the record's root was found on the node */
	bool roots_cut; /* more directories could be a root than are kept */
	bool sandboxed; /* gVisor or Kata: its names are not the kernel\'s */
	struct string_list means; /* correlate/means.h */
	bool cut;		  /* its names took more memory than one may */
};
DEFINE_LIST(name_facts_list, struct name_facts);

/* ---- the whole ---- */

enum extent {
	EXTENT_HOST,	  /* the machine's initial pid namespace */
	EXTENT_NESTED,	  /* a node inside a pid namespace (kind, a lab) */
	EXTENT_CONTAINER, /* only what this pid namespace shows */
	EXTENT_NONE,	  /* no procfs */
};

struct probe_facts {
	struct timespec started_at;
	int64_t duration_ms;
	const char *root;
	const char *proc; /* where the procfs that was read is mounted */
	enum extent extent;
	bool is_node; /* the processes seen are those of a whole node, as far as known */
	struct confinement confinement;
	const char *executable_sha256; /* of the probe's own; NULL unknown */
	pid_t pid; /* in the procfs that was read; 0 unseen */
};

struct node_facts {
	struct sourced hostname, instance_id;
	const char *kernel, *os, *boot_id;
	struct timespec booted_at;
	long clock_ticks;
	int cgroup_version; /* 0 unknown */
	const char *selinux;
	struct string_list kubelet_sockets;
	bool user_namespaces; /* may anybody make one? true where not known */
};

struct evidence {
	struct arena arena;
	struct arena
		coverage_arena; /* so that coverage can be reported when the other is full */
	struct probe_facts probe;
	struct node_facts node;
	struct coverage_list coverage;
	struct path_object_list paths;
	struct process_list processes;
	struct netns_list netns;
	size_t netns_hidden; /* processes whose namespace could not be read */
	bool netns_cut;	     /* more exist than are kept */
	struct unix_socket_list sockets;
	struct holding_list holdings; /* sorted by ino, then process */
	struct mount_view_list views;
	uint64_t node_pid_ns, node_user_ns; /* of pid 1; 0 unknown */
	size_t own_view;		    /* the probe's mount table */
	size_t node_view; /* of the node's pid 1; NO_INDEX unknown */
	struct container_list containers;
	struct index_list containers_by_id; /* sorted */
	struct access_list access;
	struct connection_list connections;
	struct standpoint_list standpoints;
	struct name_facts_list name_facts;
	struct name_seen_list names_seen;
};

/* Limits. If one is met, coverage reports the source as partial. */
enum {
	MAX_PROCESSES = 131072,
	MAX_PATHS = 1024,
	MAX_SOCKETS = 262144,
	MAX_VIEWS = 16384,
	MAX_MOUNTS = 200000, /* in one table */
	MAX_CONTAINERS = 16384,
	MAX_ACCESS = 65536,
	MAX_ACCESS_OF_ONE = 1024, /* container */
	MAX_CONNECTIONS = 65536,
	MAX_HOLDINGS = 262144,
	MAX_COVERAGE = 256,
	MAX_PATH_LINKS = 40, /* the kernel's own limit in one walk */
	MAX_STEPS = 256,
	MAX_ENTRIES = 100000,
	MAX_RECORDS = 16384,
	MAX_CONFLICTS = 16, /* of one container; one is enough to decide */
	MAX_STANDPOINTS = 65536,
	MAX_NAMES_SEEN = 65536,
	MAX_STANDPOINTS_OF_ONE = 64, /* container */
};

/*
 * Makes an empty record that may keep `room` bytes. evidence_free() frees all
 * that it owns.
 */
void evidence_init(struct evidence *ev, size_t room);
void evidence_free(struct evidence *ev);

/* The container with this id. NO_INDEX where there is none. */
size_t container_find(const struct evidence *ev, const char *id);

/*
 * The container with this id, added if there is none. NO_INDEX if the limit is
 * met.
 */
size_t container_add(struct evidence *ev, const char *id);

/*
 * Adds a contradiction unless it is there already; texts are copied. At most
 * MAX_CONFLICTS are kept: one already decides. 0 or -ENOMEM.
 */
int conflict_add(struct arena *arena, struct container *container,
		 const char *field, const char *kernel, const char *claim,
		 const char *source);

/*
 * The part of the node that a coverage line on processes is about: "node", or
 * what one container's pid namespace shows of it.
 */
const char *processes_extent(const struct evidence *ev);

/* When process number `idx` started, from boot time and clock ticks. */
struct timespec process_start(const struct evidence *ev, size_t idx);

/* The path's first name, which stands for it in text. */
static inline const char *path_name(const struct path_object *path)
{
	return path->names.n ? path->names.at[0] : "?";
}

#endif
