/* checkpointer.c - writes logs back into database files. */
#include "checkpointer.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

enum { MOST = 128 }; /* asked for at once */

struct checkpointer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	char *asked[MOST];
	size_t n;
	bool over;
};

/* Opened anew each time: a tenant may be taken away, and another be made in its
 * place. */
static void
checkpoint(const char *path)
{
	struct db *db = NULL;
	int64_t left = 0;
	enum err e = db_open(&db, path, DB_DISPATCH);

	if (e == OK)
		e = db_checkpoint(db, &left);
	db_close(db);
	if (e != OK && e != ERR_NOT_FOUND)
		log_line("checkpoint: %s", err_words(e)->title);
}

static char *
next(struct checkpointer *c)
{
	char *path = c->asked[0];

	memmove(c->asked, c->asked + 1, --c->n * sizeof(char *));
	return path;
}

static void *
run(void *arg)
{
	struct checkpointer *c = arg;

	pthread_mutex_lock(&c->lock);
	while (c->n > 0 || !c->over) {
		char *path;

		if (c->n == 0) {
			pthread_cond_wait(&c->changed, &c->lock);
			continue;
		}
		path = next(c);
		pthread_mutex_unlock(&c->lock);
		checkpoint(path);
		free(path);
		pthread_mutex_lock(&c->lock);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

struct checkpointer *
checkpointer_new(void)
{
	struct checkpointer *c = calloc(1, sizeof(*c));
	sigset_t all, before;

	if (c == NULL)
		die("out of memory");
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
	sigfillset(&all); /* signals are the first thread's */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&c->thread, NULL, run, c) != 0)
		die("no thread for checkpoints");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return c;
}

void
checkpointer_ask(struct checkpointer *c, const char *path)
{
	bool there = false;

	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < c->n; i++)
		there |= strcmp(c->asked[i], path) == 0;
	if (!there && c->n < MOST && (c->asked[c->n] = strdup(path)) != NULL)
		c->n++;
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

void
checkpointer_free(struct checkpointer *c)
{
	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	c->over = true;
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	free(c);
}
