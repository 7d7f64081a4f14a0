// SPDX-License-Identifier: Apache-2.0
/*
 * unix_diag messages made byte by byte here, as net/unix/diag.c sends them, and
 * lines of /proc/net/unix.
 */
#include "unit.h"

#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

#include "collect/sockdiag.h"

/*
 * A message that grows. `bytes` is copied to a heap block that ends where it
 * ends.
 */
struct message {
	_Alignas(8) unsigned char bytes[4096];
	size_t len;
};

static void put(struct message *message, const void *bytes, size_t len)
{
	assert_true(message->len + len <= sizeof(message->bytes));
	memcpy(message->bytes + message->len, bytes, len);
	message->len += len;
}

static void put_attribute(struct message *message, uint16_t type,
			  const void *bytes, size_t len)
{
	static const unsigned char padding[4];
	uint16_t head[2] = { (uint16_t)(4 + len), type };

	put(message, head, sizeof(head));
	put(message, bytes, len);
	put(message, padding, (4 - len % 4) % 4);
}

static void begin(struct message *message, uint8_t family, uint8_t type,
		  uint8_t state, uint32_t ino)
{
	struct nlmsghdr header = { .nlmsg_type = SOCK_DIAG_BY_FAMILY };
	struct unix_diag_msg diag = {
		.udiag_family = family,
		.udiag_type = type,
		.udiag_state = state,
		.udiag_ino = ino,
	};

	message->len = 0;
	put(message, &header, sizeof(header));
	put(message, &diag, sizeof(diag));
}

static void put_name(struct message *message, const char *name)
{
	/* The kernel counts a path's NUL. */
	put_attribute(message, UNIX_DIAG_NAME, name, strlen(name) + 1);
}

static int parse(struct arena *arena, const struct message *message,
		 struct unix_socket *socket, char name[static SOCKET_NAME_SIZE])
{
	struct nlmsghdr *copy = malloc(message->len);
	int err;

	assert_non_null(copy);
	memcpy(copy, message->bytes, message->len);
	copy->nlmsg_len = (uint32_t)message->len;
	memset(name, 0x5a, SOCKET_NAME_SIZE);
	memset(socket, 0x5a, sizeof(*socket));
	err = parse_unix_diag(arena, copy, socket, name);
	free(copy);
	return err;
}

/* ---- unix_diag ---- */

static void diag_listener(void **state)
{
	struct unix_diag_vfs vfs = { .udiag_vfs_ino = 1234,
				     .udiag_vfs_dev = 25 };
	struct unix_diag_rqlen queue = { .udiag_rqueue = 2,
					 .udiag_wqueue = 4096 };
	uint32_t waiting[] = { 70001, 70002 };
	uint8_t shutdown = 0;
	char name[SOCKET_NAME_SIZE];
	struct unix_socket socket;
	struct message message;

	begin(&message, AF_UNIX, SOCK_STREAM, 10, 55501);
	put_name(&message, "/run/docker.sock");
	put_attribute(&message, UNIX_DIAG_VFS, &vfs, sizeof(vfs));
	put_attribute(&message, UNIX_DIAG_ICONS, waiting, sizeof(waiting));
	put_attribute(&message, UNIX_DIAG_RQLEN, &queue, sizeof(queue));
	put_attribute(&message, UNIX_DIAG_SHUTDOWN, &shutdown, 1);
	assert_int_equal(parse(*state, &message, &socket, name), 0);
	assert_string_equal(socket.name, "/run/docker.sock");
	assert_int_equal(socket.ino, 55501);
	assert_int_equal(socket.type, 1);
	assert_int_equal(socket.state, 10);
	assert_int_equal(socket.shutdown, 0);
	assert_true(socket.has_vfs);
	assert_int_equal(socket.vfs_ino, 1234);
	assert_int_equal(major(socket.vfs_dev), 0);
	assert_int_equal(minor(socket.vfs_dev), 25);
	assert_int_equal(socket.rqueue, 2);
	assert_int_equal(socket.wqueue, 4096);
	assert_int_equal(socket.peer, 0);
	assert_int_equal(socket.pending.n, 2);
	assert_int_equal(socket.pending.at[0], 70001);
	assert_int_equal(socket.pending.at[1], 70002);
}

