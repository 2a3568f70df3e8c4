/*
 * command_list_test.c - the commands of lists: a line as redis-cli takes it and
 * what redis-server 7.0.15 answered, as redis-cli --no-raw prints it.
 */
#include "store.h"

#include "cli.h"
#include "key.h"
#include "set.h"

#define WRONGTYPE "(error) WRONGTYPE Operation against a key holding the wrong kind of value"
#define SYNTAX "(error) ERR syntax error"
#define NO_INTEGER "(error) ERR value is not an integer or out of range"
#define NOT_POSITIVE "(error) ERR value is out of range, must be positive"
#define NO_RANK \
	"(error) ERR RANK can't be zero: use 1 to start from the first match, 2 from the second" \
	" ... or use negative to start from the end of the list"

struct row {
	const char *line, *answer;
};

static struct str
answer(const char *line)
{
	static struct buf out;
	struct str *words;
	struct reply reply;
	size_t n;

	assert_true(cli_split(mem, str(line), &words, &n));
	reply = command_run(db, mem, words, n);
	buf_reset(&out);
	cli_print(&out, &reply);
	assert_true(out.n > 0 && out.p[out.n - 1] == '\n');
	return (struct str){ out.p, out.n - 1 };
}

static void
answers(const struct row *rows, size_t n)
{
	assert_int_equal(set_add(db, S("s"), S("m")), OK); /* a key of another type */
	for (size_t i = 0; i < n; i++) {
		struct str have = answer(rows[i].line);

		if (!str_is(have, rows[i].answer))
			fail_msg("%s\nhave: %.*s\nwant: %s", rows[i].line, FMT(have), rows[i].answer);
	}
}

STORE_TEST(pushing_tells_the_length_and_pushx_wants_a_list)
{
	static const struct row rows[] = {
		{ "lpush l a b c", "(integer) 3" },
		{ "RPUSH l d e", "(integer) 5" },
		{ "lrange l 0 -1", "1) \"c\"\n2) \"b\"\n3) \"a\"\n4) \"d\"\n5) \"e\"" },
		{ "lpushx l z y", "(integer) 7" },
		{ "rpushx l x", "(integer) 8" },
		{ "lrange l 0 -1",
		    "1) \"y\"\n2) \"z\"\n3) \"c\"\n4) \"b\"\n5) \"a\"\n6) \"d\"\n7) \"e\"\n8) \"x\"" },
		{ "lpushx none a b", "(integer) 0" },
		{ "rpushx none a", "(integer) 0" },
		{ "llen none", "(integer) 0" },
		{ "llen l", "(integer) 8" },
		{ "lpush s a", WRONGTYPE },
		{ "rpush s a", WRONGTYPE },
		{ "lpushx s a", WRONGTYPE },
		{ "rpushx s a", WRONGTYPE },
		{ "llen s", WRONGTYPE },
		{ "lpush l", "(error) ERR wrong number of arguments for 'lpush' command" },
		{ "rpushx l", "(error) ERR wrong number of arguments for 'rpushx' command" },
		{ "llen", "(error) ERR wrong number of arguments for 'llen' command" },
		{ "llen l l", "(error) ERR wrong number of arguments for 'llen' command" },
	};

	answers(rows, LEN(rows));
}

STORE_TEST(popping_with_a_count_is_another_thing)
{
	static const struct row rows[] = {
		{ "rpush l a b c d e f", "(integer) 6" },
		{ "lpop l", "\"a\"" },
		{ "rpop l", "\"f\"" },
		{ "lpop l 2", "1) \"b\"\n2) \"c\"" },
		{ "lpop l 0", "(empty array)" },
		{ "rpop l 9223372036854775807", "1) \"e\"\n2) \"d\"" },
		{ "lpop l", "(nil)" },
		{ "lpop l 1", "(nil)" },
		{ "rpop l 0", "(nil)" },
		{ "lpop l -1", NOT_POSITIVE },
		{ "lpop l x", NOT_POSITIVE },
		{ "lpop l 1.5", NOT_POSITIVE },
		{ "lpop l 9223372036854775808", NOT_POSITIVE },
		{ "lpop l 1 2", "(error) ERR wrong number of arguments for 'lpop' command" },
		{ "rpop l 1 2", "(error) ERR wrong number of arguments for 'rpop' command" },
		{ "lpop", "(error) ERR wrong number of arguments for 'lpop' command" },
		{ "lpop s", WRONGTYPE },
		{ "lpop s 0", WRONGTYPE },
		{ "lpop s -1", NOT_POSITIVE },
		{ "rpop s 2", WRONGTYPE },
	};

	answers(rows, LEN(rows));
}

