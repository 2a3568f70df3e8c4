/* checkpointer.c - writes the log back into the database file. */
#include "checkpointer.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "log.h"

struct checkpointer {
	struct db *db; /* the thread's alone */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool asked, over;
};

static void *
run(void *arg)
{
	struct checkpointer *c = arg;

	pthread_mutex_lock(&c->lock);
	while (!c->over) {
		int64_t left = 0;
		enum err e;

		if (!c->asked) {
			pthread_cond_wait(&c->changed, &c->lock);
			continue;
		}
		c->asked = false;
		pthread_mutex_unlock(&c->lock);
		if ((e = db_checkpoint(c->db, &left)) != OK)
			log_line("checkpoint: %s", err_words(e)->title);
		pthread_mutex_lock(&c->lock);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

struct checkpointer *
checkpointer_new(const char *path)
{
	struct checkpointer *c = calloc(1, sizeof(*c));
	sigset_t all, before;
	enum err e;

	if (c == NULL)
		die("out of memory");
	if ((e = db_open(&c->db, path, DB_DISPATCH)) != OK) {
		log_line("checkpoint: the store cannot be opened: %s", err_words(e)->title);
		free(c);
		return NULL;
	}
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
	sigfillset(&all); /* signals are the first thread's */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&c->thread, NULL, run, c) != 0)
		die("no thread for checkpoints");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return c;
}

static void
tell(struct checkpointer *c, bool *what)
{
	pthread_mutex_lock(&c->lock);
	*what = true;
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

void
checkpointer_ask(struct checkpointer *c)
{
	if (c != NULL)
		tell(c, &c->asked);
}

void
checkpointer_free(struct checkpointer *c)
{
	if (c == NULL)
		return;
	tell(c, &c->over);
	pthread_join(c->thread, NULL);
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	db_close(c->db);
	free(c);
}
