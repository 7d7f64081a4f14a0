// SPDX-License-Identifier: Apache-2.0
/* Process to container to pod, by the forms of cgroup paths. */
#include "correlate/identity.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "sockprobe/text_safe.h"
#include "sockprobe/vocabulary.h"

enum { ID_LENGTH = 64, MAX_COMPONENT = 256 };

static bool is_id(const char *text, size_t len)
{
	if (len != ID_LENGTH)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!((text[i] >= '0' && text[i] <= '9') ||
		      (text[i] >= 'a' && text[i] <= 'f')))
			return false;
	}
	return true;
}

/*
 * The uid in a kubelet pod component: "podUID" or "...-podUID.slice" with '-'
 * written as '_'. Sets *start and *len; false for another component.
 */
static bool find_pod_uid(const char *component, const char **start, size_t *len)
{
	const char *at = component;
	const char *found = NULL;

	while ((at = strstr(at, "pod"))) {
		if (at == component || at[-1] == '-')
			found = at + strlen("pod");
		at += strlen("pod");
	}
	if (!found)
		return false;
	*start = found;
	*len = strspn(found, "0123456789abcdef-_");
	return *len >= 32 && *len <= 36 &&
	       (found[*len] == '\0' || strcmp(found + *len, ".slice") == 0);
}

/* Does a component have this form? If so, *id is where its id begins. */
static bool has_form(const struct cgroup_form *form, const char *component,
		     const char *parent, const char **id)
{
	size_t len = strlen(component);
	size_t before = strlen(form->prefix);
	size_t after = strlen(form->suffix);

	if (len < before + after || !has_prefix(component, form->prefix) ||
	    !has_suffix(component, form->suffix) ||
	    !is_id(component + before, len - before - after) ||
	    (form->parent && strcmp(form->parent, parent) != 0))
		return false;
	*id = component + before;
	return true;
}

/*
 * The form of this component, with its id and its runtime (NULL if several
 * runtimes share the form). NULL if it has none.
 */
static const struct cgroup_form *match_form(const char *component,
					    const char *parent,
					    const struct runtime **runtime,
					    const char **id)
{
	for (*runtime = runtimes; (*runtime)->name; (*runtime)++) {
		for (const struct cgroup_form *form = (*runtime)->cgroups;
		     form->prefix; form++) {
			if (has_form(form, component, parent, id))
				return form;
		}
	}
	*runtime = NULL;
	for (const struct cgroup_form *form = shared_cgroup_forms; form->prefix;
	     form++) {
		if (has_form(form, component, parent, id))
			return form;
	}
	return NULL;
}

static int take_pod_uid(struct arena *arena, const char *component,
			const char **pod_uid)
{
	char uid[MAX_COMPONENT];
	const char *start;
	size_t len;

	if (!find_pod_uid(component, &start, &len))
		return 0;
	snprintf(uid, sizeof(uid), "%.*s", (int)len, start);
	for (char *at = uid; *at; at++) {
		if (*at == '_')
			*at = '-';
	}
	*pod_uid = arena_intern(arena, uid);
	return *pod_uid ? 0 : -ENOMEM;
}

/*
 * A container may make cgroups below its own with any name. So a pod's name
 * counts only if a container of that pod is below it, and a monitor's cgroup
 * (conmon watches a container from outside) takes no process out of a
 * container.
 */
static int take_component(struct arena *arena, const char *component,
			  const char *parent, const char **pod_uid,
			  struct cgroup_identity *identity)
{
	const struct cgroup_form *form;
	const struct runtime *runtime;
	char copy[ID_LENGTH + 1];
	const char *id;
	int err = take_pod_uid(arena, component, pod_uid);

	if (err)
		return err;
	form = match_form(component, parent, &runtime, &id);
	if (!form || form->monitor)
		return 0;
	/* A container in a container is of the same pod, unless named so. */
	if (*pod_uid)
		identity->pod_uid = *pod_uid;
	*pod_uid = NULL;
	identity->parent = identity->id;
	snprintf(copy, sizeof(copy), "%.*s", ID_LENGTH, id);
	identity->id = arena_intern(arena, copy);
	identity->runtime = runtime ? runtime->name : NULL;
	return identity->id ? 0 : -ENOMEM;
}

int cgroup_identify(struct arena *arena, const char *path,
		    struct cgroup_identity *identity)
{
	char component[MAX_COMPONENT];
	char parent[MAX_COMPONENT] = "";
	const char *pod_uid = NULL;

	*identity = (struct cgroup_identity){ 0 };
	for (;;) {
		size_t len;
		int err;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 0)
			return 0;
		/* No runtime gives a longer name. */
		snprintf(component, sizeof(component), "%.*s", (int)len, path);
		err = take_component(arena, component, parent, &pod_uid,
				     identity);
		if (err)
			return err;
		memcpy(parent, component, sizeof(parent));
		path += len;
	}
}

static void set_once(struct sourced *field, const char *value,
		     const char *source)
{
	if (!field->value && value) {
		field->value = value;
		field->source = source;
	}
}

