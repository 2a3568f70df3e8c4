-- 003: the full-text index.
--
-- One FTS5 table for all indexes of the tenant: a document's rowid is the
-- number of its index times 2^48 plus its id, so that an index is a range of
-- rowids and "the newest first" is the order in which FTS5 walks anyway.
--
-- What lies here is not the text but its words, folded and divided by blanks
-- (lib/base/words.c): the `ascii` tokenizer, which takes every byte above 127
-- for a letter, has nothing left to decide.  The words are kept beside the
-- index, since FTS5 takes a document out by the very words it was put in
-- with, and a newer library may fold the text another way.
--
-- Labels are words that nobody can type (lib/store/text.c); a column of their
-- own keeps them out of the relevance.  The prefix indexes are for the last
-- word while it is being typed; longer beginnings are looked up in the list of
-- words.

create virtual table words using fts5 (body, labels, tokenize = 'ascii', prefix = '2 3');

create virtual table words_term using fts5vocab ('words', 'col'); -- for text_check()

create table text_index (
	number integer primary key,                            -- 1 to 32767
	name   blob    not null unique
) strict;

-- The words of four letters and more that some document has.  One that is
-- suspect was in a document that went, and may be nowhere any more.
create table text_word (
	word    text    not null primary key,
	suspect integer not null default 0
) strict, without rowid;
create index text_word_suspect on text_word (suspect) where suspect = 1;
