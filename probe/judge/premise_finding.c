// SPDX-License-Identifier: Apache-2.0
/* Whose finding it is: of this kind, this node, this container, and in accord. */
#include "judge/premises.h"

#include "document/names.h"
#include "sockprobe/workload.h"

#define DOCKER_SOCKET_ACCESSED                                                 \
	"PrivilegeEscalation:Runtime/DockerSocketAccessed"

enum outcome premise_type(struct judged *judged)
{
	const char *type = judged->finding->type;

	if (!same_text(type, DOCKER_SOCKET_ACCESSED))
		return premise(
			judged, "type", "type", OUTCOME_REFUTED, "",
			"findings of type %s are outside what is judged here, which is %s",
			verdict_name(judged, type), DOCKER_SOCKET_ACCESSED);
	if (judged->finding->sample == TRI_YES)
		return premise(
			judged, "type", "type", OUTCOME_REFUTED, "",
			"the finding is a sample, made by GuardDuty itself: there was no event");
	return premise(judged, "type", "type", OUTCOME_PROVEN, "",
		       "the finding is of the type that is judged here");
}

enum outcome premise_node(struct judged *judged)
{
	const struct doc_node *node = judged->doc->node;
	const char *wanted = judged->finding->instance_id;
	const char *own = node ? node->instance_id : NULL;

	if (same_text(wanted, own))
		return premise(judged, "node", "node", OUTCOME_PROVEN,
			       "/node/instance_id",
			       "the finding is of this node, %s",
			       verdict_name(judged, own));
	if (wanted && own)
		return premise(
			judged, "node", "node", OUTCOME_REFUTED,
			"/node/instance_id",
			"the finding is of another node, %s: run there; this one is %s",
			verdict_name(judged, wanted),
			verdict_name(judged, own));
	if (judged->container &&
	    judged->finding->located.matched_by == MATCHED_BY_ID)
		return premise(
			judged, "node", "node", OUTCOME_PROVEN,
			"/node/instance_id",
			"instance ids cannot be compared (the finding has %s, the node %s); the finding's container is here, by its id",
			wanted ? verdict_name(judged, wanted) : "none",
			own ? verdict_name(judged, own) : "none");
	return premise(
		judged, "node", "node", OUTCOME_UNKNOWN, "/node/instance_id",
		"instance ids cannot be compared: the finding has %s, the node %s, and its container was not found by its id",
		wanted ? verdict_name(judged, wanted) : "none",
		own ? verdict_name(judged, own) : "none");
}

/* Did the container begin before the first event, by two seconds? */
static bool began_before(const struct judged *judged)
{
	enum { SLACK_MS = 2000 };
	struct timespec first = judged->finding->event_first_seen;
	struct timespec began = judged->container->started_at;

	return first.tv_sec && began.tv_sec &&
	       time_diff_ms(first, began) >= SLACK_MS;
}

/* Where the finding names a container's id, has the one that was found it? */
static bool is_the_one(const struct judged *judged)
{
	const char *id = judged->finding->container_id;

	return !id || same_text(id, judged->container->id);
}

enum outcome premise_container(struct judged *judged)
{
	const struct finding_location *located = &judged->finding->located;
	const char *pointer;

	if (!judged->container)
		return premise(judged, "container", "container",
			       OUTCOME_UNKNOWN, "",
			       "the finding's container was not found: %s",
			       verdict_words(judged, located->why));
	pointer = verdict_pointer(judged, "/containers/%zu",
				  judged->container_idx);
	if (!is_the_one(judged))
		return premise(
			judged, "container", "container", OUTCOME_UNKNOWN,
			pointer,
			"the finding's container is not here any more; another container runs in its place, %s",
			verdict_name(judged, judged->container->id));
	switch (located->matched_by) {
	case MATCHED_BY_ID:
		return premise(judged, "container", "container", OUTCOME_PROVEN,
			       pointer,
			       "the finding's container is %s, found by its %s",
			       verdict_name(judged, judged->container->id),
			       name_of(&matched_by_names, MATCHED_BY_ID));
	case MATCHED_BY_PROCESS:
		return premise(
			judged, "container", "container", OUTCOME_PROVEN,
			pointer,
			"the finding's process still runs, in container %s",
			verdict_name(judged, judged->container->id));
	case MATCHED_BY_POD_UID:
		/* Of another container of the pod it would say nothing. */
		if (!began_before(judged) ||
		    !same_text(judged->finding->container_name,
			       judged->container->name))
			break;
		assume(judged, ASSUME_EVENT_TIME, NULL);
		return premise(
			judged, "container", "container", OUTCOME_ASSUMED,
			pointer,
			"the finding's container is %s: its pod has this uid and this container, which began before the first event",
			verdict_name(judged, judged->container->id));
	case MATCHED_BY_WORKLOAD:
	case MATCHED_BY_NOTHING:
		break;
	}
	return premise(
		judged, "container", "container", OUTCOME_UNKNOWN, pointer,
		"container %s fits the finding by its %s, which another one may do too",
		verdict_name(judged, judged->container->id),
		verdict_words(judged,
			      name_of(&matched_by_names, located->matched_by)));
}

