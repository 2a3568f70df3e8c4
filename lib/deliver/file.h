/*
 * file.h - messages that leave nowhere: files for people who develop or try.
 *
 * One file a message in STATE/sent, by the message's name: a second try writes
 * the same one again.  Readable for its owner alone, for addresses are in it.
 */
#ifndef MUSTER_FILE_H
#define MUSTER_FILE_H

#include "deliver.h"

/* STATE/sent, STATE being the state directory that the program works on. */
struct str file_folder(struct arena *);

/* Writes `bytes` as DIR/NAME.EXT, whole or not at all; makes DIR where it is
 * missing.  False: errno tells why. */
bool file_write(struct arena *, struct str dir, struct str name, const char *ext, struct str bytes);

/* The same into file_folder(), as a verdict: SENT, or RETRY "file". */
void file_deliver(struct delivery *, const char *ext, struct str bytes, struct verdict *);

#endif
