-- 004: the outbox, and the log of events.
--
-- What the outbox of 001 held told one reader, the head file, which is written
-- anew anyway.

drop table outbox;

-- One row: who this tenant is to the world.  The id is part of every message's
-- id; the secret signs links and never leaves (filled in by db_create()).
create table tenant (
	one    integer primary key check (one = 1),
	id     text    not null,
	secret blob    not null
) strict;

-- Where messages go: a host, a relay, a gateway, and what the dispatcher has
-- learned of it, which outlives a dispatcher's two minutes.
create table destination (
	id            integer primary key,
	channel       integer not null,                        -- enum outbox_channel
	name          text    not null unique,                 -- 'https://example.org:443', 'smtp://relay:587'
	width         real    not null default 4,              -- how many at once: the adaptive window
	failures      real    not null default 0,              -- failed cohorts in a row
	trips         integer not null default 0,              -- openings of the breaker in a row
	open_until    integer not null default 0,              -- unix ms; 0: the breaker is closed
	failing_since integer not null default 0,              -- unix ms; 0: the last try was good
	disabled      text                                     -- why nothing is sent there; null: it is
) strict;

-- Content that the messages of a fan-out share.
create table payload (
	id      integer primary key autoincrement,
	created integer not null,                              -- unix ms
	body    blob    not null
) strict;

-- One row a recipient and channel.  `due` is when to try next and, while it is
-- claimed, when the lease ends: one index serves ready, delayed, retried and
-- leased rows.  A settled row (state > 0) stays for a while, for questions.
create table outbox (
	id          integer primary key autoincrement,         -- never used again: part of the message's id
	destination integer not null,
	channel     integer not null,                          -- the destination's
	lane        integer not null,                          -- enum outbox_lane
	state       integer not null default 0,                -- enum outbox_state
	due         integer not null,                          -- unix ms
	owner       integer,                                   -- whose lease; null: nobody's
	epoch       integer not null default 0,                -- claims so far: fences late acks
	claims      integer not null default 0,                -- those since anything was heard of it
	tries       integer not null default 0,                -- failed tries that count
	created     integer not null,                          -- unix ms
	expires     integer not null,                          -- unix ms: never sent after
	source      integer not null,                          -- the alert; 0: none
	recipient   integer not null,                          -- the subscription; 0: none
	payload     integer not null,
	target      text    not null,                          -- address, number or URL
	finished    integer,                                   -- unix ms
	code        integer,                                   -- of the last answer: HTTP or SMTP status
	reason      text,                                      -- of the last failure, short: 'timeout', 'http-500'
	detail      text,                                      -- the other side's words
	reference   text                                       -- the other side's name for it
) strict;
-- "where state = 0" must stand literally in a query that means to use these.
create index outbox_due on outbox (lane, destination, due) where state = 0;
create index outbox_owner on outbox (owner) where owner is not null;
create index outbox_settled on outbox (state, finished) where state > 0;
-- Counts of dead letters by reason are read off it alone; what goes well never enters.
-- ("state in (3, …)" would build a table of these numbers, twice, at each change of a row.)
create index outbox_dead on outbox (state, channel, coalesce(reason, ''), finished) where state >= 3 and state <= 6;
create index outbox_source on outbox (source, recipient);

-- Failed tries, for the timeline of a message.
create table attempt (
	message integer not null,
	at      integer not null,                              -- unix ms
	code    integer not null,
	reason  text    not null,
	detail  text    not null,
	primary key (message, at)
) strict, without rowid;

-- How many messages of an alert are in which state: kept with every change.
create table tally (
	source  integer not null,
	channel integer not null,
	state   integer not null,
	n       integer not null,
	primary key (source, channel, state)
) strict, without rowid;

-- The log of events: what open pages hear of.  The id is the write sequence of
-- the change; `channel.head` is the last id on each.
create table event (
	id      integer primary key,
	channel text    not null,                              -- 'availability', 'alerts', 'posts', 'team-7'
	prev    integer not null,                              -- the id before it on this channel; 0: none
	created integer not null,                              -- unix ms
	topic   blob    not null,                              -- what it is the state of; empty: nothing coalesces
	data    blob    not null                               -- a JSON object
) strict;
create index event_channel on event (channel, id);
create table channel (
	name text    primary key,
	head integer not null
) strict, without rowid;
-- Events up to here are gone: who is behind must read everything anew.
create table event_floor (
	one   integer primary key check (one = 1),
	value integer not null
) strict;
insert into event_floor select 1, value from sequence;
