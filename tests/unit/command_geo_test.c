/*
 * command_geo_test.c - the GEO commands: what redis-server 7.0.15 answered, as
 * redis-cli shows it.
 */
#include "store.h"

#include "buf.h"
#include "cli.h"
#include "command.h"

struct answer {
	const char *command, *reply;
};

/* Each command, in order, is answered as it says there. */
static void
answers(const struct answer *table, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct buf out = { 0 };
		struct reply reply;
		struct str *words;
		size_t nwords;

		assert_true(cli_split(mem, str(table[i].command), &words, &nwords));
		reply = command_run(db, mem, words, nwords);
		cli_print(&out, &reply);
		if (!str_eq((struct str){ out.p, out.n }, arena_strf(mem, "%s\n", table[i].reply)))
			fail_msg("%s\n%.*sbut Redis says\n%s", table[i].command, (int)out.n, out.p,
			    table[i].reply);
		buf_free(&out);
	}
}

#define SICILY \
	"geoadd g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 12.758489 38.788135 edge1" \
	" 17.241510 38.788135 edge2"

STORE_TEST(geoadd_tells_how_many_are_new)
{
	static const struct answer table[] = {
		{ "geoadd g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania", "(integer) 2" },
		{ "geoadd g 13.361389 38.115556 Palermo 2.352222 48.856613 Paris", "(integer) 1" },
		{ "zrange g 0 -1 withscores", "1) \"Palermo\"\n"
					      "2) \"3479099956230698\"\n"
					      "3) \"Catania\"\n"
					      "4) \"3479447370796909\"\n"
					      "5) \"Paris\"\n"
					      "6) \"3663832779125283\"" },
		{ "geoadd g 1 1 twice 2 2 twice", "(integer) 1" },
		{ "geopos g twice", "1) 1) \"2.00000256299972534\"\n"
				    "   2) \"2.0000001856465488\"" },
		{ "GEOADD g 0x1 1e1 hex", "(integer) 1" },
	};

	answers(table, LEN(table));
}

STORE_TEST(geoadd_ch_counts_those_that_moved_too)
{
	static const struct answer table[] = {
		{ "geoadd g 1 1 a 2 2 b", "(integer) 2" },
		{ "geoadd g ch 1 1 a 3 3 b 4 4 c", "(integer) 2" },
		{ "geoadd g CH CH 1 1 a", "(integer) 0" },
	};

	answers(table, LEN(table));
}

STORE_TEST(geoadd_nx_moves_nobody_and_xx_adds_nobody)
{
	static const struct answer table[] = {
		{ "geoadd g 1 1 a", "(integer) 1" },
		{ "geoadd g nx ch 2 2 a 3 3 b", "(integer) 1" },
		{ "geopos g a", "1) 1) \"0.99999994039535522\"\n"
				"   2) \"0.99999945914297683\"" },
		{ "geoadd g xx ch 4 4 a 5 5 c", "(integer) 1" },
		{ "zrange g 0 -1", "1) \"b\"\n"
				   "2) \"a\"" },
		{ "geoadd none xx 1 1 a", "(integer) 0" },
		{ "exists none", "(integer) 0" },
	};

	answers(table, LEN(table));
}

STORE_TEST(geoadd_refuses_what_is_no_position_and_adds_nobody_then)
{
	static const struct answer table[] = {
		{ "geoadd g 181 0 a", "(error) ERR invalid longitude,latitude pair 181.000000,0.000000" },
		{ "geoadd g -180.0000001 0 a",
		    "(error) ERR invalid longitude,latitude pair -180.000000,0.000000" },
		{ "geoadd g 0 85.05112879 a",
		    "(error) ERR invalid longitude,latitude pair 0.000000,85.051129" },
		{ "geoadd g 0 -90 a", "(error) ERR invalid longitude,latitude pair 0.000000,-90.000000" },
		{ "geoadd g inf 0 a", "(error) ERR invalid longitude,latitude pair inf,0.000000" },
		{ "geoadd g 0 -inf a", "(error) ERR invalid longitude,latitude pair 0.000000,-inf" },
		{ "geoadd g nan 0 a", "(error) ERR value is not a valid float" },
		{ "geoadd g x 0 a", "(error) ERR value is not a valid float" },
		{ "geoadd g 0 \"\" a", "(error) ERR value is not a valid float" },
		{ "geoadd g \" 1\" 0 a", "(error) ERR value is not a valid float" },
		{ "geoadd g 1 1 fine 1 100 a",
		    "(error) ERR invalid longitude,latitude pair 1.000000,100.000000" },
		{ "geoadd g 1 1 fine 1 1x a", "(error) ERR value is not a valid float" },
		{ "exists g", "(integer) 0" },
	};

	answers(table, LEN(table));
}

