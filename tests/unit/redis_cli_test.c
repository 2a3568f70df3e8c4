/*
 * redis_cli_test.c - cli.h held against `redis-cli --no-raw` itself.
 *
 * Both sides get the same lines: redis-cli from a file, we by cli_split(), the
 * words sent to the same redis-server, its reply given to cli_print().
 */
#include "unit.h"

#include <dirent.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "buf.h"
#include "cli.h"

static struct arena *mem;
static char dir[256];
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static pid_t server;
static FILE *in, *to; /* the connection */
static struct buf lines, ours;

/* ---- a redis-server of our own ------------------------------------------------ */

static pid_t
start(const char *input, const char *output, char *const argv[])
{
	pid_t pid;

	fflush(NULL);
	if ((pid = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (chdir(dir) != 0)
			_exit(126);
		dup2(open(input, O_RDONLY), STDIN_FILENO);
		dup2(open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
		dup2(STDOUT_FILENO, STDERR_FILENO);
		execvp(argv[0], argv);
		_exit(127);
	}
	return pid;
}

static bool
connected(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		close(fd);
		return false;
	}
	in = fdopen(fd, "r");
	to = fdopen(dup(fd), "w");
	return true;
}

static int
setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	mem = arena_new();
	snprintf(dir, sizeof(dir), "%.60s/muster-unit-XXXXXX", tmp ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(address.sun_path, sizeof(address.sun_path), "%.90s/s", dir);
	return 0;
}

static int
teardown(void **state)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	(void)state;
	if (server) {
		kill(server, SIGKILL);
		unit_wait(server);
		fclose(in);
		fclose(to);
		server = 0;
	}
	while (d != NULL && (e = readdir(d)) != NULL)
		unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	arena_free(mem);
	buf_free(&lines);
	buf_free(&ours);
	return rmdir(dir);
}

#define REAL_TEST(name) TEST_WITH(name, setup, teardown)