static void note_namespace(enum tristate *fact, uint64_t ns, uint64_t nodes)
{
	if (!ns || !nodes)
		return;
	if (ns == nodes)
		*fact = TRI_YES;
	else if (*fact == TRI_UNKNOWN)
		*fact = TRI_NO;
}

static uint64_t node_net_ns(const struct evidence *ev)
{
	for (size_t i = 0; i < ev->netns.n; i++) {
		if (ev->netns.at[i].node)
			return ev->netns.at[i].ino;
	}
	return 0;
}

static int add_process(struct evidence *ev, struct container *container,
		       size_t idx, uint64_t node_net)
{
	const struct process *process = &ev->processes.at[idx];
	struct timespec start = process_start(ev, idx);
	size_t *slot =
		list_add(&ev->arena, &container->processes, MAX_PROCESSES);
	int err = 0;

	if (!slot)
		return -errno;
	*slot = idx;
	if (process->view != NO_INDEX)
		err = index_list_add_once(&ev->arena, &container->views,
					  process->view);
	if (!container->started.tv_sec ||
	    time_is_before(start, container->started))
		container->started = start;
	note_namespace(&container->host_pid, process->ns_pid, ev->node_pid_ns);
	note_namespace(&container->host_network, process->ns_net, node_net);
	container->self |= process->self;
	return err;
}

/*
 * A container chooses the names of cgroups below its own. If such a name is the
 * id of another container, the process stays with its own container, and the
 * claim is added as a conflict.
 */
static bool is_forged(const struct evidence *ev,
		      const struct cgroup_identity *identity)
{
	size_t idx = container_find(ev, identity->id);
	const char *parent;

	if (idx == NO_INDEX)
		return false;
	parent = ev->containers.at[idx].parent;
	return !parent || strcmp(parent, identity->parent) != 0;
}

static int place_forged(struct evidence *ev, struct process *process,
			const struct cgroup_identity *identity)
{
	size_t idx = container_add(ev, identity->parent);
	char kernel[96];

	process->container = idx;
	if (idx == NO_INDEX)
		return -EOVERFLOW;
	snprintf(kernel, sizeof(kernel), "pid %d is in a cgroup of this one",
		 process->pid);
	return conflict_add(&ev->arena, &ev->containers.at[idx], "container_id",
			    kernel, identity->id, process->cgroup);
}

/*
 * `nested`: processes whose innermost cgroup another container may have made.
 */
static int place_process(struct evidence *ev, size_t idx, uint64_t node_net,
			 bool nested)
{
	struct process *process = &ev->processes.at[idx];
	struct cgroup_identity identity;
	struct container *container;
	int err;

	if (process->kthread || !process->cgroup)
		return 0;
	err = cgroup_identify(&ev->arena, process->cgroup, &identity);
	if (err || !identity.id || nested != (identity.parent != NULL))
		return err;
	if (nested && is_forged(ev, &identity)) {
		err = place_forged(ev, process, &identity);
		if (err)
			return err;
		return add_process(ev, &ev->containers.at[process->container],
				   idx, node_net);
	}
	process->container = container_add(ev, identity.id);
	if (process->container == NO_INDEX)
		return -EOVERFLOW;
	container = &ev->containers.at[process->container];
	container->parent = identity.parent;
	set_once(&container->runtime, identity.runtime, "cgroup");
	set_once(&container->pod_uid, identity.pod_uid, "cgroup");
	return add_process(ev, container, idx, node_net);
}

static int place_all(struct evidence *ev, bool nested)
{
	uint64_t node_net = node_net_ns(ev);
	int err = 0;

	for (size_t i = 0; i < ev->processes.n && !err; i++)
		err = place_process(ev, i, node_net, nested);
	return err;
}

/*
 * A container has processes of the node's pid namespace and of another one,
 * because some were put into its cgroup: which of them are the container cannot
 * be known.
 */
static int note_mixed_namespaces(struct evidence *ev,
				 struct container *container)
{
	char kernel[64] = "";
	char claim[64] = "";

	for (size_t i = 0; i < container->processes.n; i++) {
		const struct process *process =
			&ev->processes.at[container->processes.at[i]];
		char *text = process->ns_pid == ev->node_pid_ns ? claim
								: kernel;

		if (process->ns_pid && !*text)
			snprintf(text, sizeof(kernel), "pid %d in pid:[%llu]",
				 process->pid,
				 (unsigned long long)process->ns_pid);
	}
	if (!ev->node_pid_ns || !*kernel || !*claim)
		return 0;
	return conflict_add(&ev->arena, container, "pid_namespace", kernel,
			    claim, "cgroup");
}

int identity_correlate(struct evidence *ev)
{
	int err = place_all(ev, false);

	if (!err)
		err = place_all(ev, true);
	for (size_t i = 0; i < ev->containers.n && !err; i++)
		err = note_mixed_namespaces(ev, &ev->containers.at[i]);
	if (err == -EOVERFLOW) {
		struct coverage_tally tally = { .read = ev->containers.n };

		coverage_count(&tally, GAP_CUT, 0, err);
		coverage_report(ev, SOURCE_CONTAINERS, "node", &tally);
		err = 0;
	}
	return err;
}