STORE_TEST(geoadd_checks_options_first_then_positions_then_the_type)
{
	static const struct answer table[] = {
		{ "set s v", "OK" },
		{ "geoadd g nx xx 1 1 a", "(error) ERR syntax error" },
		{ "geoadd g nx xx 500 1 a", "(error) ERR syntax error" },
		{ "geoadd g 1 1 a 2", "(error) ERR syntax error" },
		{ "geoadd g nx 1 1 a b", "(error) ERR syntax error" },
		{ "geoadd g nx ch nx", "(error) ERR syntax error" },
		{ "geoadd g incr 1 1", "(error) ERR value is not a valid float" },
		{ "geoadd g 1 1", "(error) ERR wrong number of arguments for 'geoadd' command" },
		{ "geoadd s 1 1 a",
		    "(error) WRONGTYPE Operation against a key holding the wrong kind of value" },
		{ "geoadd s 181 1 a", "(error) ERR invalid longitude,latitude pair 181.000000,1.000000" },
		{ "geoadd s nx xx 1 1 a", "(error) ERR syntax error" },
	};

	answers(table, LEN(table));
}

STORE_TEST(the_edges_of_the_map_score_as_with_redis)
{
	static const struct answer table[] = {
		{ "geoadd g 180 85.05112878 ne -180 85.05112878 nw 180 -85.05112878 se -180 -85.05112878 sw 180 0 e 0 85.05112878 n",
		    "(integer) 6" },
		{ "zrange g 0 -1 withscores", " 1) \"sw\"\n"
					      " 2) \"0\"\n"
					      " 3) \"nw\"\n"
					      " 4) \"4503599627370496\"\n"
					      " 5) \"n\"\n"
					      " 6) \"6755399441055744\"\n"
					      " 7) \"se\"\n"
					      " 8) \"9007199254740992\"\n"
					      " 9) \"e\"\n"
					      "10) \"10133099161583616\"\n"
					      "11) \"ne\"\n"
					      "12) \"13510798882111488\"" },
		{ "geopos g ne nw se sw e n", "1) 1) \"180\"\n"
					      "   2) \"85.0511287799999991\"\n"
					      "2) 1) \"-179.99999731779098511\"\n"
					      "   2) \"85.0511287799999991\"\n"
					      "3) 1) \"180\"\n"
					      "   2) \"-85.05112751263942528\"\n"
					      "4) 1) \"-179.99999731779098511\"\n"
					      "   2) \"-85.05112751263942528\"\n"
					      "5) 1) \"180\"\n"
					      "   2) \"0.00000126736058093\"\n"
					      "6) 1) \"0.00000268220901489\"\n"
					      "   2) \"85.0511287799999991\"" },
		{ "geohash g ne nw se sw e n", "1) \"bp05b5048p0\"\n"
					       "2) \"bp05b5048p0\"\n"
					       "3) \"00bh0hbj200\"\n"
					       "4) \"00bh0hbj200\"\n"
					       "5) \"80000000000\"\n"
					       "6) \"up05b5048p0\"" },
	};

	answers(table, LEN(table));
}

STORE_TEST(scores_that_are_no_positions_read_as_with_redis)
{
	static const struct answer table[] = {
		{ "zadd g -1 a -5.5 b 1e30 c inf d -inf e 3.7 f 4503599627370495.5 h", "(integer) 7" },
		{ "geopos g a b c d e f h", "1) 1) \"180\"\n"
					    "   2) \"85.0511287799999991\"\n"
					    "2) 1) \"180\"\n"
					    "   2) \"85.0511287799999991\"\n"
					    "3) 1) \"-179.99999731779098511\"\n"
					    "   2) \"-85.05112751263942528\"\n"
					    "4) 1) \"-179.99999731779098511\"\n"
					    "   2) \"-85.05112751263942528\"\n"
					    "5) 1) \"180\"\n"
					    "   2) \"-85.05112751263942528\"\n"
					    "6) 1) \"-179.99999195337295532\"\n"
					    "   2) \"-85.05112497791824921\"\n"
					    "7) 1) \"179.99999731779098511\"\n"
					    "   2) \"85.05112751263942528\"" },
		{ "geohash g a b c d e f h", "1) \"bp05b5048p0\"\n"
					     "2) \"bp05b5048p0\"\n"
					     "3) \"00bh0hbj200\"\n"
					     "4) \"00bh0hbj200\"\n"
					     "5) \"00bh0hbj200\"\n"
					     "6) \"00bh0hbj210\"\n"
					     "7) \"zzpgzgpfxz0\"" },
		{ "geodist g a c", "\"18919844.5891\"" },
		{ "geosearch g fromlonlat -180 -85 byradius 10 km withhash", "1) 1) \"f\"\n"
									     "   2) (integer) 3" },
	};

	answers(table, LEN(table));
}