static void diag_accepted(void **state)
{
	uint32_t peer = 4294967295;
	uint8_t shutdown = 3;
	char name[SOCKET_NAME_SIZE];
	struct unix_socket socket;
	struct message message;

	begin(&message, AF_UNIX, SOCK_SEQPACKET, 1, 4294967294);
	put_attribute(&message, UNIX_DIAG_PEER, &peer, sizeof(peer));
	put_attribute(&message, UNIX_DIAG_SHUTDOWN, &shutdown, 1);
	put_name(&message, "/x");
	assert_int_equal(parse(*state, &message, &socket, name), 0);
	assert_string_equal(socket.name, "/x");
	assert_true(socket.ino == 4294967294);
	assert_true(socket.peer == 4294967295);
	assert_int_equal(socket.type, 5);
	assert_int_equal(socket.state, 1);
	assert_int_equal(socket.shutdown, 3);
	assert_false(socket.has_vfs);
	assert_int_equal(socket.pending.n, 0);
}

/* The kernel's dev_t: twelve bits of major number above twenty of minor. */
static void diag_device_is_the_kernels_own(void **state)
{
	static const struct {
		uint32_t dev;
		unsigned int major, minor;
	} cases[] = {
		{ 0x00000019, 0, 25 },
		{ 0x10300001, 259, 1 },
		{ 0x00800001, 8, 1 },
		{ 0x000fffff, 0, 1048575 },
		{ 0xffffffff, 4095, 1048575 },
		/* in st_dev's encoding this one would be 1:0 */
		{ 0x00000100, 0, 256 },
	};
	char name[SOCKET_NAME_SIZE];
	struct unix_socket socket;
	struct message message;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct unix_diag_vfs vfs = { .udiag_vfs_dev = cases[i].dev };

		begin(&message, AF_UNIX, SOCK_STREAM, 10, 1);
		put_name(&message, "/x");
		put_attribute(&message, UNIX_DIAG_VFS, &vfs, sizeof(vfs));
		assert_int_equal(parse(*state, &message, &socket, name), 0);
		assert_int_equal(major(socket.vfs_dev), cases[i].major);
		assert_int_equal(minor(socket.vfs_dev), cases[i].minor);
	}
}

static void diag_without_a_name(void **state)
{
	char name[SOCKET_NAME_SIZE];
	struct unix_socket socket;
	struct message message;

	begin(&message, AF_UNIX, SOCK_STREAM, 1, 9);
	assert_int_equal(parse(*state, &message, &socket, name), -ENODATA);
	put_attribute(&message, UNIX_DIAG_NAME, "", 0);
	assert_int_equal(parse(*state, &message, &socket, name), -ENODATA);
}

static void diag_abstract_name(void **state)
{
	char name[SOCKET_NAME_SIZE];
	struct unix_socket socket;
	struct message message;

	begin(&message, AF_UNIX, SOCK_STREAM, 10, 9);
	put_attribute(&message, UNIX_DIAG_NAME, "\0/run/docker.sock", 17);
	assert_int_equal(parse(*state, &message, &socket, name), -ENODATA);
	begin(&message, AF_UNIX, SOCK_STREAM, 10, 9);
	put_attribute(&message, UNIX_DIAG_NAME, "\0", 1);
	assert_int_equal(parse(*state, &message, &socket, name), -ENODATA);
}

static void diag_name_without_nul(void **state)
{
	char name[SOCKET_NAME_SIZE];
	struct unix_socket socket;
	struct message message;

	begin(&message, AF_UNIX, SOCK_STREAM, 10, 9);
	put_attribute(&message, UNIX_DIAG_NAME, "/run/x", 6);
	assert_int_equal(parse(*state, &message, &socket, name), 0);
	assert_string_equal(socket.name, "/run/x");
}

/*
 * bind(2) takes a path of all 108 bytes, and the kernel adds the NUL: 109.
 * Any container can bind one, so it must not spoil a dump.
 */
