// SPDX-License-Identifier: Apache-2.0
/* Finding and reading the records of the containers that matter. */
#include "collect/records.h"

#include <errno.h>
#include <string.h>

#include "collect/glob.h"

/* A missing file is no gap. */
static void count_record(struct record_index *index, int err, const char *path)
{
	if (err == -ENOENT || err == -ENOTDIR)
		return;
	coverage_count_name(&index->tally, fetch_gap(err), path, err);
}

/* `like` has the runtime and the place of the new record. */
static int add_record(struct evidence *ev, struct record_index *index,
		      const struct record *like, const char *id,
		      const char *dir)
{
	struct record *record =
		list_add(&ev->arena, &index->records, MAX_RECORDS);

	if (!record)
		return -errno;
	*record = (struct record){
		.id = id,
		.runtime = like->runtime,
		.place = like->place,
		.path = path_join(&ev->arena, dir, like->place->file),
	};
	if (record->path)
		return 0;
	index->records.n--;
	return -ENOMEM;
}

/* Lists the directory `before` and adds a record for each name in it. */
static int add_each(struct evidence *ev, struct fetch *fetch,
		    struct record_index *index, const struct record *like,
		    const char *before, const char *after)
{
	struct string_list names = { 0 };
	bool cut;
	int err = fetch_list(fetch, &ev->arena, before, &names, &cut);

	count_record(index, cut ? -EFBIG : err, before);
	if (err)
		return err == -ENOMEM ? err : 0;
	for (size_t i = 0; i < names.n; i++) {
		char *dir = arena_printf(&ev->arena, "%s%s%s", before,
					 names.at[i], after);

		if (!dir)
			return -ENOMEM;
		err = add_record(ev, index, like, names.at[i], dir);
		if (err)
			return err;
	}
	return 0;
}

static int find_place(struct evidence *ev, struct fetch *fetch,
		      struct record_index *index, const struct record *like)
{
	const char *before = like->place->dir;
	const char *percent = strchr(before, '%');
	struct string_list dirs = { 0 };
	int err;

	if (percent)
		before = arena_strndup(&ev->arena, before,
				       (size_t)(percent - before));
	if (!before)
		return -ENOMEM;
	err = glob_paths(fetch, &ev->arena, before, &dirs);
	if (err == -ENOMEM)
		return err;
	count_record(index, err, before);
	err = 0;
	for (size_t i = 0; i < dirs.n && !err; i++) {
		if (percent)
			err = add_each(ev, fetch, index, like, dirs.at[i],
				       percent + 1);
		else
			err = add_record(ev, index, like, "", dirs.at[i]);
	}
	return err;
}

static int compare_records(const void *a, const void *b)
{
	const struct record *first = a;
	const struct record *second = b;
	int order = strcmp(first->id, second->id);

	if (order)
		return order;
	if (first->place != second->place)
		return first->place < second->place ? -1 : 1;
	return strcmp(first->path, second->path);
}

int records_find(struct evidence *ev, struct fetch *fetch,
		 struct record_index *index)
{
	int err = 0;

	for (const struct runtime *runtime = runtimes; runtime->name;
	     runtime++) {
		for (const struct record_place *place = runtime->records;
		     place->dir && !err; place++)
			err = find_place(ev, fetch, index,
					 &(struct record){ .runtime = runtime,
							   .place = place });
	}
	if (err == -EOVERFLOW) {
		count_record(index, err, NULL);
		err = 0;
	}
	if (index->records.n)
		qsort(index->records.at, index->records.n,
		      sizeof(*index->records.at), compare_records);
	return err;
}

/*
 * containerd writes a bundle's config.json once, when it creates the container,
 * without a time in it: the file's own time is the nearest known.
 */
static int date_by_file(struct evidence *ev, const struct record *record,
			struct timespec modified, struct container *container)
{
	char text[TIME_TEXT_SIZE];
	struct sourced created_at;

	if (record->place->format != RECORD_OCI || container->created.tv_sec)
		return 0;
	format_time(modified, text);
	created_at.value = arena_strdup(&ev->arena, text);
	created_at.source =
		arena_printf(&ev->arena, "mtime of %s", record->path);
	if (!created_at.value || !created_at.source)
		return -ENOMEM;
	container->created = modified;
	container->created_at = created_at;
	return 0;
}

static int read_one(struct evidence *ev, struct fetch *fetch,
		    struct record_index *index, const struct record *record,
		    struct container *container)
{
	struct timespec modified;
	const char *text;
	ssize_t len = fetch_read(fetch, record->path, &text, &modified);
	int err;

	if (len < 0) {
		count_record(index, (int)len, record->path);
		return 0;
	}
	err = parse_record(&ev->arena, record->place->format, text, (size_t)len,
			   record->path, container);
	if (err == -EINVAL) {
		count_record(index, err, record->path);
		return 0;
	}
	if (err)
		return err;
	container->record_known = true;
	return date_by_file(ev, record, modified, container);
}

/* An index has all containers of its runtime, so it is read once. */
static int use_index(struct evidence *ev, struct fetch *fetch,
		     struct record_index *index, struct record *record,
		     struct container *container)
{
	const char *text;
	ssize_t len;

	if (record->read)
		return record->index
			       ? record_apply(&ev->arena, record->place->format,
					      record->index, record->path,
					      container)
			       : 0;
	record->read = true;
	len = fetch_read(fetch, record->path, &text, NULL);
	if (len < 0) {
		count_record(index, (int)len, record->path);
		return 0;
	}
	record->index = record_json(record->place->format, text, (size_t)len);
	if (!record->index)
		count_record(index, -EINVAL, record->path);
	return use_index(ev, fetch, index, record, container);
}