STORE_TEST(an_index_is_read_after_the_key_was_found)
{
	static const struct row rows[] = {
		{ "rpush l a b c", "(integer) 3" },
		{ "lindex l 0", "\"a\"" },
		{ "lindex l -1", "\"c\"" },
		{ "lindex l 3", "(nil)" },
		{ "lindex l -4", "(nil)" },
		{ "lindex l -9223372036854775808", "(nil)" },
		{ "lindex l 9223372036854775807", "(nil)" },
		{ "lindex l x", NO_INTEGER },
		{ "lindex l 01", NO_INTEGER },
		{ "lindex l +1", NO_INTEGER },
		{ "lindex none 0", "(nil)" },
		{ "lindex none x", "(nil)" },
		{ "lindex s 0", WRONGTYPE },
		{ "lindex s x", WRONGTYPE },
		{ "lindex l", "(error) ERR wrong number of arguments for 'lindex' command" },
		{ "lset l 0 A", "OK" },
		{ "lset l -1 C", "OK" },
		{ "lset l 3 x", "(error) ERR index out of range" },
		{ "lset l -4 x", "(error) ERR index out of range" },
		{ "lset l x x", NO_INTEGER },
		{ "lset none x x", "(error) ERR no such key" },
		{ "lset none 0 x", "(error) ERR no such key" },
		{ "lset s x x", WRONGTYPE },
		{ "lset s 0 x", WRONGTYPE },
		{ "lset l 0", "(error) ERR wrong number of arguments for 'lset' command" },
		{ "lrange l 0 -1", "1) \"A\"\n2) \"b\"\n3) \"C\"" },
	};

	answers(rows, LEN(rows));
}

STORE_TEST(ranges_are_read_before_the_key_is_looked_for)
{
	static const struct row rows[] = {
		{ "rpush l a b c d e", "(integer) 5" },
		{ "lrange l 1 3", "1) \"b\"\n2) \"c\"\n3) \"d\"" },
		{ "lrange l -2 9", "1) \"d\"\n2) \"e\"" },
		{ "lrange l 3 1", "(empty array)" },
		{ "lrange l 9 10", "(empty array)" },
		{ "lrange l -9223372036854775808 9223372036854775807",
		    "1) \"a\"\n2) \"b\"\n3) \"c\"\n4) \"d\"\n5) \"e\"" },
		{ "lrange l 9223372036854775807 -9223372036854775808", "(empty array)" },
		{ "lrange l x 1", NO_INTEGER },
		{ "lrange l 1 x", NO_INTEGER },
		{ "lrange none x 1", NO_INTEGER },
		{ "lrange none 0 -1", "(empty array)" },
		{ "lrange s 0 x", NO_INTEGER },
		{ "lrange s 0 -1", WRONGTYPE },
		{ "lrange l 0", "(error) ERR wrong number of arguments for 'lrange' command" },
		{ "ltrim l 1 -2", "OK" },
		{ "lrange l 0 -1", "1) \"b\"\n2) \"c\"\n3) \"d\"" },
		{ "ltrim none 0 x", NO_INTEGER },
		{ "ltrim none 0 1", "OK" },
		{ "ltrim s x 1", NO_INTEGER },
		{ "ltrim s 0 1", WRONGTYPE },
		{ "ltrim l -9223372036854775808 9223372036854775807", "OK" },
		{ "llen l", "(integer) 3" },
		{ "ltrim l 2 1", "OK" },
		{ "llen l", "(integer) 0" },
		{ "ltrim l 0", "(error) ERR wrong number of arguments for 'ltrim' command" },
	};

	answers(rows, LEN(rows));
}