STORE_TEST(geopos_and_geohash_answer_for_each)
{
	static const struct answer table[] = {
		{ "geoadd g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania -0.000001 0.000001 zero",
		    "(integer) 3" },
		{ "geopos g Palermo nobody Catania zero", "1) 1) \"13.36138933897018433\"\n"
							  "   2) \"38.11555639549629859\"\n"
							  "2) (nil)\n"
							  "3) 1) \"15.08726745843887329\"\n"
							  "   2) \"37.50266842333162032\"\n"
							  "4) 1) \"-0.00000268220901489\"\n"
							  "   2) \"0.00000126736058093\"" },
		{ "geohash g Palermo nobody Catania zero", "1) \"sqc8b49rny0\"\n"
							   "2) (nil)\n"
							   "3) \"sqdtr74hyu0\"\n"
							   "4) \"ebpbpbpbpb0\"" },
		{ "geopos g", "(empty array)" },
		{ "geohash g", "(empty array)" },
		{ "geopos none a b", "1) (nil)\n"
				     "2) (nil)" },
		{ "geohash none a b", "1) (nil)\n"
				      "2) (nil)" },
		{ "set s v", "OK" },
		{ "geopos s a", "(error) WRONGTYPE Operation against a key holding the wrong kind of value" },
		{ "geohash s", "(error) WRONGTYPE Operation against a key holding the wrong kind of value" },
		{ "geopos", "(error) ERR wrong number of arguments for 'geopos' command" },
		{ "geohash", "(error) ERR wrong number of arguments for 'geohash' command" },
	};

	answers(table, LEN(table));
}

STORE_TEST(geodist_measures_in_each_unit)
{
	static const struct answer table[] = {
		{ "geoadd g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania", "(integer) 2" },
		{ "geodist g Palermo Catania", "\"166274.1516\"" },
		{ "geodist g Palermo Catania m", "\"166274.1516\"" },
		{ "geodist g Catania Palermo KM", "\"166.2742\"" },
		{ "geodist g Palermo Catania ft", "\"545518.8700\"" },
		{ "geodist g Palermo Catania Mi", "\"103.3182\"" },
		{ "geodist g Palermo Palermo", "\"0.0000\"" },
		{ "geodist g Palermo nobody", "(nil)" },
		{ "geodist g nobody Palermo", "(nil)" },
		{ "geodist none a b", "(nil)" },
		{ "geodist none a b yards",
		    "(error) ERR unsupported unit provided. please use M, KM, FT, MI" },
		{ "geodist g Palermo Catania yards",
		    "(error) ERR unsupported unit provided. please use M, KM, FT, MI" },
		{ "geodist g Palermo Catania m x", "(error) ERR syntax error" },
		{ "set s v", "OK" },
		{ "geodist s a b",
		    "(error) WRONGTYPE Operation against a key holding the wrong kind of value" },
		{ "geodist s a b yards", "(error) ERR unsupported unit provided. please use M, KM, FT, MI" },
		{ "geodist g Palermo", "(error) ERR wrong number of arguments for 'geodist' command" },
	};

	answers(table, LEN(table));
}

STORE_TEST(a_distance_of_half_a_digit_rounds_to_the_even_one)
{
	static const struct answer table[] = {
		{ "geoadd g -179.98817414045333862 19.29971543136618806 a -0.17510801553726196 0.43188480153686015 b",
		    "(integer) 2" },
		{ "geodist g a b ft", "\"58484141.4032\"" },
		{ "geodist g a b", "\"17825966.2997\"" },
	};

	answers(table, LEN(table));
}