/* The first record whose id is not below this one. */
static size_t first_of_id(const struct record_list *records, const char *id)
{
	size_t low = 0;
	size_t high = records->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(records->at[middle].id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Indexes have the id "" and so come first. */
static int use_indexes(struct evidence *ev, struct fetch *fetch,
		       struct record_index *index,
		       const struct runtime *runtime,
		       struct container *container)
{
	int err = 0;

	for (size_t i = 0; i < index->records.n && !err; i++) {
		struct record *record = &index->records.at[i];

		if (*record->id)
			break;
		if (record->runtime == runtime)
			err = use_index(ev, fetch, index, record, container);
	}
	return err;
}

int records_read(struct evidence *ev, struct fetch *fetch,
		 struct record_index *index, size_t idx)
{
	struct container *container = &ev->containers.at[idx];
	const struct runtime *runtime = NULL;
	int err = 0;

	if (container->record_known)
		return 0;
	for (size_t i = first_of_id(&index->records, container->id);
	     i < index->records.n && !err; i++) {
		const struct record *record = &index->records.at[i];

		if (strcmp(record->id, container->id) != 0)
			break;
		err = read_one(ev, fetch, index, record, container);
		runtime = record->runtime;
	}
	if (err || !container->record_known)
		return err;
	return use_indexes(ev, fetch, index, runtime, container);
}

/* The pid in a file that holds nothing else; 0 for another file. */
static pid_t pid_in_file(struct fetch *fetch, const char *path)
{
	enum { MOST_DIGITS = 16 };
	const char *text;
	ssize_t len = fetch_read(fetch, path, &text, NULL);
	char digits[MOST_DIGITS];
	uint64_t pid;

	if (len <= 0 || len >= MOST_DIGITS)
		return 0;
	snprintf(digits, sizeof(digits), "%.*s", (int)strcspn(text, "\r\n"),
		 text);
	return parse_u64(digits, INT32_MAX, &pid) ? 0 : (pid_t)pid;
}

/* containerd's and docker's name, then podman's and CRI-O's. */
static const char *const pid_file_names[] = { "init.pid", "pidfile" };

/* One file; file->path stays NULL where it is none that holds a pid. */
static int try_pid_file(struct evidence *ev, struct fetch *fetch,
			const char *path, struct pid_file *file)
{
	const struct fetch_root node = { .proc_dirfd = -1, .bare = true };
	struct path_look look;
	int err;

	if (!path)
		return -ENOMEM;
	err = fetch_look(fetch, &ev->arena, node, path, &look);
	if (err || look.kind != KIND_REGULAR || look.times_foreign)
		return err;
	file->pid = pid_in_file(fetch, path);
	file->written = look.inode.change;
	file->path = file->pid ? path : NULL;
	return 0;
}

/* The record's own folder, or podman's for what ends with the boot. */
static int try_pid_files(struct evidence *ev, struct fetch *fetch,
			 const struct record *record, struct pid_file *file)
{
	static const char storage[] = "/var/lib/containers/storage";
	static const char volatile_storage[] = "/run/containers/storage";
	int folder = (int)(strrchr(record->path, '/') - record->path);
	const char *in_storage = path_below(record->path, storage);
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(pid_file_names); i++) {
		if (!err && !file->path)
			err = try_pid_file(ev, fetch,
					   arena_printf(&ev->arena, "%.*s/%s",
							folder, record->path,
							pid_file_names[i]),
					   file);
		if (!err && !file->path && in_storage)
			err = try_pid_file(
				ev, fetch,
				arena_printf(&ev->arena, "%s%.*s/%s",
					     volatile_storage,
					     folder - (int)strlen(storage),
					     in_storage, pid_file_names[i]),
				file);
	}
	return err;
}

int records_find_pid_file(struct evidence *ev, struct fetch *fetch,
			  const struct record_index *index, size_t idx)
{
	struct container *container = &ev->containers.at[idx];
	struct pid_file *file = &container->pid_file;
	int err = 0;

	for (size_t i = first_of_id(&index->records, container->id);
	     i < index->records.n && !err && !file->path; i++) {
		const struct record *record = &index->records.at[i];

		if (strcmp(record->id, container->id) != 0)
			break;
		if (record->place->format == RECORD_OCI)
			err = try_pid_files(ev, fetch, record, file);
	}
	return err;
}

void records_free(struct record_index *index)
{
	for (size_t i = 0; i < index->records.n; i++)
		cJSON_Delete(index->records.at[i].index);
	*index = (struct record_index){ 0 };
}

int records_read_all(struct evidence *ev, struct fetch *fetch,
		     struct record_index *index)
{
	for (size_t i = 0; i < index->records.n; i++) {
		const char *id = index->records.at[i].id;
		size_t container;
		int err;

		if (!*id)
			continue;
		container = container_add(ev, id);
		if (container == NO_INDEX) {
			count_record(index, -EOVERFLOW, NULL);
			return 0;
		}
		err = records_read(ev, fetch, index, container);
		if (err)
			return err;
	}
	return 0;
}

void records_report(struct evidence *ev, struct record_index *index)
{
	index->tally.read = 0;
	for (size_t i = 0; i < ev->containers.n; i++)
		index->tally.read += ev->containers.at[i].record_known;
	index->tally.extra = index->records.n;
	coverage_report(ev, SOURCE_RUNTIME_RECORDS, "node", &index->tally);
}