/* Skips the test where there is no Redis. */
static void
need_redis(void)
{
	if (system("command -v redis-cli >/dev/null && command -v redis-server >/dev/null") != 0) {
		printf("# redis-cli and redis-server are not installed: nothing to compare with\n");
		skip();
	}
	server = start("/dev/null", "server.log",
	    (char *[]){ "redis-server", "--port", "0", "--unixsocket", "s", "--save", "", NULL });
	for (int i = 0; i < 1000; i++) {
		if (connected())
			return;
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	fail_msg("redis-server does not start");
}

/* ---- RESP --------------------------------------------------------------------- */

static void
send_words(const struct str *words, size_t n)
{
	fprintf(to, "*%zu\r\n", n);
	for (size_t i = 0; i < n; i++) {
		fprintf(to, "$%zu\r\n", words[i].n);
		fwrite(words[i].p, 1, words[i].n, to);
		fputs("\r\n", to);
	}
	fflush(to);
}

static struct str
receive_text(void)
{
	struct buf b = { 0 };
	struct str s;
	int c;

	while ((c = getc(in)) != '\r' && c != EOF)
		buf_char(&b, (char)c);
	assert_int_equal(getc(in), '\n');
	s = arena_dup(mem, (struct str){ b.p, b.n });
	buf_free(&b);
	return s;
}

static struct reply
receive_bulk(size_t n)
{
	char *p = arena_alloc(mem, n + 1);

	assert_int_equal(fread(p, 1, n, in), n);
	assert_int_equal(getc(in), '\r');
	assert_int_equal(getc(in), '\n');
	return (struct reply){ .kind = REPLY_BULK, .text = { p, n } };
}

static struct reply
receive(void)
{
	int kind = getc(in);
	struct str head = receive_text();
	long long n = strtoll(head.p, NULL, 10);
	struct reply r = { .kind = REPLY_ARRAY };

	switch (kind) {
	case '+':
		return (struct reply){ .kind = REPLY_STATUS, .text = head };
	case '-':
		return (struct reply){ .kind = REPLY_ERROR, .text = head };
	case ':':
		return (struct reply){ .kind = REPLY_INTEGER, .integer = n };
	case '$':
		return n < 0 ? (struct reply){ .kind = REPLY_NIL } : receive_bulk((size_t)n);
	case '*':
		if (n < 0)
			return (struct reply){ .kind = REPLY_NIL_ARRAY };
		r.n = (size_t)n;
		r.items = arena_array(mem, struct reply, r.n);
		for (size_t i = 0; i < r.n; i++)
			r.items[i] = receive();
		return r;
	default:
		fail_msg("redis-server sent %c", kind);
		return r;
	}
}

/* ---- both sides --------------------------------------------------------------- */

/* One line for both, and one that makes a difference easy to find. */
static void
line(struct str text)
{
	static int count;
	struct str words[2] = { S("echo"), arena_strf(mem, "line %d", ++count) }, *split;
	struct reply r;
	size_t n;

	buf_str(&lines, text);
	buf_printf(&lines, "\necho \"%s\"\n", words[1].p);
	if (!cli_split(mem, text, &split, &n))
		buf_str(&ours, S("Invalid argument(s)\n"));
	else if (n) {
		send_words(split, n);
		r = receive();
		cli_print(&ours, &r);
	}
	send_words(words, 2);
	r = receive();
	cli_print(&ours, &r);
}

static struct str
whole_file(int at, const char *name)
{
	struct buf b = { 0 };
	struct str all;
	ssize_t n;
	int fd = openat(at, name, O_RDONLY | O_CLOEXEC);

	while ((n = read(fd, buf_room(&b, 65536), 65536)) > 0)
		b.n += (size_t)n;
	close(fd);
	all = arena_dup(mem, (struct str){ b.p, b.n });
	buf_free(&b);
	return all;
}

/* Shows where the answers part. */
static void
assert_same_answers(void)
{
	DIR *d = opendir(dir);
	int fd = openat(dirfd(d), "in", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct str theirs, mine = { ours.p, ours.n }, flush = S("flushall");
	size_t same = 0, from;

	send_words(&flush, 1);
	receive();
	assert_int_equal(write(fd, lines.p, lines.n), lines.n);
	close(fd);
	assert_int_equal(
	    unit_wait(start("in", "out", (char *[]){ "redis-cli", "-s", "s", "--no-raw", NULL })), 0);
	theirs = whole_file(dirfd(d), "out");
	closedir(d);
	if (str_eq(mine, theirs))
		return;
	while (same < mine.n && same < theirs.n && mine.p[same] == theirs.p[same])
		same++;
	from = same > 200 ? same - 200 : 0;
	print_error("the last that is the same: %.*s\n", (int)(same - from), mine.p + from);
	print_error("ours: %.*s\n", mine.n - same > 200 ? 200 : (int)(mine.n - same), mine.p + same);
	fail_msg("redis-cli: %.*s\n", theirs.n - same > 200 ? 200 : (int)(theirs.n - same), theirs.p + same);
}

#define ARGV "eval 'return ARGV' 0 "

REAL_TEST(odd_lines_are_answered_as_redis_cli_answers_them)
{
	static const struct str odd[] = { B(""), B(" "), B("\t\r \v\f"), B("ping"), B("ping\r"),
		B("  ping \v"), B("\vping"), B("PING \"\""), B("''"), B("\"\""), B("none '' ''"),
		B("ping \""), B("ping '"), B("\""), B("ping \"a\"b"), B("ping 'a'b"), B("ping a\"b c\""),
		B("ping a'b c'"), B("ping a\"b\"c"), B("ping \"a\"\v"), B("ping a\v"), B("ping a\f\vb"),
		B("ping \\"), B("ping a\\ b"), B("ping \"a\\"), B("ping \"a\\\""), B("ping 'a\\'"),
		B("ping 'a\\'b'"), B("ping '\\\\'"), B("ping '\\n\\x41'"), B("ping \"\\x00\\xff\\xFf\\x4a\""),
		B("ping \"\\x4\""), B("ping \"\\xg1\""), B("ping \"\\X41\""), B("ping \"\\x4"),
		B("ping \"\\n\\r\\t\\b\\a\\v\\f\\0\\\\\\\"\\'\""), B("ping caf\xc3\xa9"),
		B("ping \"\x01\x1f\x7f\x80\xff\""), B("ping\0 x"), B("ping \"a\0\""), B("\0ping"),
		B("# ping"), B("#"), B("#ping \""), B("nonsense"), B("nonsense a 'b c' \"\\x41\""), B("get"),
		B("1"), B("1.5 ping"), B("get missing"), B("set k v"), B("incr k"), B("lpush k a"),
		B("mget a k b"), B("exists k k"), B("hgetall none"), B("multi"), B("get k"), B("exec"),
		B("exec"), B("multi"), B("nonsense"), B("exec"), B("multi"), B("exec"), B("watch k"),
		B("multi"), B("set k x"), B("incr k"), B("smembers k"), B("exec"), B("brpop none 0.01"),
		B("zadd z 1.5 a inf b"), B("zrange z 0 -1 withscores"), B("scan 0 count 100"),
		B("geoadd g 13.361389 38.115556 p"), B("geopos g p none"),
		B("geosearch g fromlonlat 13 38 byradius 1000 km withcoord withdist"),
		B("eval \"return {err='ERR x  y'}\" 0"), B("eval \"return {ok=''}\" 0"), B("echo -1"),
		B("role") };

	need_redis();
	for (size_t i = 0; i < LEN(odd); i++)
		line(odd[i]);
	assert_same_answers();
}

REAL_TEST(whatever_the_bytes_of_a_line_its_words_are_those_of_redis_cli)
{
	static const char likely[] = "\"\"\"''\\\\xx4ba  \t\r\v\f";
	char bytes[24];

	need_redis();
	rnd_start();
	for (int i = 0; i < 5000; i++) {
		size_t n = (size_t)rnd_below(sizeof(bytes));

		for (size_t j = 0; j < n; j++) {
			bytes[j] =
			    rnd_below(4) ? likely[rnd_below(sizeof(likely) - 1)] : (char)rnd_below(256);
			if (bytes[j] == '\n')
				bytes[j] = 'n';
		}
		line(arena_strf(mem, ARGV "%.*s", (int)n, bytes));
		arena_reset(mem);
	}
	assert_same_answers();
}

/* A reply of any shape, as Lua writes it; backslashes twice, for redis-cli. */
static void
lua(struct buf *b, int depth)
{
	static const int lengths[] = { 0, 1, 2, 3, 9, 10, 11, 101 };
	int n = lengths[rnd_below(depth ? 5 : (int)LEN(lengths))];

	switch (rnd_below(depth < 5 ? 9 : 5)) {
	case 0:
		buf_str(b, S("false"));
		break;
	case 1:
		buf_printf(b, "{err='E \\\\1 %d'}", rnd_below(10));
		break;
	case 2:
		buf_str(b, S("{ok='O K\\\\7'}"));
		break;
	case 3:
		buf_printf(b, "%d", rnd_below(2000) - 1000);
		break;
	case 4:
		buf_printf(b, "'a\\\\%d\\\\0\\\\n%d'", rnd_below(256), rnd_below(256));
		break;
	default:
		buf_char(b, '{');
		for (int i = 0; i < n; i++) {
			lua(b, depth + 1);
			buf_char(b, ',');
		}
		buf_char(b, '}');
	}
}

REAL_TEST(whatever_the_shape_of_a_reply_it_is_printed_as_by_redis_cli)
{
	struct buf script = { 0 };

	need_redis();
	rnd_start();
	for (int i = 0; i < 500; i++) {
		buf_reset(&script);
		buf_str(&script, S("eval \"return "));
		lua(&script, 0);
		buf_str(&script, S("\" 0"));
		line((struct str){ script.p, script.n });
		arena_reset(mem);
	}
	buf_free(&script);
	assert_same_answers();
}