STORE_TEST(a_search_by_radius)
{
	static const struct answer table[] = {
		{ SICILY, "(integer) 4" },
		{ "geosearch g fromlonlat 15 37 byradius 200 km asc", "1) \"Catania\"\n"
								      "2) \"Palermo\"" },
		{ "geosearch g fromlonlat 15 37 byradius 200 km desc", "1) \"Palermo\"\n"
								       "2) \"Catania\"" },
		{ "GeoSearch g ByRadius 200000 M FromLonLat 15 37 Asc", "1) \"Catania\"\n"
									"2) \"Palermo\"" },
		{ "geosearch g frommember Palermo byradius 100 mi asc", "1) \"Palermo\"\n"
									"2) \"edge1\"" },
		{ "geosearch g frommember Palermo byradius 0 m", "1) \"Palermo\"" },
		{ "geosearch g fromlonlat 15 37 byradius 1 m", "(empty array)" },
		{ "geosearch none fromlonlat 15 37 byradius 1 m", "(empty array)" },
		{ "geosearch g fromlonlat 15 37 byradius inf m asc", "1) \"Catania\"\n"
								     "2) \"Palermo\"\n"
								     "3) \"edge2\"\n"
								     "4) \"edge1\"" },
	};

	answers(table, LEN(table));
}

STORE_TEST(a_search_by_box)
{
	static const struct answer table[] = {
		{ SICILY, "(integer) 4" },
		{ "geosearch g fromlonlat 15 37 bybox 400 400 km asc withcoord withdist",
		    "1) 1) \"Catania\"\n"
		    "   2) \"56.4413\"\n"
		    "   3) 1) \"15.08726745843887329\"\n"
		    "      2) \"37.50266842333162032\"\n"
		    "2) 1) \"Palermo\"\n"
		    "   2) \"190.4424\"\n"
		    "   3) 1) \"13.36138933897018433\"\n"
		    "      2) \"38.11555639549629859\"\n"
		    "3) 1) \"edge2\"\n"
		    "   2) \"279.7403\"\n"
		    "   3) 1) \"17.24151045083999634\"\n"
		    "      2) \"38.78813451624225195\"\n"
		    "4) 1) \"edge1\"\n"
		    "   2) \"279.7405\"\n"
		    "   3) 1) \"12.7584877610206604\"\n"
		    "      2) \"38.78813451624225195\"" },
		{ "geosearch g fromlonlat 15 37 bybox 400 100 km asc", "(empty array)" },
		{ "geosearch g fromlonlat 15 37 bybox 100 400 km asc", "1) \"Catania\"" },
		{ "geosearch g frommember Catania bybox 0 0 m", "1) \"Catania\"" },
		{ "geosearch g desc bybox 300 300 mi frommember edge1", "1) \"Catania\"\n"
									"2) \"Palermo\"\n"
									"3) \"edge1\"" },
	};

	answers(table, LEN(table));
}

STORE_TEST(withdist_withhash_withcoord_come_in_this_order)
{
	static const struct answer table[] = {
		{ SICILY, "(integer) 4" },
		{ "geosearch g fromlonlat 15 37 byradius 100 km withdist", "1) 1) \"Catania\"\n"
									   "   2) \"56.4413\"" },
		{ "geosearch g fromlonlat 15 37 byradius 100 km withhash",
		    "1) 1) \"Catania\"\n"
		    "   2) (integer) 3479447370796909" },
		{ "geosearch g fromlonlat 15 37 byradius 100 km withcoord",
		    "1) 1) \"Catania\"\n"
		    "   2) 1) \"15.08726745843887329\"\n"
		    "      2) \"37.50266842333162032\"" },
		{ "geosearch g fromlonlat 15 37 byradius 100 km withcoord withhash withdist",
		    "1) 1) \"Catania\"\n"
		    "   2) \"56.4413\"\n"
		    "   3) (integer) 3479447370796909\n"
		    "   4) 1) \"15.08726745843887329\"\n"
		    "      2) \"37.50266842333162032\"" },
		{ "geosearch g fromlonlat 15 37 byradius 100 mi withdist withcoord asc",
		    "1) 1) \"Catania\"\n"
		    "   2) \"35.0711\"\n"
		    "   3) 1) \"15.08726745843887329\"\n"
		    "      2) \"37.50266842333162032\"" },
	};

	answers(table, LEN(table));
}