STORE_TEST(removal_counts_from_the_head_or_from_the_tail)
{
	static const struct row rows[] = {
		{ "rpush l a b a c a d a", "(integer) 7" },
		{ "lrem l 1 a", "(integer) 1" },
		{ "lrem l -1 a", "(integer) 1" },
		{ "lrange l 0 -1", "1) \"b\"\n2) \"a\"\n3) \"c\"\n4) \"a\"\n5) \"d\"" },
		{ "lrem l 0 x", "(integer) 0" },
		{ "lrem l -9223372036854775807 a", "(integer) 2" },
		{ "lrange l 0 -1", "1) \"b\"\n2) \"c\"\n3) \"d\"" },
		{ "lrem l x a", NO_INTEGER },
		{ "lrem l 9223372036854775808 a", NO_INTEGER },
		{ "lrem none x a", NO_INTEGER },
		{ "lrem none 0 a", "(integer) 0" },
		{ "lrem s 0 a", WRONGTYPE },
		{ "lrem s x a", NO_INTEGER },
		{ "lrem l 0", "(error) ERR wrong number of arguments for 'lrem' command" },
		{ "rpush m a a", "(integer) 2" },
		{ "lrem m -9223372036854775808 a", "(integer) 2" },
		{ "llen m", "(integer) 0" },
	};

	answers(rows, LEN(rows));
}

STORE_TEST(insertion_wants_before_or_after_first_of_all)
{
	static const struct row rows[] = {
		{ "rpush l a b a", "(integer) 3" },
		{ "linsert l before a x", "(integer) 4" },
		{ "linsert l AFTER a y", "(integer) 5" },
		{ "linsert l Before b z", "(integer) 6" },
		{ "linsert l after b w", "(integer) 7" },
		{ "lrange l 0 -1", "1) \"x\"\n2) \"a\"\n3) \"y\"\n4) \"z\"\n5) \"b\"\n6) \"w\"\n7) \"a\"" },
		{ "linsert l before none x", "(integer) -1" },
		{ "linsert none before a x", "(integer) 0" },
		{ "linsert none foo a x", SYNTAX },
		{ "linsert s foo a x", SYNTAX },
		{ "linsert s after a x", WRONGTYPE },
		{ "linsert l before a", "(error) ERR wrong number of arguments for 'linsert' command" },
		{ "linsert l before a x y", "(error) ERR wrong number of arguments for 'linsert' command" },
	};

	answers(rows, LEN(rows));
}

STORE_TEST(moving_looks_at_the_destination_only_when_there_is_a_source)
{
	static const struct row rows[] = {
		{ "rpush l a b c", "(integer) 3" },
		{ "lmove l l left right", "\"a\"" },
		{ "lmove l l RIGHT right", "\"a\"" },
		{ "lmove l d Left Right", "\"b\"" },
		{ "rpoplpush l d", "\"a\"" },
		{ "rpoplpush l l", "\"c\"" },
		{ "lrange l 0 -1", "1) \"c\"" },
		{ "lrange d 0 -1", "1) \"a\"\n2) \"b\"" },
		{ "rpoplpush l d", "\"c\"" },
		{ "llen l", "(integer) 0" },
		{ "lmove none s left left", "(nil)" },
		{ "rpoplpush none s", "(nil)" },
		{ "rpoplpush none none", "(nil)" },
		{ "lmove s d left left", WRONGTYPE },
		{ "rpoplpush s none", WRONGTYPE },
		{ "lmove d s left left", WRONGTYPE },
		{ "rpoplpush d s", WRONGTYPE },
		{ "lmove none d foo left", SYNTAX },
		{ "lmove none d left foo", SYNTAX },
		{ "lmove s d left foo", SYNTAX },
		{ "lmove l l left", "(error) ERR wrong number of arguments for 'lmove' command" },
		{ "rpoplpush l", "(error) ERR wrong number of arguments for 'rpoplpush' command" },
		{ "lrange d 0 -1", "1) \"c\"\n2) \"a\"\n3) \"b\"" },
	};

	answers(rows, LEN(rows));
}