static void diag_longest_name(void **state)
{
	char name[SOCKET_NAME_SIZE];
	struct unix_socket socket;
	struct message message;
	char path[109];

	memset(path, 'n', 108);
	path[0] = '/';
	path[108] = '\0';
	begin(&message, AF_UNIX, SOCK_STREAM, 10, 9);
	put_attribute(&message, UNIX_DIAG_NAME, path, 108);
	assert_int_equal(parse(*state, &message, &socket, name), 0);
	assert_int_equal(strlen(socket.name), 108);
	begin(&message, AF_UNIX, SOCK_STREAM, 10, 9);
	put_attribute(&message, UNIX_DIAG_NAME, path, 109);
	assert_int_equal(parse(*state, &message, &socket, name), 0);
	assert_int_equal(strlen(socket.name), 108);
	assert_string_equal(socket.name, path);
}

static void diag_oversized_name(void **state)
{
	char name[SOCKET_NAME_SIZE];
	struct unix_socket socket;
	struct message message;
	char path[2000];

	memset(path, 'n', sizeof(path));
	begin(&message, AF_UNIX, SOCK_STREAM, 10, 9);
	put_attribute(&message, UNIX_DIAG_NAME, path, 109);
	assert_int_equal(parse(*state, &message, &socket, name), -EINVAL);
	begin(&message, AF_UNIX, SOCK_STREAM, 10, 9);
	put_attribute(&message, UNIX_DIAG_NAME, path, 110);
	assert_int_equal(parse(*state, &message, &socket, name), -EINVAL);
	begin(&message, AF_UNIX, SOCK_STREAM, 10, 9);
	put_attribute(&message, UNIX_DIAG_NAME, path, sizeof(path));
	assert_int_equal(parse(*state, &message, &socket, name), -EINVAL);
}

static void diag_hostile_names_are_kept(void **state)
{
	static const char hostile[] = "/run/\x1b[2J\n\xff.sock";
	char name[SOCKET_NAME_SIZE];
	struct unix_socket socket;
	struct message message;

	begin(&message, AF_UNIX, SOCK_STREAM, 10, 9);
	put_name(&message, hostile);
	assert_int_equal(parse(*state, &message, &socket, name), 0);
	assert_string_equal(socket.name, hostile);
}

static void diag_of_another_family(void **state)
{
	char name[SOCKET_NAME_SIZE];
	struct unix_socket socket;
	struct message message;

	begin(&message, AF_INET, SOCK_STREAM, 10, 9);
	put_name(&message, "/x");
	assert_int_equal(parse(*state, &message, &socket, name), -EINVAL);
}

static void diag_too_short(void **state)
{
	char name[SOCKET_NAME_SIZE];
	struct unix_socket socket;
	struct message message;

	begin(&message, AF_UNIX, SOCK_STREAM, 10, 9);
	message.len--;
	assert_int_equal(parse(*state, &message, &socket, name), -EINVAL);
	message.len = sizeof(struct nlmsghdr);
	assert_int_equal(parse(*state, &message, &socket, name), -EINVAL);
}

/* An attribute longer than its message is malformed. */
static void diag_truncated_attribute(void **state)
{
	char name[SOCKET_NAME_SIZE];
	struct unix_socket socket;
	struct message message;

	begin(&message, AF_UNIX, SOCK_STREAM, 10, 9);
	put_name(&message, "/run/docker.sock");
	message.len -= 8;
	assert_int_equal(parse(*state, &message, &socket, name), -EINVAL);
}

/* A message that is cut after a good name must not be accepted either. */
static void diag_truncated_icons_are_not_read(void **state)
{
	uint32_t waiting[16] = { 70001 };
	char name[SOCKET_NAME_SIZE];
	struct unix_socket socket;
	struct message message;
	int err;

	begin(&message, AF_UNIX, SOCK_STREAM, 10, 9);
	put_name(&message, "/x");
	put_attribute(&message, UNIX_DIAG_ICONS, waiting, sizeof(waiting));
	message.len -= 32;
	err = parse(*state, &message, &socket, name);
	assert_true(err == -EINVAL || socket.pending.n == 0);
}