STORE_TEST(count_takes_the_nearest_and_any_whom_it_meets)
{
	static const struct answer table[] = {
		{ SICILY, "(integer) 4" },
		{ "geosearch g fromlonlat 15 37 byradius 400 km count 1", "1) \"Catania\"" },
		{ "geosearch g fromlonlat 15 37 byradius 400 km count 2", "1) \"Catania\"\n"
									  "2) \"Palermo\"" },
		{ "geosearch g fromlonlat 15 37 byradius 400 km count 2 desc", "1) \"edge1\"\n"
									       "2) \"edge2\"" },
		{ "geosearch g fromlonlat 15 37 byradius 400 km count 99", "1) \"Catania\"\n"
									   "2) \"Palermo\"\n"
									   "3) \"edge2\"\n"
									   "4) \"edge1\"" },
		{ "geosearch g fromlonlat 15 37 byradius 400 km count 2 any", "1) \"Palermo\"\n"
									      "2) \"edge1\"" },
		{ "geosearch g fromlonlat 15 37 byradius 400 km any count 2 desc", "1) \"edge1\"\n"
										   "2) \"Palermo\"" },
		{ "geosearch g fromlonlat 15 37 byradius 400 km any asc count 3 withdist",
		    "1) 1) \"Catania\"\n"
		    "   2) \"56.4413\"\n"
		    "2) 1) \"Palermo\"\n"
		    "   2) \"190.4424\"\n"
		    "3) 1) \"edge1\"\n"
		    "   2) \"279.7405\"" },
	};

	answers(table, LEN(table));
}

STORE_TEST(over_a_pole_members_are_missed_as_with_redis)
{
	static const struct answer table[] = {
		{ "geoadd g 0 85 a 180 85 b 90 85 c -90 85 d", "(integer) 4" },
		{ "geosearch g fromlonlat 0 85 byradius 9000 km asc", "1) \"a\"\n"
								      "2) \"d\"\n"
								      "3) \"c\"" },
		{ "geosearch g fromlonlat 0 85 byradius 600 km asc", "1) \"a\"" },
	};

	answers(table, LEN(table));
}

STORE_TEST(across_the_antimeridian_both_sides_are_found)
{
	static const struct answer table[] = {
		{ "geoadd g 179.9 10 e -179.9 10 w", "(integer) 2" },
		{ "geosearch g fromlonlat 179.99 10 byradius 50 km asc withdist", "1) 1) \"e\"\n"
										  "   2) \"9.8584\"\n"
										  "2) 1) \"w\"\n"
										  "   2) \"12.0491\"" },
		{ "geosearch g fromlonlat 179.99 10 bybox 100 1 km asc", "1) \"e\"\n"
									 "2) \"w\"" },
	};

	answers(table, LEN(table));
}

STORE_TEST(geosearchstore_keeps_cells_or_distances)
{
	static const struct answer table[] = {
		{ SICILY, "(integer) 4" },
		{ "geosearchstore d g fromlonlat 15 37 byradius 200 km", "(integer) 2" },
		{ "zrange d 0 -1 withscores", "1) \"Palermo\"\n"
					      "2) \"3479099956230698\"\n"
					      "3) \"Catania\"\n"
					      "4) \"3479447370796909\"" },
		{ "geosearchstore d g fromlonlat 15 37 byradius 200 km storedist", "(integer) 2" },
		{ "zrange d 0 -1 withscores", "1) \"Catania\"\n"
					      "2) \"56.441257870158204\"\n"
					      "3) \"Palermo\"\n"
					      "4) \"190.44242984775784\"" },
		{ "geosearchstore d g fromlonlat 15 37 byradius 400 km storedist count 1 desc",
		    "(integer) 1" },
		{ "zrange d 0 -1 withscores", "1) \"edge1\"\n"
					      "2) \"279.74045213563431\"" },
		{ "geosearchstore d g fromlonlat 0 0 byradius 1 km", "(integer) 0" },
		{ "exists d", "(integer) 0" },
		{ "set d v", "OK" },
		{ "geosearchstore d g frommember Palermo bybox 1 1 km", "(integer) 1" },
		{ "zrange d 0 -1", "1) \"Palermo\"" },
		{ "geosearchstore d none frommember x byradius 1 km", "(integer) 0" },
		{ "exists d", "(integer) 0" },
		{ "geosearchstore g g frommember Palermo byradius 1 km", "(integer) 1" },
		{ "zrange g 0 -1", "1) \"Palermo\"" },
	};

	answers(table, LEN(table));
}