void identity_mark_self(struct evidence *ev)
{
	const char *pod = NULL;

	for (size_t i = 0; i < ev->containers.n; i++) {
		if (ev->containers.at[i].self)
			pod = ev->containers.at[i].pod_uid.value;
	}
	for (size_t i = 0; pod && i < ev->containers.n; i++) {
		struct container *container = &ev->containers.at[i];
		const char *uid = container->pod_uid.value;

		if (container->sandbox && uid && strcmp(uid, pod) == 0)
			container->self = true;
	}
}

static void mark(struct evidence *ev, const struct index_list *processes)
{
	for (size_t i = 0; i < processes->n; i++) {
		size_t idx = ev->processes.at[processes->at[i]].container;

		if (idx != NO_INDEX)
			ev->containers.at[idx].touches = true;
	}
}

void identity_mark_touching(struct evidence *ev)
{
	for (size_t i = 0; i < ev->paths.n; i++) {
		mark(ev, &ev->paths.at[i].listener_processes);
		if (ev->paths.at[i].container != NO_INDEX)
			ev->containers.at[ev->paths.at[i].container].touches =
				true;
	}
	for (size_t i = 0; i < ev->connections.n; i++) {
		mark(ev, &ev->connections.at[i].clients);
		mark(ev, &ev->connections.at[i].servers);
	}
}

/*
 * In a nested pid namespace the kernel does not show whether this is a node
 * (kind, a lab) or one container. If a process of no container holds a
 * runtime's socket, it is a node.
 */
static bool runtime_is_seen(const struct evidence *ev)
{
	for (size_t i = 0; i < ev->holdings.n; i++) {
		size_t idx = ev->holdings.at[i].process;

		if (ev->processes.at[idx].container == NO_INDEX &&
		    !ev->processes.at[idx].self)
			return true;
	}
	return false;
}

void identity_judge_extent(struct evidence *ev)
{
	static const char fix[] =
		"run as root on the node, or in its pid namespace (hostPID: true; kubectl debug node does)";
	const char *proc = quote_text(&ev->arena, ev->probe.proc);

	ev->probe.is_node =
		ev->probe.extent == EXTENT_HOST ||
		(ev->probe.extent == EXTENT_NESTED && runtime_is_seen(ev));
	switch (ev->probe.extent) {
	case EXTENT_HOST:
		coverage_add(ev, SOURCE_PID_NAMESPACE, "node",
			     COVERAGE_COMPLETE, NULL,
			     "%s is of the machine's initial pid namespace",
			     proc);
		break;
	case EXTENT_NESTED:
		if (ev->probe.is_node)
			coverage_add(
				ev, SOURCE_PID_NAMESPACE, "node",
				COVERAGE_COMPLETE, NULL,
				"%s is of a nested pid namespace whose pid 1 has the audited root and in which a runtime serves: taken as the node's",
				proc);
		else
			coverage_add(
				ev, SOURCE_PID_NAMESPACE, "node",
				COVERAGE_PARTIAL, fix,
				"%s is of a nested pid namespace in which no runtime's process was seen: there may be others outside it",
				proc);
		break;
	case EXTENT_CONTAINER:
		coverage_add(
			ev, SOURCE_PID_NAMESPACE, "node", COVERAGE_DENIED, fix,
			"%s shows one container's processes, not the node's",
			proc);
		break;
	case EXTENT_NONE:
		coverage_add(ev, SOURCE_PID_NAMESPACE, "node",
			     COVERAGE_UNAVAILABLE, fix, "no procfs was found");
		break;
	}
}

/* Does the process have capabilities that only a privileged container has? */
static bool has_privileges(const struct process *process)
{
	const uint64_t telling = 1ULL << CAP_SYS_ADMIN | 1ULL << CAP_SYS_MODULE;

	return !process->mapped &&
	       (process->cap_permitted & telling) == telling;
}

int identity_check_privileges(struct evidence *ev)
{
	for (size_t i = 0; i < ev->containers.n; i++) {
		struct container *container = &ev->containers.at[i];
		const struct sourced *claim = &container->privileged;

		for (size_t k = 0; k < container->processes.n; k++) {
			const struct process *process =
				&ev->processes.at[container->processes.at[k]];
			char kernel[64];
			int err;

			if (!claim->value || *claim->value != 'f' ||
			    !has_privileges(process))
				continue;
			snprintf(kernel, sizeof(kernel),
				 "pid %d has capabilities %016llx",
				 process->pid,
				 (unsigned long long)process->cap_permitted);
			err = conflict_add(&ev->arena, container, "privileged",
					   kernel, "false", claim->source);
			if (err)
				return err;
			container->privileged =
				(struct sourced){ "true", "status" };
		}
	}
	return 0;
}
