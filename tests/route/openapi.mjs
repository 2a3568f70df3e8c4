// openapi.mjs - holds www/openapi.json against real answers and against the routes of the programs.
//
//	node openapi.mjs DESCRIPTION EXCHANGES TABLE
//
// TABLE: what the programs print with MUSTER_ROUTES, a line "METHOD PATH WHO TX" a route.
// EXCHANGES: method, URI, type and body of each request, head and body of its answer, each with a NUL behind it.
// Of JSON Schema it knows what the description uses, and refuses what it does not know.
import { readFileSync } from 'node:fs';

const [description, exchanges, table] = process.argv.slice(2);
const api = JSON.parse(readFileSync(description, 'utf8'));
const seen = [];
const parts = readFileSync(exchanges, 'utf8').split('\0');
for (let i = 0; i + 6 <= parts.length; i += 6) {
	const [method, uri, sentType, sent, head, body] = parts.slice(i, i + 6);
	const headers = Object.fromEntries(head.split('\r\n').map((line) => /^([^:]+): *(.*)/.exec(line).slice(1))
		.map(([name, value]) => [name.toLowerCase(), value]));

	seen.push({ method, uri, sentType, sent, status: parseInt(headers.status, 10),
		type: headers['content-type'] ?? '', headers, body });
}
let count = 0;

function ok(faults, name) {
	console.log(`${faults.length ? 'not ok' : 'ok'} ${++count} - ${name}`);
	[...new Set(faults)].slice(0, 10).forEach((fault) => console.log(`# ${fault}`));
}

// --- JSON Schema

const resolve = (o) => (o?.$ref ? resolve(o.$ref.slice(2).split('/').reduce((at, key) => at?.[key], api)) : o);
const types = {
	null: (v) => v === null,
	boolean: (v) => typeof v === 'boolean',
	string: (v) => typeof v === 'string',
	number: (v) => typeof v === 'number',
	integer: (v) => Number.isInteger(v),
	array: (v) => Array.isArray(v),
	object: (v) => v !== null && typeof v === 'object' && !Array.isArray(v),
};
const length = (s) => [...s].length;
const keywords = {
	type: (v, t) => [t].flat().some((one) => types[one](v)),
	const: (v, c) => v === c,
	enum: (v, list) => list.includes(v),
	pattern: (v, p) => !types.string(v) || new RegExp(p, 'u').test(v),
	minLength: (v, n) => !types.string(v) || length(v) >= n,
	maxLength: (v, n) => !types.string(v) || length(v) <= n,
	minimum: (v, n) => !types.number(v) || v >= n,
	maximum: (v, n) => !types.number(v) || v <= n,
	exclusiveMinimum: (v, n) => !types.number(v) || v > n,
	minItems: (v, n) => !types.array(v) || v.length >= n,
	maxItems: (v, n) => !types.array(v) || v.length <= n,
	maxProperties: (v, n) => !types.object(v) || Object.keys(v).length <= n,
	required: (v, keys) => !types.object(v) || keys.every((key) => Object.hasOwn(v, key)),
	oneOf: (v, list) => list.filter((s) => check(v, s, '').length === 0).length === 1,
};
const told = ['description', 'example', '$ref', 'properties', 'additionalProperties', 'items'];

function check(v, schema, at) {
	const s = resolve(schema);

	if (typeof s === 'boolean') return s ? [] : [`${at}: may not be there`];
	if (!s) return [`${at}: ${JSON.stringify(schema)} leads nowhere`];
	const faults = Object.keys(s).filter((k) => !told.includes(k) && !keywords[k]?.(v, s[k]))
		.map((k) => `${at}: ${JSON.stringify(v)?.slice(0, 200)} is not of ${k} ${JSON.stringify(s[k])}`);
	if (types.array(v) && s.items) v.forEach((one, i) => faults.push(...check(one, s.items, `${at}[${i}]`)));
	if (types.object(v))
		for (const [key, one] of Object.entries(v))
			faults.push(...check(one, s.properties?.[key] ?? s.additionalProperties ?? true, `${at}.${key}`));
	return faults;
}

// --- the routes: GET /shelters/{id} public read

const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
	Object.entries(methods).map(([method, op]) => ({ id: `${method.toUpperCase()} ${path}`, path, op })));