STORE_TEST(geosearchstore_reads_its_source_first)
{
	static const struct answer table[] = {
		{ SICILY, "(integer) 4" },
		{ "set s v", "OK" },
		{ "geosearchstore d s fromlonlat 15 37 byradius 1 x",
		    "(error) WRONGTYPE Operation against a key holding the wrong kind of value" },
		{ "geosearchstore g s fromlonlat 15 37 byradius 1 km",
		    "(error) WRONGTYPE Operation against a key holding the wrong kind of value" },
		{ "zcard g", "(integer) 4" },
		{ "geosearchstore s g fromlonlat 15 37 byradius 200 km", "(integer) 2" },
		{ "type s", "zset" },
	};

	answers(table, LEN(table));
}

STORE_TEST(what_a_search_refuses)
{
	static const struct answer table[] = {
		{ SICILY, "(integer) 4" },
		{ "set s v", "OK" },
		{ "geosearch s fromlonlat 500 37 byradius 1 km",
		    "(error) WRONGTYPE Operation against a key holding the wrong kind of value" },
		{ "geosearch g a b c d e", "(error) ERR syntax error" },
		{ "geosearch g fromlonlat 500 37 byradius 1 km",
		    "(error) ERR invalid longitude,latitude pair 500.000000,37.000000" },
		{ "geosearch g fromlonlat x 37 byradius 1 km", "(error) ERR value is not a valid float" },
		{ "geosearch g fromlonlat 15 37 byradius x km", "(error) ERR need numeric radius" },
		{ "geosearch g fromlonlat 15 37 byradius nan km", "(error) ERR need numeric radius" },
		{ "geosearch g fromlonlat 15 37 byradius -1 yards", "(error) ERR radius cannot be negative" },
		{ "geosearch g fromlonlat 15 37 byradius 1 yards",
		    "(error) ERR unsupported unit provided. please use M, KM, FT, MI" },
		{ "geosearch g fromlonlat 15 37 bybox x -1 m", "(error) ERR need numeric width" },
		{ "geosearch g fromlonlat 15 37 bybox -1 x m", "(error) ERR need numeric height" },
		{ "geosearch g fromlonlat 15 37 bybox 1 -1 yards",
		    "(error) ERR height or width cannot be negative" },
		{ "geosearch g fromlonlat 15 37 bybox 1 1 yards",
		    "(error) ERR unsupported unit provided. please use M, KM, FT, MI" },
		{ "geosearch g frommember nobody byradius 1 m",
		    "(error) ERR could not decode requested zset member" },
		{ "geosearch g frommember nobody byradius x m",
		    "(error) ERR could not decode requested zset member" },
		{ "geosearch none frommember nobody byradius x m", "(error) ERR need numeric radius" },
		{ "geosearch g frommember Palermo fromlonlat 1 1 byradius 1 m", "(error) ERR syntax error" },
		{ "geosearch g fromlonlat 1 1 frommember Palermo byradius 1 m", "(error) ERR syntax error" },
		{ "geosearch g fromlonlat 1 1 byradius 1 m bybox 1 1 m", "(error) ERR syntax error" },
		{ "geosearch g fromlonlat 1 1 bybox 1 1 m byradius 1 m", "(error) ERR syntax error" },
		{ "geosearch g byradius 1 m asc asc asc",
		    "(error) ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for geosearch" },
		{ "GeoSearch g byradius 1 m asc asc asc",
		    "(error) ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for GeoSearch" },
		{ "geosearch g frommember Palermo asc asc asc",
		    "(error) ERR exactly one of BYRADIUS and BYBOX can be specified for geosearch" },
		{ "geosearch g frommember Palermo byradius 1",
		    "(error) ERR wrong number of arguments for 'geosearch' command" },
		{ "geosearch g frommember Palermo bybox 1 1", "(error) ERR syntax error" },
		{ "geosearch g byradius 1 km asc frommember", "(error) ERR syntax error" },
		{ "geosearch g byradius 1 km asc fromlonlat 1", "(error) ERR syntax error" },
		{ "geosearch g frommember Palermo byradius 1 m any",
		    "(error) ERR the ANY argument requires COUNT argument" },
		{ "geosearch g frommember Palermo byradius 1 m count", "(error) ERR syntax error" },
		{ "geosearch g frommember Palermo byradius 1 m count 0", "(error) ERR COUNT must be > 0" },
		{ "geosearch g frommember Palermo byradius 1 m count -1", "(error) ERR COUNT must be > 0" },
		{ "geosearch g frommember Palermo byradius 1 m count x",
		    "(error) ERR value is not an integer or out of range" },
		{ "geosearch g frommember Palermo byradius 1 m store d", "(error) ERR syntax error" },
		{ "geosearch g frommember Palermo byradius 1 m storedist", "(error) ERR syntax error" },
		{ "geosearch g frommember Palermo byradius 1 m storedist d", "(error) ERR syntax error" },
		{ "geosearchstore d g frommember Palermo byradius 1 m withdist",
		    "(error) ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options" },
		{ "geosearchstore d none frommember Palermo byradius 1 m withhash any",
		    "(error) ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options" },
		{ "geosearchstore d g byradius 1 m asc asc asc",
		    "(error) ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for geosearchstore" },
		{ "geosearchstore d g frommember Palermo asc asc asc",
		    "(error) ERR exactly one of BYRADIUS and BYBOX can be specified for geosearchstore" },
		{ "geosearchstore d g frommember Palermo byradius 1 m store d", "(error) ERR syntax error" },
		{ "geosearchstore d g frommember Palermo byradius 1 m storedist e",
		    "(error) ERR syntax error" },
		{ "geosearch g frommember Palermo byradius 1",
		    "(error) ERR wrong number of arguments for 'geosearch' command" },
		{ "geosearchstore d g frommember Palermo byradius 1",
		    "(error) ERR wrong number of arguments for 'geosearchstore' command" },
	};

	answers(table, LEN(table));
}

