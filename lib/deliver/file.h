/*
 * file.h - messages that leave nowhere: files for people who develop or try.
 *
 * One file a message in STATE/sent, by the message's name: a second try writes
 * the same one again.  Readable for its owner alone, for addresses are in it.
 */
#ifndef MUSTER_FILE_H
#define MUSTER_FILE_H

#include "deliver.h"

/* The same into file_folder(), as a verdict: SENT, or RETRY "file". */
void file_deliver(struct delivery *, const char *ext, struct str bytes, struct verdict *);

#endif
