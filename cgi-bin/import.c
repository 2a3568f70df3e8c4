/*
 * /shelters/import - a list of shelters from a file.
 *
 *	POST /api/shelters/import?country=RO&status=&partial=1&dry_run=1   admin
 *
 * CSV, GeoJSON or JSON, up to 64 MiB; all or nothing unless partial=1.  A
 * program of its own: a long import keeps nobody else from reading.
 */
#include "import.h"
#include "serve.h"

enum { FILE_MAX = 64 * 1024 * 1024 };

static enum import_format
format_of(struct str type)
{
	if (str_is(type, "text/csv"))
		return IMPORT_CSV;
	if (str_is(type, "application/geo+json"))
		return IMPORT_GEOJSON;
	if (str_is(type, "application/json"))
		return IMPORT_JSON;
	return IMPORT_GUESS;
}

static bool
options(struct req *rq, struct import_options *o)
{
	struct str status = query(rq, "status"), country = query(rq, "country");
	bool good = true;

	*o = (struct import_options){
		.format = format_of(rq->type),
		.country = country,
		.status = STATUS_STANDBY,
		.partial = str_is(query(rq, "partial"), "1"),
		.dry_run = str_is(query(rq, "dry_run"), "1"),
		.by = rq->who.name,
	};
	if (country.n && country.n != 2)
		good = fault(rq, "country", "format", "Give two letters, such as RO.");
	if (status.n && !status_parse(status, &o->status))
		good = fault(rq, "status", "choice", "Use open, full, standby or closed.");
	if (rq->body.n == 0)
		good = fault(rq, "body", "missing", "Send the file as the body of the request.");
	return good;
}

static void
put_faults(struct json *j, const char *key, const struct import_report *r, bool warnings)
{
	json_key(j, key);
	json_open(j, '[');
	for (size_t i = 0; i < r->kept; i++) {
		if (r->faults[i].warning != warnings)
			continue;
		json_open(j, '{');
		json_key_int(j, "row", r->faults[i].row);
		json_key_str(j, "message", r->faults[i].message);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void
put_report(struct json *j, const struct import_report *r)
{
	json_key_int(j, "created", r->created);
	json_key_int(j, "updated", r->updated);
	json_key_int(j, "unchanged", r->unchanged);
	json_key_int(j, "skipped", r->skipped);
	put_faults(j, "errors", r, false);
	put_faults(j, "warnings", r, true);
}

static enum err
audit(void *rq)
{
	return serve_audit(rq);
}

static enum err
import(struct req *rq, struct res *rs)
{
	struct import_options o;
	struct import_report r = { 0 };
	const char *why = NULL;
	struct json j;
	enum err e;

	/* Only types that no form of another site can send with our cookie. */
	if (rq->body.n && format_of(rq->type) == IMPORT_GUESS)
		return fail(rq, ERR_MEDIA, "Send text/csv, application/geo+json or application/json.");
	if (!options(rq, &o))
		return ERR_INPUT;
	o.also = audit;
	o.also_arg = rq;
	e = import_run(rq->db, rq->arena, rq->body, &o, rq->now, &r, &why);
	if (e == ERR_MALFORMED)
		return fail(rq, e, "%s", why ? why : "This is not a list of shelters.");
	if (e != OK && e != ERR_INPUT)
		return e;
	j = res_json(rs, e == OK ? 200 : 422);
	json_open(&j, '{');
	if (e == ERR_INPUT) {
		rs->type = "application/problem+json";
		json_key_str(&j, "type", S("/problems.html#invalid"));
		json_key_str(&j, "title", S("Rows have faults; nothing was changed"));
		json_key_int(&j, "status", 422);
		json_key_str(&j, "detail",
		    S("Mend the rows below, or send the file with ?partial=1 to leave them out."));
	}
	put_report(&j, &r);
	json_close(&j, '}');
	return e;
}

static const struct route routes[] = {
	{ POST, "/shelters/import", ROLE_ADMIN, TX_NONE, import },
};

int
main(void)
{
	return serve_files(routes, LEN(routes), FILE_MAX);
}
