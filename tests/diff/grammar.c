/*
 * grammar.c - how each command is made up and how its replies are compared.
 *
 * A grammar is a row of words (sent as they are, in any case), letters and groups:
 *
 *	k key of the family's own, mostly      K any key          D one to be written
 *	# a count of keys and the keys         w as many weights  y name of a type
 *	m member or field    v value           p pattern          c cursor
 *	i int to add         x float to add    s score            q score of a LEX set: 0
 *	r rank or index      n count           o offset, small    A any word
 *	z bound of scores    l bound of members
 *	e seconds from now   E milliseconds    t seconds since 1970   T milliseconds
 *	j longitude, latitude    G both and a member    R radius    u unit
 *
 *	(a|b) one of them    {a|b} some of them in any order    x* once or often
 *
 * LEX keys hold members of one score, GEO keys geohashes: what Redis makes of
 * mixed ones is undefined, so no rule may write a score into them but theirs.
 */
#include "diff.h"

#include <string.h>
#include <strings.h>

const char *const family_names[FAMILY__MAX] = { "string", "hash", "set", "zset", "list", "lex", "geo", "keys",
	"other" };

#define EXPIRY "EX e|PX E|EXAT t|PXAT T"
#define WHEN "{NX|XX|GT|LT}"
#define AGGREGATE "{WEIGHTS w|AGGREGATE (SUM|MIN|MAX)"
#define SHAPE "(BYRADIUS R u|BYBOX R R u|BYBOX R R u)"
#define CENTER "(FROMMEMBER m|FROMLONLAT j)"
#define TOLD "WITHCOORD|WITHDIST|WITHHASH"