STORE_TEST(a_search_has_a_rank_a_count_and_a_bound)
{
	static const struct row rows[] = {
		{ "rpush l a b c a b c a", "(integer) 7" },
		{ "lpos l a", "(integer) 0" },
		{ "lpos l c", "(integer) 2" },
		{ "lpos l z", "(nil)" },
		{ "lpos l a rank 2", "(integer) 3" },
		{ "lpos l a RANK -1", "(integer) 6" },
		{ "lpos l a rank 9", "(nil)" },
		{ "lpos l a count 0", "1) (integer) 0\n2) (integer) 3\n3) (integer) 6" },
		{ "lpos l a count 2", "1) (integer) 0\n2) (integer) 3" },
		{ "lpos l a rank -1 count 0", "1) (integer) 6\n2) (integer) 3\n3) (integer) 0" },
		{ "lpos l a rank 2 count 0", "1) (integer) 3\n2) (integer) 6" },
		{ "lpos l a rank -2 count 1", "1) (integer) 3" },
		{ "lpos l z count 0", "(empty array)" },
		{ "lpos l a count 0 maxlen 3", "1) (integer) 0" },
		{ "lpos l a rank -1 count 0 maxlen 4", "1) (integer) 6\n2) (integer) 3" },
		{ "lpos l b maxlen 1", "(nil)" },
		{ "lpos l a rank 1 count 2 rank -1 count 1", "1) (integer) 6" },
		{ "lpos l a rank -9223372036854775807 count 0", "(empty array)" },
		{ "lpos l a rank -9223372036854775808 count 2",
		    "1) (integer) 6\n2) (integer) 3\n3) (integer) 0" },
		{ "lpos l a rank -9223372036854775808", "(integer) 6" },
		{ "lpos l a rank 0", NO_RANK },
		{ "lpos none a rank 0", NO_RANK },
		{ "lpos none a rank x", NO_INTEGER },
		{ "lpos none a count -1", "(error) ERR COUNT can't be negative" },
		{ "lpos none a count x", "(error) ERR COUNT can't be negative" },
		{ "lpos none a maxlen -1", "(error) ERR MAXLEN can't be negative" },
		{ "lpos none a maxlen x", "(error) ERR MAXLEN can't be negative" },
		{ "lpos none a rank", SYNTAX },
		{ "lpos none a foo 1", SYNTAX },
		{ "lpos none a count 1 foo", SYNTAX },
		{ "lpos none a", "(nil)" },
		{ "lpos none a count 1", "(empty array)" },
		{ "lpos s a", WRONGTYPE },
		{ "lpos s a rank 0", NO_RANK },
		{ "lpos l", "(error) ERR wrong number of arguments for 'lpos' command" },
	};

	answers(rows, LEN(rows));
}

STORE_TEST(the_first_list_of_several_gives)
{
	static const struct row rows[] = {
		{ "rpush l a b c d", "(integer) 4" },
		{ "lmpop 1 l left", "1) \"l\"\n2) 1) \"a\"" },
		{ "lmpop 2 none l RIGHT count 2", "1) \"l\"\n2) 1) \"d\"\n   2) \"c\"" },
		{ "lmpop 2 l s left", "1) \"l\"\n2) 1) \"b\"" },
		{ "llen l", "(integer) 0" },
		{ "lmpop 1 none left", "(nil)" },
		{ "lmpop 2 none gone left count 2", "(nil)" },
		{ "lmpop 2 s l left", WRONGTYPE },
		{ "lmpop 2 none s right", WRONGTYPE },
		{ "lmpop 0 l left", "(error) ERR numkeys should be greater than 0" },
		{ "lmpop -1 l left", "(error) ERR numkeys should be greater than 0" },
		{ "lmpop x l left", "(error) ERR numkeys should be greater than 0" },
		{ "lmpop 2 l left", SYNTAX },
		{ "lmpop 99 l left", SYNTAX },
		{ "lmpop 1 l foo", SYNTAX },
		{ "lmpop 1 l left count", SYNTAX },
		{ "lmpop 1 l left count 0", "(error) ERR count should be greater than 0" },
		{ "lmpop 1 l left count -1", "(error) ERR count should be greater than 0" },
		{ "lmpop 1 l left count x", "(error) ERR count should be greater than 0" },
		{ "lmpop 1 l left count 1 count 1", SYNTAX },
		{ "lmpop 1 l left foo 1", SYNTAX },
		{ "lmpop 1 l", "(error) ERR wrong number of arguments for 'lmpop' command" },
		{ "rpush l a", "(integer) 1" },
		{ "lmpop 1 l LEFT COUNT 99", "1) \"l\"\n2) 1) \"a\"" },
	};

	answers(rows, LEN(rows));
}