STORE_TEST(an_option_given_again_replaces_the_one_before)
{
	static const struct answer table[] = {
		{ SICILY, "(integer) 4" },
		{ "geosearch g frommember Palermo frommember Catania byradius 1 m byradius 2 m",
		    "1) \"Catania\"" },
		{ "geosearch g fromlonlat 1 1 fromlonlat 15 37 byradius 1 m byradius 200 km count 9 count 1 desc asc",
		    "1) \"Catania\"" },
		{ "georadius g 15 37 200 km store a storedist b", "(integer) 2" },
		{ "exists a", "(integer) 0" },
		{ "zrange b 0 -1 withscores", "1) \"Catania\"\n"
					      "2) \"56.441257870158204\"\n"
					      "3) \"Palermo\"\n"
					      "4) \"190.44242984775784\"" },
		{ "georadius g 15 37 200 km storedist b store a", "(integer) 2" },
		{ "zrange a 0 -1 withscores", "1) \"Palermo\"\n"
					      "2) \"3479099956230698\"\n"
					      "3) \"Catania\"\n"
					      "4) \"3479447370796909\"" },
	};

	answers(table, LEN(table));
}

STORE_TEST(georadius_and_its_member_form)
{
	static const struct answer table[] = {
		{ SICILY, "(integer) 4" },
		{ "georadius g 15 37 200 km asc", "1) \"Catania\"\n"
						  "2) \"Palermo\"" },
		{ "georadius g 15 37 200 km withdist withcoord desc count 1",
		    "1) 1) \"Palermo\"\n"
		    "   2) \"190.4424\"\n"
		    "   3) 1) \"13.36138933897018433\"\n"
		    "      2) \"38.11555639549629859\"" },
		{ "georadius_ro g 15 37 200 km asc", "1) \"Catania\"\n"
						     "2) \"Palermo\"" },
		{ "georadiusbymember g Palermo 200 km asc", "1) \"Palermo\"\n"
							    "2) \"edge1\"\n"
							    "3) \"Catania\"" },
		{ "georadiusbymember_ro g Palermo 200 km withhash asc", "1) 1) \"Palermo\"\n"
									"   2) (integer) 3479099956230698\n"
									"2) 1) \"edge1\"\n"
									"   2) (integer) 3479273021651468\n"
									"3) 1) \"Catania\"\n"
									"   2) (integer) 3479447370796909" },
		{ "georadius g 15 37 400 km count 2 any", "1) \"Palermo\"\n"
							  "2) \"edge1\"" },
		{ "georadius none 15 37 200 km", "(empty array)" },
		{ "georadiusbymember none x 200 km", "(empty array)" },
	};

	answers(table, LEN(table));
}