const struct rule rules[] = {
	{ "append", STRINGS, 4, EXACT, "k v" },
	{ "decr", STRINGS, 3, EXACT, "k" },
	{ "decrby", STRINGS, 3, EXACT, "k i" },
	{ "get", STRINGS, 6, EXACT, "k" },
	{ "getdel", STRINGS, 2, EXACT, "k" },
	{ "getex", STRINGS, 4, EXACT, "k {" EXPIRY "|PERSIST}" },
	{ "getrange", STRINGS, 4, EXACT, "k r r" },
	{ "getset", STRINGS, 3, EXACT, "k v" },
	{ "incr", STRINGS, 4, EXACT, "k" },
	{ "incrby", STRINGS, 4, EXACT, "k i" },
	{ "incrbyfloat", STRINGS, 5, EXACT, "k x" },
	{ "mget", STRINGS, 3, EXACT, "K*" },
	{ "mset", STRINGS, 2, EXACT, "(k v)*" },
	{ "msetnx", STRINGS, 2, EXACT, "(k v)*" },
	{ "psetex", STRINGS, 2, EXACT, "k E v" },
	{ "set", STRINGS, 10, EXACT, "k v {NX|XX|GET|KEEPTTL|" EXPIRY "}" },
	{ "setex", STRINGS, 2, EXACT, "k e v" },
	{ "setnx", STRINGS, 2, EXACT, "k v" },
	{ "setrange", STRINGS, 3, EXACT, "k o v" },
	{ "strlen", STRINGS, 2, EXACT, "k" },
	{ "substr", STRINGS, 2, EXACT, "k r r" },

	{ "hdel", HASHES, 4, EXACT, "k m*" },
	{ "hexists", HASHES, 2, EXACT, "k m" },
	{ "hget", HASHES, 4, EXACT, "k m" },
	{ "hgetall", HASHES, 2, PAIRED, "k" },
	{ "hincrby", HASHES, 5, EXACT, "k m i" },
	{ "hincrbyfloat", HASHES, 5, EXACT, "k m x" },
	{ "hkeys", HASHES, 1, UNORDERED, "k" },
	{ "hlen", HASHES, 3, EXACT, "k" },
	{ "hmget", HASHES, 3, EXACT, "k m*" },
	{ "hmset", HASHES, 2, EXACT, "k (m v)*" },
	{ "hrandfield", HASHES, 2, SAMPLED, "k n" },
	{ "hrandfield", HASHES, 2, SAMPLED, "k n WITHVALUES" },
	{ "hrandfield", HASHES, 1, SAMPLED, "k" },
	{ "hscan", HASHES, 1, SCANNED, "k c {MATCH p|COUNT n}" },
	{ "hset", HASHES, 9, EXACT, "k (m v)*" },
	{ "hsetnx", HASHES, 3, EXACT, "k m v" },
	{ "hstrlen", HASHES, 2, EXACT, "k m" },
	{ "hvals", HASHES, 1, UNORDERED, "k" },

	{ "sadd", SETS, 9, EXACT, "k m*" },
	{ "scard", SETS, 3, EXACT, "k" },
	{ "sdiff", SETS, 2, UNORDERED, "k*" },
	{ "sdiffstore", SETS, 2, EXACT, "D k*" },
	{ "sinter", SETS, 2, UNORDERED, "k*" },
	{ "sintercard", SETS, 3, EXACT, "# {LIMIT n}" },
	{ "sinterstore", SETS, 2, EXACT, "D k*" },
	{ "sismember", SETS, 3, EXACT, "k m" },
	{ "smembers", SETS, 2, UNORDERED, "k" },
	{ "smismember", SETS, 3, EXACT, "k m*" },
	{ "smove", SETS, 4, EXACT, "k k m" },
	{ "spop", SETS, 1, POPPED, "k" },
	{ "spop", SETS, 1, POPPED, "k n" },
	{ "srandmember", SETS, 1, SAMPLED, "k" },
	{ "srandmember", SETS, 2, SAMPLED, "k n" },
	{ "srem", SETS, 4, EXACT, "k m*" },
	{ "sscan", SETS, 1, SCANNED, "k c {MATCH p|COUNT n}" },
	{ "sunion", SETS, 2, UNORDERED, "k*" },
	{ "sunionstore", SETS, 2, EXACT, "D k*" },

	{ "zadd", ZSETS, 8, EXACT, "k (s m)*" },
	{ "zadd", ZSETS, 8, EXACT, "k {NX|XX|GT|LT|CH} (s m)*" },
	{ "zadd", ZSETS, 3, EXACT, "k {NX|XX|GT|LT|CH|INCR} s m" },
	{ "zcard", ZSETS, 2, EXACT, "k" },
	{ "zcount", ZSETS, 4, EXACT, "k z z" },
	{ "zdiff", ZSETS, 2, EXACT, "# {WITHSCORES}" },
	{ "zdiffstore", ZSETS, 2, EXACT, "D #" },
	{ "zincrby", ZSETS, 6, EXACT, "k s m" },
	{ "zinter", ZSETS, 3, EXACT, "# " AGGREGATE "|WITHSCORES}" },
	{ "zintercard", ZSETS, 2, EXACT, "# {LIMIT n}" },
	{ "zinterstore", ZSETS, 3, EXACT, "D # " AGGREGATE "}" },
	{ "zmpop", ZSETS, 2, EXACT, "# (MIN|MAX) {COUNT n}" },
	{ "zmscore", ZSETS, 2, EXACT, "k m*" },
	{ "zpopmax", ZSETS, 2, EXACT, "k {n}" },
	{ "zpopmin", ZSETS, 2, EXACT, "k {n}" },
	{ "zrandmember", ZSETS, 1, SAMPLED, "k" },
	{ "zrandmember", ZSETS, 2, SAMPLED, "k n {WITHSCORES}" },
	{ "zrange", ZSETS, 4, EXACT, "k r r {REV|WITHSCORES|LIMIT r r}" },
	{ "zrange", ZSETS, 5, EXACT, "k z z BYSCORE {REV|WITHSCORES|LIMIT r r}" },
	{ "zrangebyscore", ZSETS, 3, EXACT, "k z z {WITHSCORES|LIMIT r r}" },
	{ "zrangestore", ZSETS, 2, EXACT, "D k r r {REV|LIMIT r r}" },
	{ "zrangestore", ZSETS, 2, EXACT, "D k z z BYSCORE {REV|LIMIT r r}" },
	{ "zrank", ZSETS, 5, EXACT, "k m" },
	{ "zrem", ZSETS, 5, EXACT, "k m*" },
	{ "zremrangebyrank", ZSETS, 2, EXACT, "k r r" },
	{ "zremrangebyscore", ZSETS, 2, EXACT, "k z z" },
	{ "zrevrange", ZSETS, 2, EXACT, "k r r {WITHSCORES}" },
	{ "zrevrangebyscore", ZSETS, 3, EXACT, "k z z {WITHSCORES|LIMIT r r}" },
	{ "zrevrank", ZSETS, 4, EXACT, "k m" },
	{ "zscan", ZSETS, 1, SCANNED, "k c {MATCH p|COUNT n}" },
	{ "zscore", ZSETS, 4, EXACT, "k m" },
	{ "zunion", ZSETS, 3, EXACT, "# " AGGREGATE "|WITHSCORES}" },
	{ "zunionstore", ZSETS, 3, EXACT, "D # " AGGREGATE "}" },

	{ "zadd", LEX, 8, EXACT, "k {NX|XX|GT|LT|CH} (q m)*" },
	{ "zlexcount", LEX, 3, EXACT, "k l l" },
	{ "zrangebylex", LEX, 3, EXACT, "k l l {LIMIT r r}" },
	{ "zrevrangebylex", LEX, 3, EXACT, "k l l {LIMIT r r}" },
	{ "zrange", LEX, 4, EXACT, "k l l BYLEX {REV|WITHSCORES|LIMIT r r}" },
	{ "zrangestore", LEX, 2, EXACT, "k k l l BYLEX {REV|LIMIT r r}" },
	{ "zremrangebylex", LEX, 2, EXACT, "k l l" },
	{ "zrange", LEX, 2, EXACT, "k r r {REV|WITHSCORES}" },
	{ "zrank", LEX, 2, EXACT, "k m" },
	{ "zrem", LEX, 2, EXACT, "k m*" },
	{ "zpopmin", LEX, 1, EXACT, "k {n}" },
	{ "copy", LEX, 1, EXACT, "k k {REPLACE}" },
	{ "rename", LEX, 1, EXACT, "k k" },
	{ "del", LEX, 1, EXACT, "k" },
	{ "expire", LEX, 1, EXACT, "k e" },

	{ "geoadd", GEO, 8, EXACT, "k {NX|XX|CH} G*" },
	{ "geodist", GEO, 4, EXACT, "k m m {u}" },
	{ "geohash", GEO, 2, EXACT, "k m*" },
	{ "geopos", GEO, 2, EXACT, "k m*" },
	{ "georadius", GEO, 2, NEARBY, "k j R u {" TOLD "|COUNT n|ASC|DESC}" },
	{ "georadius", GEO, 1, EXACT, "k j R u {ASC|COUNT n} STORE k" },
	{ "georadius_ro", GEO, 1, NEARBY, "k j R u {" TOLD "|COUNT n|ASC|DESC}" },
	{ "georadiusbymember", GEO, 2, NEARBY, "k m R u {" TOLD "|COUNT n|ASC|DESC}" },
	{ "georadiusbymember_ro", GEO, 1, NEARBY, "k m R u {" TOLD "|COUNT n ANY|ASC|DESC}" },
	{ "geosearch", GEO, 8, NEARBY, "k " CENTER " " SHAPE " {" TOLD "|COUNT n|COUNT n ANY|ASC|DESC}" },
	{ "geosearch", GEO, 2, NEARBY, "k {" CENTER "|" SHAPE "|COUNT n|ANY|ASC|DESC|" TOLD "}" },
	{ "geosearchstore", GEO, 3, EXACT, "k k " CENTER " " SHAPE " {COUNT n|ASC|DESC}" },
	{ "geosearchstore", GEO, 2, EXACT, "D k " CENTER " " SHAPE " STOREDIST {COUNT n|ASC|DESC}" },
	{ "zrange", GEO, 1, EXACT, "k r r WITHSCORES" },
	{ "zrem", GEO, 2, EXACT, "k m*" },
	{ "copy", GEO, 1, EXACT, "k k {REPLACE}" },
	{ "rename", GEO, 1, EXACT, "k k" },
	{ "del", GEO, 1, EXACT, "k" },
	{ "pexpire", GEO, 1, EXACT, "k E" },

	{ "lindex", LISTS, 4, EXACT, "k r" },
	{ "linsert", LISTS, 4, EXACT, "k (BEFORE|AFTER) m v" },
	{ "llen", LISTS, 2, EXACT, "k" },
	{ "lmove", LISTS, 3, EXACT, "k k (LEFT|RIGHT) (LEFT|RIGHT)" },
	{ "lmpop", LISTS, 2, EXACT, "# (LEFT|RIGHT) {COUNT n}" },
	{ "lpop", LISTS, 3, EXACT, "k {n}" },
	{ "lpos", LISTS, 4, EXACT, "k m {RANK r|COUNT n|MAXLEN n}" },
	{ "lpush", LISTS, 6, EXACT, "k m*" },
	{ "lpushx", LISTS, 2, EXACT, "k m*" },
	{ "lrange", LISTS, 4, EXACT, "k r r" },
	{ "lrem", LISTS, 3, EXACT, "k r m" },
	{ "lset", LISTS, 3, EXACT, "k r m" },
	{ "ltrim", LISTS, 1, EXACT, "k r r" },
	{ "rpop", LISTS, 3, EXACT, "k {n}" },
	{ "rpoplpush", LISTS, 2, EXACT, "k k" },
	{ "rpush", LISTS, 6, EXACT, "k m*" },
	{ "rpushx", LISTS, 2, EXACT, "k m*" },

	{ "copy", KEYS, 4, EXACT, "K D {REPLACE}" },
	{ "copy", KEYS, 1, EXACT, "K D {REPLACE|DB c}" },
	{ "dbsize", KEYS, 3, TALLIED, "" },
	{ "del", KEYS, 6, EXACT, "K*" },
	{ "exists", KEYS, 3, EXACT, "K*" },
	{ "expire", KEYS, 4, EXACT, "K e " WHEN },
	{ "expireat", KEYS, 3, EXACT, "K t " WHEN },
	{ "expiretime", KEYS, 2, EXACT, "K" },
	{ "keys", KEYS, 2, UNORDERED, "p" },
	{ "persist", KEYS, 3, EXACT, "K" },
	{ "pexpire", KEYS, 4, EXACT, "K E " WHEN },
	{ "pexpireat", KEYS, 3, EXACT, "K T " WHEN },
	{ "pexpiretime", KEYS, 3, EXACT, "K" },
	{ "pttl", KEYS, 3, EXACT, "K" },
	{ "randomkey", KEYS, 1, SAMPLED, "" },
	{ "rename", KEYS, 4, EXACT, "K D" },
	{ "renamenx", KEYS, 3, EXACT, "K D" },
	{ "scan", KEYS, 2, SCANNED, "c {MATCH p|COUNT n|TYPE y}" },
	{ "touch", KEYS, 2, EXACT, "K*" },
	{ "ttl", KEYS, 3, EXACT, "K" },
	{ "type", KEYS, 3, EXACT, "K" },
	{ "unlink", KEYS, 4, EXACT, "K*" },

	{ "command", OTHER, 1, KIND, "COUNT" },
	{ "echo", OTHER, 2, EXACT, "v" },
	{ "flushall", OTHER, 1, EXACT, "{SYNC|ASYNC}" },
	{ "flushdb", OTHER, 1, EXACT, "{SYNC|ASYNC}" },
	{ "ping", OTHER, 2, EXACT, "{v}" },
	{ "time", OTHER, 1, KIND, "" },

	/* Made up by generate.c as whole transactions. */
	{ "discard", OTHER, 0, EXACT, "" },
	{ "exec", OTHER, 0, EXACT, "" },
	{ "multi", OTHER, 0, EXACT, "" },
};

const size_t nrules = LEN(rules);

const struct rule *
rule_find(struct str name)
{
	for (size_t i = 0; i < nrules; i++)
		if (strlen(rules[i].name) == name.n && strncasecmp(rules[i].name, name.p, name.n) == 0)
			return &rules[i];
	return NULL;
}