STORE_TEST(elements_are_bytes_and_their_writing_counts)
{
	static const struct row rows[] = {
		{ "rpush \"\\x00l\" \"\" \"\\x00\\xff\" \"a b\" 1 01 \"\" \"\\r\\n\"", "(integer) 7" },
		{ "lrange \"\\x00l\" 0 -1",
		    "1) \"\"\n2) \"\\x00\\xff\"\n3) \"a b\"\n4) \"1\"\n5) \"01\"\n6) \"\"\n7) \"\\r\\n\"" },
		{ "lpos \"\\x00l\" \"\" rank -1", "(integer) 5" },
		{ "lpos \"\\x00l\" 1 count 0", "1) (integer) 3" },
		{ "lrem \"\\x00l\" 0 \"\"", "(integer) 2" },
		{ "linsert \"\\x00l\" after \"\\x00\\xff\" \"\\\"\"", "(integer) 6" },
		{ "lindex \"\\x00l\" 1", "\"\\\"\"" },
		{ "lmpop 1 \"\\x00l\" right count 2", "1) \"\\x00l\"\n2) 1) \"\\r\\n\"\n   2) \"01\"" },
		{ "lpop \"\\x00l\" 9", "1) \"\\x00\\xff\"\n2) \"\\\"\"\n3) \"a b\"\n4) \"1\"" },
	};

	answers(rows, LEN(rows));
}

STORE_TEST(a_time_to_live_stays_while_a_list_does)
{
	static const struct row kept[] = { { "rpoplpush l l", "\"a\"" }, { "lmove l l left right", "\"a\"" },
		{ "lpush l b", "(integer) 2" }, { "lset l 0 c", "OK" },
		{ "linsert l before a x", "(integer) 3" }, { "lrem l 0 c", "(integer) 1" },
		{ "ltrim l 0 0", "OK" }, { "rpush l y", "(integer) 2" }, { "lpop l", "\"x\"" },
		{ "lmove m l left left", "\"z\"" } };
	static const struct row gone[] = { { "lmpop 1 l left count 5", "1) \"l\"\n2) 1) \"z\"\n   2) \"y\"" },
		{ "rpush l a", "(integer) 1" } };

	answer("rpush l a");
	answer("rpush m z");
	assert_int_equal(key_expire_at(db, S("l"), NOW + 1000), OK);
	answers(kept, LEN(kept));
	assert_int_equal(key_expires(db, S("l")), NOW + 1000);
	answers(gone, LEN(gone));
	assert_int_equal(key_expires(db, S("l")), 0);
}

STORE_TEST(a_list_whose_time_has_come_is_missing)
{
	static const struct row rows[] = { { "llen l", "(integer) 0" }, { "lrange l 0 -1", "(empty array)" },
		{ "lpushx l a", "(integer) 0" }, { "lset l 0 a", "(error) ERR no such key" },
		{ "linsert l before a b", "(integer) 0" }, { "lrem l 0 a", "(integer) 0" },
		{ "rpoplpush l l", "(nil)" }, { "lmpop 1 l left", "(nil)" }, { "lpos l a", "(nil)" },
		{ "lpop l", "(nil)" }, { "rpush l x", "(integer) 1" }, { "lrange l 0 -1", "1) \"x\"" } };

	answer("rpush l a b");
	assert_int_equal(key_expire_at(db, S("l"), NOW + 1), OK);
	at(NOW + 1);
	answers(rows, LEN(rows));
}
