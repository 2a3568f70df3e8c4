-- 001: the store.  Redis's data types on SQLite, one file per tenant.
--
-- One row in `key` per live key; the members of a collection live in the
-- table of its type under the key's id.  No triggers and no foreign keys: the
-- C code of lib/store keeps `length`, and an emptied collection's key goes.
-- An id is never used again (autoincrement), so the members of a dropped
-- collection, swept later, can never join a new one.

create table key (
	id      integer primary key autoincrement,
	name    blob    not null unique,
	type    integer not null check (type between 1 and 4), -- string, hash, set, sorted set
	expires integer,                                       -- unix milliseconds, null = never
	length  integer not null default 0,                    -- members; 0 for strings
	value   any                                            -- of a string: integer or blob
) strict;
create index key_expires on key (expires) where expires is not null;

create table hash (
	key    integer not null,
	field  blob    not null,
	value  any     not null,                               -- integer or blob
	primary key (key, field)
) strict, without rowid;

create table member (                                      -- of sets
	key    integer not null,
	member blob    not null,
	primary key (key, member)
) strict, without rowid;

create table ranking (                                     -- sorted sets
	key    integer not null,
	member blob    not null,
	score  real    not null,
	primary key (key, member)
) strict, without rowid;
create unique index ranking_score on ranking (key, score, member);

-- Ids of dropped collections whose members the dispatcher still has to sweep.
create table trash (
	key integer primary key
) strict;

-- The tenant's write sequence: every visible change takes the next number.
create table sequence (
	one   integer primary key check (one = 1),
	value integer not null
) strict;
insert into sequence values (1, 0);

-- What is to be told to the world, written in the transaction of the change
-- that it tells of.  `due` is also the lease: claiming a row moves it on.
create table outbox (
	id       integer primary key autoincrement,
	channel  text    not null,                             -- who carries it: 'live', 'email', ...
	topic    blob,                                         -- coalesces: one waiting row per channel and topic
	payload  blob    not null,
	sequence integer not null,                             -- the change's number
	created  integer not null,                             -- unix milliseconds
	due      integer not null,                             -- unix milliseconds; null would never be claimed
	attempts integer not null default 0,
	error    text                                          -- of the last attempt
) strict;
create unique index outbox_topic on outbox (channel, topic) where topic is not null;
create index outbox_due on outbox (due);