const routes = readFileSync(table, 'utf8').trim().split('\n').map((line) => line.split(' '))
	.map(([method, path, who]) => ({ ids: [`${method} /api${path}`, `${method} ${path}`], who }));
const of = (route) => operations.find((one) => route.ids.includes(one.id));

ok(routes.filter((route) => !of(route)).map((route) => route.ids[1]), `all ${routes.length} routes are described`);
ok(operations.filter((one) => !routes.some((route) => route.ids.includes(one.id))).map((one) => one.id),
	'and nothing that is no route');
ok(routes.filter((route) => of(route) && !!of(route).op.security === /^(public|anyone|shared)/.test(route.who))
	.map((route) => route.ids[1]), 'who must sign in is told, and who need not');

// --- the description itself

const refs = JSON.stringify(api).match(/"\$ref":"[^"]+"/g).map((ref) => JSON.parse(`{${ref}}`));
const named = (kind, name) => `#/components/${kind}/${name}`;
ok(api.openapi.startsWith('3.1.') && api.info.title && api.info.version ? [] : ['no head'], 'it is OpenAPI 3.1');
ok(refs.filter((ref) => !resolve(ref)).map((ref) => ref.$ref), 'every reference leads somewhere');
ok(['schemas', 'parameters', 'responses'].flatMap((kind) => Object.keys(api.components[kind]).map((n) => named(kind, n)))
	.filter((name) => !refs.some((ref) => ref.$ref === name)), 'and every part is used');
ok(operations.filter(({ path, op }) => (path.match(/\{\w+\}/g) ?? []).some((name) =>
	!(op.parameters ?? []).map(resolve).some((p) => p.in === 'path' && p.required && `{${p.name}}` === name)))
	.map((one) => one.id), 'what stands for {…} is described');

// --- the answers

function operation({ method, uri }) {
	const path = uri.split('?')[0];
	const fits = operations.filter((one) => one.id.startsWith(`${method} `) &&
		new RegExp(`^${one.path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`).test(path));

	return fits.sort((a, b) => a.path.split('{').length - b.path.split('{').length)[0];
}

function faults({ op }, { status, type, headers, body }) {
	const answer = resolve(op.responses[status]);
	const media = type.split(';')[0];

	if (!answer) return [`${status} is not described: ${body.slice(0, 200)}`];
	const missing = Object.keys(answer.headers ?? {}).filter((name) => !headers[name.toLowerCase()])
		.map((name) => `no header ${name}`);
	if (!answer.content) return body === '' ? missing : [...missing, `a body: ${body.slice(0, 200)}`];
	if (!answer.content[media]) return [...missing, `it is ${media}`];
	const { schema } = answer.content[media];
	if (!schema) return missing;
	return [...missing, ...check(/json$/.test(media) ? JSON.parse(body) : body, schema, '')];
}

const groups = new Map(operations.flatMap((one) => Object.keys(one.op.responses).map((s) => [`${one.id} ${s}`, null])));
const strangers = [], requests = [], queries = [];
for (const exchange of seen) {
	const one = operation(exchange);

	if (!one) {
		strangers.push(`${exchange.method} ${exchange.uri}`);
		continue;
	}
	const key = `${one.id} ${exchange.status}`;
	groups.set(key, [...(groups.get(key) ?? []), ...faults(one, exchange)]);
	if (exchange.status >= 400) continue;
	if (exchange.sent) {
		const schema = one.op.requestBody?.content[exchange.sentType]?.schema ?? false;
		const sent = /json$/.test(exchange.sentType) ? JSON.parse(exchange.sent)
			: /urlencoded$/.test(exchange.sentType) ? Object.fromEntries(new URLSearchParams(exchange.sent)) : exchange.sent;
		requests.push(...check(sent, schema, `${one.id}: `));
	}
	for (const name of new URLSearchParams(exchange.uri.split('?')[1]).keys())
		if (!(one.op.parameters ?? []).map(resolve).some((p) => p.in === 'query' && p.name === name))
			queries.push(`${one.id}: ?${name}`);
}
ok(strangers, 'every answer is of a path that is described');
ok(requests, 'what was taken is what may be sent');
ok(queries, 'and asked for');
for (const [key, found] of groups) ok(found ?? ['never seen'], `${key} is as described`);
console.log(`1..${count}`);