static void diag_short_attributes_count_as_missing(void **state)
{
	char name[SOCKET_NAME_SIZE];
	struct unix_socket socket;
	struct message message;

	begin(&message, AF_UNIX, SOCK_STREAM, 10, 9);
	put_attribute(&message, UNIX_DIAG_VFS, "\1\2\3\4", 4);
	put_attribute(&message, UNIX_DIAG_PEER, "\1\2", 2);
	put_attribute(&message, UNIX_DIAG_RQLEN, "\1\2\3\4\5", 5);
	put_attribute(&message, UNIX_DIAG_SHUTDOWN, "", 0);
	put_attribute(&message, UNIX_DIAG_ICONS, "\1\2\3", 3);
	put_name(&message, "/x");
	assert_int_equal(parse(*state, &message, &socket, name), 0);
	assert_false(socket.has_vfs);
	assert_int_equal(socket.peer, 0);
	assert_int_equal(socket.rqueue, 0);
	assert_int_equal(socket.wqueue, 0);
	assert_int_equal(socket.shutdown, 0);
	assert_int_equal(socket.pending.n, 0);
}

/* Newer kernels add attributes; these are ignored. */
static void diag_unknown_attributes(void **state)
{
	char name[SOCKET_NAME_SIZE];
	struct unix_socket socket;
	struct message message;

	begin(&message, AF_UNIX, SOCK_STREAM, 10, 9);
	for (uint16_t type = UNIX_DIAG_SHUTDOWN + 1; type < 20; type++)
		put_attribute(&message, type, "1234", 4);
	put_attribute(&message, 200, "12345678", 8);
	put_attribute(&message, 0x3fff, "1", 1);
	put_name(&message, "/x");
	assert_int_equal(parse(*state, &message, &socket, name), 0);
	assert_string_equal(socket.name, "/x");
}

static void diag_tells_a_full_arena(void **state)
{
	uint32_t waiting[] = { 70001, 70002 };
	char name[SOCKET_NAME_SIZE];
	struct unix_socket socket;
	struct message message;
	struct arena arena;

	(void)state;
	arena_init(&arena, 8);
	begin(&message, AF_UNIX, SOCK_STREAM, 10, 9);
	put_name(&message, "/x");
	put_attribute(&message, UNIX_DIAG_ICONS, waiting, sizeof(waiting));
	assert_int_equal(parse(&arena, &message, &socket, name), -ENOMEM);
	arena_free(&arena);
}

/* ---- /proc/net/unix ---- */

static void line_of_a_listener(void **state)
{
	static const char line[] =
		"ffff9d2c41aa8800: 00000002 00000000 00010000 "
		"0001 01 55501 /run/docker.sock";
	struct unix_socket socket;

	(void)state;
	assert_int_equal(parse_net_unix_line(line, &socket), 0);
	assert_string_equal(socket.name, "/run/docker.sock");
	assert_int_equal(socket.ino, 55501);
	assert_int_equal(socket.type, 1);
	assert_int_equal(socket.state, 10);
	assert_false(socket.has_vfs);
	assert_int_equal(socket.peer, 0);
}

static void line_of_a_connection(void **state)
{
	struct unix_socket socket;

	(void)state;
	assert_int_equal(
		parse_net_unix_line("0000000000000000: 00000003 00000000 "
				    "00000000 0005 03 77 /run/x y",
				    &socket),
		0);
	assert_string_equal(socket.name, "/run/x y");
	assert_int_equal(socket.type, 5);
	assert_int_equal(socket.state, 1);
	assert_int_equal(socket.ino, 77);
}

static void line_of_a_bound_socket(void **state)
{
	struct unix_socket socket;

	(void)state;
	assert_int_equal(
		parse_net_unix_line("0000000000000000: 00000002 00000000 "
				    "00000000 0002 01   900 relative.sock",
				    &socket),
		0);
	assert_string_equal(socket.name, "relative.sock");
	assert_int_equal(socket.type, 2);
	assert_int_equal(socket.state, 7);
	assert_int_equal(socket.ino, 900);
	assert_int_equal(
		parse_net_unix_line("0000000000000000: 00000002 00000000 "
				    "00000000 0002 01 900 s",
				    &socket),
		0);
	assert_string_equal(socket.name, "s");
}

