/*
 * standin.c - until the channels and the fan-out are there: what takes nothing.
 *
 * To be deleted with their merge.  All of it is weak and stands behind them in
 * the archive, so the real ones are taken where they exist.
 */
#include "channels.h"
#include "engine.h"
#include "fanout.h"

__attribute__((weak)) const struct channel *
webhook_channel(struct db *db, struct arena *a)
{
	(void)db, (void)a;
	return NULL;
}

__attribute__((weak)) const struct channel *
sms_channel(struct db *db, struct arena *a)
{
	(void)db, (void)a;
	return NULL;
}

__attribute__((weak)) const struct channel *
email_channel(struct db *db, struct arena *a)
{
	(void)db, (void)a;
	return NULL;
}

__attribute__((weak)) enum err
fanout_step(struct db *db, struct arena *a, size_t limit, bool *more, int64_t *next)
{
	(void)db, (void)a, (void)limit;
	*more = false;
	*next = 0;
	return OK;
}

__attribute__((weak)) struct guest *
live_guest(struct db *db, const char *state)
{
	(void)db, (void)state;
	return NULL;
}
