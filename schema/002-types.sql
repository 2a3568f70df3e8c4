-- 002: the rest of Redis's types, and faster shapes.
--
-- A key is one row found by its name in one descent.  A string's value lies in
-- it while it is small (an integer, or up to 128 bytes: a larger one would thin
-- out the tree that all look-ups walk), else in `string`.  An id is never used
-- again, so the members of a dropped collection, swept later, can never join a
-- new one: `counter` has the last id given and the number of keys.

create table keys (
	name    blob    not null primary key,
	id      integer not null,
	type    integer not null check (type between 1 and 5), -- string, hash, set, sorted set, list
	expires integer,                                       -- unix milliseconds, null = never
	length  integer not null default 0,                    -- members; 0 for strings
	levels  integer not null default 0,                    -- of its runs; 0: it has none
	value   any                                            -- of a small string: integer or blob
) strict, without rowid;
create unique index keys_id on keys (id);                      -- SCAN, RANDOMKEY
create index keys_expires on keys (expires) where expires is not null;

create table string (
	key   integer primary key,
	value blob    not null
) strict;

insert into keys (name, id, type, expires, length, value)
	select name, id, type, expires, length,
		case when typeof(value) = 'integer' or length(value) <= 128 then value end from key;
insert into string (key, value)
	select id, value from key where typeof(value) = 'blob' and length(value) > 128;

create table counter (
	one    integer primary key check (one = 1),
	keys   integer not null,                               -- rows of `keys`
	lastid integer not null                                -- the last id given to a key
) strict;
insert into counter select 1, (select count(*) from key),
	coalesce((select seq from sqlite_sequence where name = 'key'), 0);

drop table key;
alter table keys rename to key;

-- A list's elements have consecutive positions, of either sign.
create table item (
	key      integer not null,
	position integer not null,
	value    blob    not null,
	primary key (key, position)
) strict, without rowid;

-- Counted runs: how many members of a large collection lie between two of its
-- members, in levels, so that a rank is a few short sums (lib/store/run.c).  A
-- row says how many stand from (score, member) on, up to the next row of its
-- level; sets and hashes count with score 0.
create table run (
	key    integer not null,
	level  integer not null,
	score  real    not null,
	member blob    not null,
	n      integer not null,
	primary key (key, level, score, member)
) strict, without rowid;