/* ---- agreement ---- */

/* One fact that finding and evidence both name; true where they agree. */
static bool finding_agrees(struct judged *judged, const char *what,
			   const char *finding, const char *evidence)
{
	if (!finding || !evidence || same_text(finding, evidence))
		return true;
	add_reason(judged, "conflicts", TRI_NO,
		   verdict_pointer(judged, "/containers/%zu",
				   judged->container_idx),
		   "the finding's %s is %s, the container's %s", what,
		   verdict_name(judged, finding),
		   verdict_name(judged, evidence));
	return false;
}

static bool workload_agrees(struct judged *judged)
{
	const struct finding *finding = judged->finding;
	const struct doc_pod *pod = judged->container->pod;
	const struct doc_node *node = judged->doc->node;

	if (!pod || !pod->name || !finding->workload_name ||
	    workload_fits_pod(workload_kind(finding->workload_type),
			      finding->workload_name, pod->name,
			      node ? node->hostname : NULL))
		return true;
	add_reason(
		judged, "conflicts", TRI_NO,
		verdict_pointer(judged, "/containers/%zu/pod",
				judged->container_idx),
		"the finding's workload is %s %s, which a pod of the name %s is none of",
		verdict_name(judged, finding->workload_type),
		verdict_name(judged, finding->workload_name),
		verdict_name(judged, pod->name));
	return false;
}

static bool has_conflicts(struct judged *judged)
{
	const struct doc_conflict_list *conflicts =
		&judged->container->conflicts;

	for (size_t i = 0; i < conflicts->n; i++) {
		const struct doc_conflict *conflict = &conflicts->at[i];

		add_reason(judged, "conflicts", TRI_NO,
			   verdict_pointer(judged,
					   "/containers/%zu/conflicts/%zu",
					   judged->container_idx, i),
			   "%s: the kernel shows %s, but %s claims %s",
			   verdict_words(judged, conflict->field),
			   verdict_name(judged, conflict->kernel),
			   verdict_name(judged, conflict->source),
			   verdict_name(judged, conflict->claim));
	}
	return conflicts->n != 0;
}

static bool has_problems(struct judged *judged)
{
	const struct finding_problem_list *problems =
		&judged->finding->problems;

	for (size_t i = 0; i < problems->n; i++)
		add_reason(judged, "conflicts", TRI_UNKNOWN, "",
			   "the finding cannot be taken as it is: %s %s",
			   verdict_name(judged, problems->at[i].place),
			   verdict_words(judged, problems->at[i].text));
	return problems->n != 0;
}

enum outcome premise_agreement(struct judged *judged)
{
	const struct finding *finding = judged->finding;
	const struct doc_container *container = judged->container;
	const struct doc_pod *pod = container->pod;
	bool fits = finding_agrees(judged, "container_id",
				   finding->container_id, container->id);

	fits &= finding_agrees(judged, "namespace", finding->name_space,
			       pod ? pod->name_space : NULL);
	if (!is_named_by_ecs(judged))
		fits &= finding_agrees(judged, "container_name",
				       bare_name(finding->container_name),
				       bare_name(container->name));
	fits &= workload_agrees(judged);
	fits &= !has_conflicts(judged);
	fits &= !has_problems(judged);
	if (fits)
		return premise(
			judged, "agreement", "agreement", OUTCOME_PROVEN, "",
			"finding, record and kernel agree in all that two of them say");
	return premise(
		judged, "agreement", "agreement", OUTCOME_UNKNOWN, "",
		"finding, record and kernel do not agree: see conflicts");
}

enum outcome premise_sequence(struct judged *judged)
{
	const char *arn = judged->finding->attack_sequence;

	if (!arn)
		return premise(judged, "sequence", "sequence", OUTCOME_PROVEN,
			       "", "the finding is in no attack sequence");
	return premise(
		judged, "sequence", "sequence", OUTCOME_UNKNOWN, "",
		"the finding is part of the attack sequence %s: one of its events explained is not the sequence explained",
		verdict_name(judged, arn));
}