STORE_TEST(georadius_stores)
{
	static const struct answer table[] = {
		{ SICILY, "(integer) 4" },
		{ "georadius g 15 37 200 km store d", "(integer) 2" },
		{ "zrange d 0 -1 withscores", "1) \"Palermo\"\n"
					      "2) \"3479099956230698\"\n"
					      "3) \"Catania\"\n"
					      "4) \"3479447370796909\"" },
		{ "georadius g 15 37 200 km storedist d", "(integer) 2" },
		{ "zrange d 0 -1 withscores", "1) \"Catania\"\n"
					      "2) \"56.441257870158204\"\n"
					      "3) \"Palermo\"\n"
					      "4) \"190.44242984775784\"" },
		{ "georadiusbymember g Palermo 200 km store d count 1", "(integer) 1" },
		{ "zrange d 0 -1 withscores", "1) \"Palermo\"\n"
					      "2) \"3479099956230698\"" },
		{ "georadiusbymember none x 1 m store d", "(integer) 0" },
		{ "exists d", "(integer) 0" },
		{ "georadius g 0 0 1 m store d", "(integer) 0" },
		{ "exists d", "(integer) 0" },
	};

	answers(table, LEN(table));
}

STORE_TEST(what_georadius_refuses)
{
	static const struct answer table[] = {
		{ SICILY, "(integer) 4" },
		{ "set s v", "OK" },
		{ "georadius s 500 0 x yards",
		    "(error) WRONGTYPE Operation against a key holding the wrong kind of value" },
		{ "georadius g 500 0 x yards",
		    "(error) ERR invalid longitude,latitude pair 500.000000,0.000000" },
		{ "georadius g 15 37 x yards", "(error) ERR need numeric radius" },
		{ "georadius g 15 37 -1 yards", "(error) ERR radius cannot be negative" },
		{ "georadius g 15 37 1 yards",
		    "(error) ERR unsupported unit provided. please use M, KM, FT, MI" },
		{ "georadius g 15 37 1 m junk", "(error) ERR syntax error" },
		{ "georadius g 15 37 1 m store", "(error) ERR syntax error" },
		{ "georadius g 15 37 1 m count", "(error) ERR syntax error" },
		{ "georadius g 15 37 1 m count 0", "(error) ERR COUNT must be > 0" },
		{ "georadius g 15 37 1 m any", "(error) ERR the ANY argument requires COUNT argument" },
		{ "georadius g 15 37 1 m store d withdist",
		    "(error) ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options" },
		{ "georadius g 15 37 1 m storedist d withhash any",
		    "(error) ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options" },
		{ "georadius g 15 37 1 m frommember Palermo", "(error) ERR syntax error" },
		{ "georadius g 15 37 1 m byradius 1 m", "(error) ERR syntax error" },
		{ "georadius_ro g 15 37 1 m store d", "(error) ERR syntax error" },
		{ "georadius_ro g 15 37 1 m storedist d", "(error) ERR syntax error" },
		{ "georadiusbymember g nobody x yards",
		    "(error) ERR could not decode requested zset member" },
		{ "georadiusbymember g Palermo x yards", "(error) ERR need numeric radius" },
		{ "georadiusbymember g Palermo 1 yards",
		    "(error) ERR unsupported unit provided. please use M, KM, FT, MI" },
		{ "georadiusbymember g Palermo 1 m withcoord store d",
		    "(error) ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options" },
		{ "georadiusbymember_ro g Palermo 1 m store d", "(error) ERR syntax error" },
		{ "georadiusbymember none x -1 yards", "(empty array)" },
		{ "georadiusbymember none x -1 yards junk", "(error) ERR syntax error" },
		{ "georadiusbymember s x 1 m",
		    "(error) WRONGTYPE Operation against a key holding the wrong kind of value" },
		{ "georadius g 15 37 1", "(error) ERR wrong number of arguments for 'georadius' command" },
		{ "georadiusbymember g Palermo 1",
		    "(error) ERR wrong number of arguments for 'georadiusbymember' command" },
	};

	answers(table, LEN(table));
}

STORE_TEST(members_are_bytes)
{
	static const struct answer table[] = {
		{ "geoadd \"\\x00g\" 1 1 \"\\x00\\xff\" 1 1 \"\"", "(integer) 2" },
		{ "geosearch \"\\x00g\" frommember \"\\x00\\xff\" byradius 1 m asc", "1) \"\"\n"
										     "2) \"\\x00\\xff\"" },
		{ "geopos \"\\x00g\" \"\" \"\\x00\"", "1) 1) \"0.99999994039535522\"\n"
						      "   2) \"0.99999945914297683\"\n"
						      "2) (nil)" },
	};

	answers(table, LEN(table));
}
