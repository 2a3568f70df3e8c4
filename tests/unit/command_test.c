/* command_test.c - the command table: what differed from redis-server. */
#include "store.h"

#include "command.h"

/* A line's words, separated by single blanks. */
static size_t
words_of(const char *line, struct str *words, size_t max)
{
	struct str rest = str(line);
	size_t n = 0;

	while (rest.n > 0 && n < max)
		words[n++] = str_cut(&rest, ' ');
	return n;
}

static struct reply
command(const char *line)
{
	struct str words[16];

	return command_run(db, mem, words, words_of(line, words, LEN(words)));
}

static struct reply
say(struct client *c, struct arena *a, const char *line)
{
	struct str words[16];

	return client_call(c, a, words, words_of(line, words, LEN(words)), NOW);
}

STORE_TEST(line_feeds_at_the_end_of_an_error_go_and_others_become_blanks)
{
	assert_str(command("pexpire k 1 \r\n").text, "ERR Unsupported option ");
	assert_str(command("pexpire k 1 a\nb\n").text, "ERR Unsupported option a b");
}

STORE_TEST(what_exec_answers_outlives_the_queue)
{
	struct client *c;
	struct reply r;

	db_rollback(db);
	c = client_new(db);
	say(c, mem, "multi");
	say(c, mem, "echo first");
	r = say(c, mem, "exec");
	say(c, mem, "multi");
	say(c, mem, "echo other");
	assert_int_equal(r.n, 1);
	assert_str(r.items[0].text, "first");
	client_free(c);
}

STORE_TEST(zincrby_takes_a_flag_for_a_flag)
{
	assert_str(command("zincrby z NX m").text, "ERR syntax error");
	assert_str(command("zincrby z 1 nx").text, "1");
}

STORE_TEST(seconds_are_rounded_up_to_the_last_millisecond_there_is)
{
	command("set k v");
	command("pexpireat k 9223372036854775807");
	assert_int_equal(command("expiretime k").integer, 9223372036854776);
	command("pexpireat k 1001499");
	assert_int_equal(command("expiretime k").integer, 1001);
	assert_int_equal(command("ttl k").integer, 1);
	command("pexpireat k 1001500");
	assert_int_equal(command("expiretime k").integer, 1002);
	assert_int_equal(command("ttl k").integer, 2);
}

STORE_TEST(the_database_of_copy_is_an_int)
{
	assert_str(command("copy a b DB 2147483648").text,
	    "ERR value is out of range, value must between -2147483648 and 2147483647");
	assert_str(command("copy a b DB 2147483647").text, "ERR DB index is out of range");
}