static void line_without_a_path(void **state)
{
	static const char *const lines[] = {
		"0: 00000003 00000000 00000000 0001 03 78",
		"0: 00000003 00000000 00000000 0001 03 78 ",
		"0: 00000002 00000000 00010000 0001 01 79 @/run/docker.sock",
		"0: 00000002 00000000 00010000 0001 01 79 @",
	};
	struct unix_socket socket;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_int_equal(parse_net_unix_line(lines[i], &socket),
				 -ENODATA);
}

static void line_of_another_form(void **state)
{
	static const char *const lines[] = {
		"",
		" ",
		"Num       RefCount Protocol Flags    Type St Inode Path",
		"0: 00000003 00000000 00000000 0001 03",
		"0: 00000003 00000000 00000000 0001",
		"0 00000003 00000000 00000000 0001 03 78 /x",
		"0: 00000003 00000000 00000000 0001 03 inode /x",
		"zz: 00000003 00000000 00000000 0001 03 78 /x",
	};
	struct unix_socket socket;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_int_equal(parse_net_unix_line(lines[i], &socket),
				 -EINVAL);
}

/* ---- what is kept ---- */

static void filter_keeps_names_and_inodes(void **state)
{
	const char *names[] = { "/opt/agent/my.sock" };
	struct path_object object = {
		.names = { .at = names, .n = 1 },
		.look = { .kind = KIND_SOCKET,
			  .inode = { .sb_dev = makedev(0, 25),
				     .ino = 0x700000063 } },
	};
	struct path_object_list paths = { .at = &object, .n = 1 };
	struct socket_filter filter = { .paths = &paths };
	struct unix_socket socket = { .name = "/anywhere/docker.sock" };

	(void)state;
	assert_true(socket_wanted(&filter, &socket));
	socket.name = "/else/my.sock";
	assert_true(socket_wanted(&filter, &socket));
	socket.name = "/else/other.sock";
	assert_false(socket_wanted(&filter, &socket));
	socket.name = "/else/docker.sock.old";
	assert_false(socket_wanted(&filter, &socket));
	/* unix_diag has the low 32 bits of the inode number. */
	socket.name = "/else/other.sock";
	socket.has_vfs = true;
	socket.vfs_ino = 99;
	socket.vfs_dev = makedev(0, 25);
	assert_true(socket_wanted(&filter, &socket));
	socket.vfs_dev = makedev(0, 26);
	assert_false(socket_wanted(&filter, &socket));
	socket.vfs_dev = makedev(0, 25);
	object.look.kind = KIND_DIRECTORY;
	assert_false(socket_wanted(&filter, &socket));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(diag_listener),
		arena_test(diag_accepted),
		arena_test(diag_device_is_the_kernels_own),
		arena_test(diag_without_a_name),
		arena_test(diag_abstract_name),
		arena_test(diag_name_without_nul),
		arena_test(diag_longest_name),
		arena_test(diag_oversized_name),
		arena_test(diag_hostile_names_are_kept),
		arena_test(diag_of_another_family),
		arena_test(diag_too_short),
		arena_test(diag_truncated_attribute),
		arena_test(diag_truncated_icons_are_not_read),
		arena_test(diag_short_attributes_count_as_missing),
		arena_test(diag_unknown_attributes),
		cmocka_unit_test(diag_tells_a_full_arena),
		cmocka_unit_test(line_of_a_listener),
		cmocka_unit_test(line_of_a_connection),
		cmocka_unit_test(line_of_a_bound_socket),
		cmocka_unit_test(line_without_a_path),
		cmocka_unit_test(line_of_another_form),
		cmocka_unit_test(filter_keeps_names_and_inodes),
	};

	return cmocka_run_group_tests_name("sockdiag", tests, NULL, NULL);
}
