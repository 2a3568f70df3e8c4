/*
 * channels.h - the channels that there are.
 *
 * Each is read from the store in a TX_READ and lives as long as the arena; the
 * dispatcher reads them again when a setting changes, at the latest each
 * minute, and keeps what it had until the tries under way are over.
 */
#ifndef MUSTER_CHANNELS_H
#define MUSTER_CHANNELS_H

#include "deliver.h"

const struct channel *webhook_channel(struct db *, struct arena *);
const struct channel *sms_channel(struct db *, struct arena *);
const struct channel *email_channel(struct db *, struct arena *);

#endif
