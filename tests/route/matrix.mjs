// matrix.mjs - asks every route as everybody, and compares with the matrix (matrix.t prepares the store).
//
//	node matrix.mjs PROGRAMS STATE MATRIX DESCRIPTION [WORD]
//
// Each question gets a copy of the store of its own, so none sees what another did.
import { spawn } from 'node:child_process';
import { cpSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

const [programs, state, matrix, description, word = ''] = process.argv.slice(2);
const known = Object.fromEntries(readFileSync(join(state, 'known'), 'utf8').trim().split('\n').map((l) => l.split('\t')));
const template = join(state, 'var');
const form = 'application/x-www-form-urlencoded';

// --- who asks: the columns of the matrix

const session = (user) => ({ user, name: user, who: known[`as.${user}`], csrf: known[`csrf.${user}`] });
const program = (name) => ({ name: `token-${name}`, who: known[`as.token-${name}`] });
const callers = {
	nobody: {},
	resp: session('rita'),
	publ: session('paul'),
	mngr: session('mia'),
	other: session('otto'),
	admin: session('ana'),
	't-res': program('responder'),
	't-pub': program('publisher'),
	't-mgr': program('manager'),
	't-oth': program('other'),
	't-adm': program('root'),
	ended: program('ended'),
	forged: { ...session('ana'), forged: true },
	gone: session('gone'),
	first: { ...session('nina'), password: known.first },
};
const columns = Object.keys(callers);

// --- what is asked: what stands for {…}, and what is sent, so that it can succeed

const hour = 3600000;
const stands = {
	'/shelters/{id}': 'RO-CJ-01',
	'/locations/{location}': 'city-CJ',
	'/locations/{location}/shelters/{id}': ['city-CJ', 'RO-CJ-01'],
	'/arrivals/{shelter}': 'RO-CJ-01',
	'/intents/{code}': known.code,
	'/alerts/{id}': known.alert,
	'/alerts/{id} later': known.later,
	'/account/sessions/{id}': (caller) => known[`session.${caller.user ?? 'ana'}`],
	'/account/sessions/{id} foreign': (caller) => known[`session.${caller.user === 'paul' ? 'ana' : 'paul'}`],
	'/outbox/{message}': '901',
	'/outbox/destinations/{destination}': '900',
	'/people/{name}': 'dan',
	'/posts/{id}': known['post.staff'],
	'/posts/{id} open': known['post.open'],
	'/posts/{id} public': known['post.public'],
	'/posts/{id} closed': known['post.closed'],
	'/posts/{id} own': (caller) => known[`post.${caller.name}`] ?? known['post.ana'],
	'/posts/{id} old': (caller) => known[`post.${caller.name}.old`] ?? known['post.ana.old'],
	'/posts/{id} gone': known['post.deleted'],
	'/posts/{id} removed': known['post.removed'],
	'/hashtags/{key}': 'flood',
	'/hashtags/{key} staff': 'zqstafftag',
	'/hashtags/{key} closed': 'zqtag',
	'/sms/status/{token}': known.gateway,
	'/subscriptions/{token}': known.own,
	'/subscriptions/{token} asked': known.wish,
	'/teams/{team}': 'boats',
	'/teams/{team} closed': 'negotiators',
	'/teams/{team}/members/{name}': ['boats', 'dan'],
	'/teams/{team}/members/{name} self': (caller) => ['boats', caller.user ?? 'dan'],
	'/teams/{team}/members/{name} closed': ['negotiators', 'dan'],
	'/tokens/{id}': known['token.spare'],
	'/webhooks/{id}': known.hook,
};
const alert = { title: 'Fire', message: 'It burns.', severity: 'Severe', urgency: 'Immediate', certainty: 'Likely', event: 'Fire',
	channels: ['inapp'] };
const alertForm = { ...alert, locations: 'city-CJ', hours: '6', language: 'en', response: 'Shelter', category: 'Met' };
const sends = {
	'POST /account/password': (caller) => ({ json: { old: caller.password ?? known.password, new: 'ein zwei drei vier' },
		form: { again: 'ein zwei drei vier' } }),
	'POST /alerts': { json: { ...alert, audience: { locations: ['city-CJ'] } }, form: alertForm },
	'POST /alerts/new': { json: {}, form: { ...alertForm, do: 'preview' } },
	'POST /alerts/{id}/update': { json: { title: 'It grows' } },
	'POST /alerts/{id}/cancel': { json: { message: 'Wrong button.' } },
	'POST /alerts/{id}/all-clear': { json: {} },
	'POST /arrivals': { json: { shelter: 'RO-CJ-01', people: 1 } },
	'POST /arrivals code': { json: { intent: known.code, people: 2 } },
	'POST /departures': { json: { shelter: 'RO-CJ-01', people: 1 } },
	'POST /feed/read': { json: { up_to: '1' } },
	'POST /intents': { json: { shelter: 'RO-CJ-01', people: 1 } },
	'PATCH /intents/{code}': { json: { people: 3 } },
	'POST /intents/{code}/reject': { json: { reason: 'called' } },
	'POST /locations/{location}': { json: { shelters: ['RO-CJ-02'] } },
	'POST /outbox/retry': { json: { state: 'dead' } },
	'POST /people': { json: { name: 'ion', roles: ['manager'] } },
	'PATCH /people/{name}': { json: { roles: ['publisher'] } },
	'GET /posts closed': { query: '?team=negotiators' },
	'GET /posts search': { query: '?q=words' },
	'GET /posts in-team': { query: '?q=in:negotiators+words' },
	'GET /posts.atom closed': { query: '?team=negotiators' },
	'GET /posts.atom in-team': { query: '?q=in:negotiators+words' },
	'GET /posts home': { query: '?timeline=home' },
	'GET /posts author': { query: '?user=dora' },
	'GET /hashtags prefix': { query: '?prefix=zq' },
	'POST /posts': { json: { text: 'A new one' } },
	'POST /posts open': { json: { text: 'A new one', teams: ['boats'] } },
	'POST /posts closed': { json: { text: 'A new one', teams: ['negotiators'] } },
	'POST /posts public': { json: { text: 'A new one', public: true }, form: { public: '1' } },
	'PATCH /posts/{id}': { json: { text: 'Other words' } },
	'POST /session': { json: { name: 'rita', password: known.password } },
	'PATCH /settings': { json: { 'site.title': 'Town' } },
	'POST /settings': { json: { 'site.title': 'Town' } },
	'POST /settings/test': { json: { channel: 'email', address: 'eva@example.org' } },
	'POST /shelters': { json: { id: 'RO-CJ-09', name: 'New' } },
	'PATCH /shelters/{id}': { json: { occupancy: 6 } },
	'POST /shelters/import': { query: '?country=RO', type: 'text/csv', body: 'name,county,lat,lon\nA,CJ,46,22\n' },
	'POST /subscriptions': { json: { channel: 'email', address: 'new@example.org', locations: ['city-CJ'], min_severity: 'Severe' } },
	'POST /subscriptions/code': { json: { address: '0712345678', code: known.sms } },
	'PATCH /subscriptions/{token}': { json: { locations: ['country-RO'], min_severity: 'Severe' } },
	'POST /subscriptions/{token}/unsubscribe': { form: { 'List-Unsubscribe': 'One-Click' } },
	'POST /teams': { json: { title: 'Divers' } },
	'PATCH /teams/{team}': { json: { title: 'Renamed' } },
	'POST /teams/{team}/members': { json: {} },
	'POST /teams/{team}/members foreign': { json: { user: 'dan' } },
	'POST /teams/{team}/members closed': { json: { user: 'dan' } },
	'POST /tokens': { json: { name: 'desk', roles: ['manager'] } },
	'POST /webhooks': { json: { url: 'https://other.example.org/', locations: ['city-CJ'] },
		form: { locations: 'city-CJ', min_severity: 'Severe' } },
	'PATCH /webhooks/{id}': { json: { url: 'https://other.example.org/' }, form: { locations: 'city-CJ', min_severity: 'Severe' } },
	'GET /metrics here': { address: '127.0.0.1' },
	'GET /subscriptions go': { query: '?place=city-CJ&go=1' },
	'GET /intents': { query: `?code=${known.code}` },
	'DELETE /shelters/{id} force': { query: '?force=1' },
	'GET /events posts': { query: '?channels=posts&after=0' },
	'GET /events staff': { query: '?channels=staff&after=0' },
	'GET /events closed': { query: '?channels=team-negotiators&after=0' },
	'GET /events open': { query: '?channels=team-boats&after=0' },
	'GET /events none': { query: '?channels=team-nowhere&after=0' },
	'GET /events/auth staff': { query: '?channels=staff' },
	'GET /events/auth closed': { query: '?channels=team-negotiators' },
	'GET /events/auth open': { query: '?channels=team-boats' },
	'GET /events/names staff': { query: '?channels=staff' },
	'GET /events/names closed': { query: '?channels=team-negotiators' },
};

// Words that are not for all: who may read them, and where a code or a link in the address opens them.
const canaries = [
	{ word: /Zqclosed|ZqTag/, may: ['resp', 'admin', 't-adm'] },
	{ word: /Zqstaff/, may: ['resp', 'publ', 'mngr', 'other', 'admin', 't-res', 't-pub', 't-mgr', 't-oth', 't-adm'] },
	{ word: /Zqlater/, may: ['publ', 'admin', 't-pub', 't-adm'] },
	{ word: /Zqfamily/, may: ['mngr', 'admin', 't-mgr', 't-adm'], but: /^\/intents/ },
	{ word: /Zqhook/, may: ['admin', 't-adm'] },
	{ word: /zqone@|zqtwo@|Zqnine@|Zqpassword|Zqgone/, may: [] },
];

// --- asking

// The value of the longest pattern that the path begins with; a case has one of its own, or that of the plain route.
function arguments_of(path, variant, caller) {
	const names = Object.keys(stands).sort((a, b) => b.length - a.length);
	const begins = (name) => `${path}/`.startsWith(`${name}/`) || `${path}.`.startsWith(`${name}.`);
	const name = names.find((one) => { const [p, v] = one.split(' '); return v && v === variant && begins(p); }) ??
		names.find((one) => !one.includes(' ') && begins(one));
	const value = stands[name];

	return [typeof value === 'function' ? value(caller) : value ?? []].flat();
}

function fields(o) {
	return Object.entries(o).flatMap(([k, v]) => [v].flat().map((one) => `${encodeURIComponent(k)}=${encodeURIComponent(one)}`)).join('&');
}

function question({ method, path, variant }, caller) {
	const api = path.startsWith('/api/');
	const route = api ? path.slice(4) : path;
	const found = sends[`${method} ${route} ${variant}`] ?? sends[`${method} ${route}`] ?? {};
	const send = typeof found === 'function' ? found(caller) : found;
	const values = arguments_of(route, variant, caller);
	const uri = path.replace(/\{\w+\}/g, () => encodeURIComponent(values.shift())) + (send.query ?? '');
	const ask = { method, uri, type: '', body: '', address: send.address ?? '192.0.2.1', program: program_of[`${method} ${route}`] };

	if (method === 'GET') return ask;
	if (send.body && !caller.forged) return { ...ask, type: send.type, body: send.body };
	if (api && !caller.forged)
		return send.json || method === 'POST' ? { ...ask, type: 'application/json', body: JSON.stringify(send.json ?? {}) } : ask;
	// What a page sends; or another site's page, which knows no CSRF token, and for a program's address leaves the form empty.
	const all = { ...send.json, ...send.form, ...(method === 'POST' ? {} : { _method: method }),
		...(caller.csrf && !caller.forged ? { csrf: caller.csrf } : {}) };
	return { ...ask, method: 'POST', type: form, body: api ? '' : fields(all) };
}

// --- a copy of the store for each question; one that only looked leaves it to the next

const files = (dir) => readdirSync(dir, { withFileTypes: true, recursive: true }).filter((f) => f.isFile())
	.map((f) => join(f.path, f.name)).filter((f) => /\.db(-wal)?$/.test(f));
const stores = Object.fromEntries(files(template).map((file) => [file.slice(template.length), readFileSync(file)]));

function fresh(dir) {
	rmSync(dir, { recursive: true, force: true });
	cpSync(template, dir, { recursive: true, filter: (f) => { const s = statSync(f); return s.isFile() || s.isDirectory(); } });
	return Object.fromEntries(files(dir).map((file) => [file, statSync(file).mtimeMs]));
}

// Whether anything durable differs: something stands in a log, or a file is not as it was.
const changed = (dir, times) => files(dir).some((file) => {
	const { size, mtimeMs } = statSync(file);

	if (file.endsWith('-wal')) return size > 0;
	return mtimeMs !== times[file] && !stores[file.slice(dir.length)]?.equals(readFileSync(file));
});

function run(ask, caller, dir) {
	return new Promise((done) => {
		const [name, value] = (caller.who ?? '').split(/=(.*)/s);
		const child = spawn(join(programs, ask.program), { env: { MUSTER_STATE: dir, MUSTER_NOW: known.now, REQUEST_METHOD: ask.method,
			REQUEST_URI: ask.uri, CONTENT_TYPE: ask.type, CONTENT_LENGTH: ask.body ? String(Buffer.byteLength(ask.body)) : '',
			REMOTE_ADDR: ask.address, HTTP_HOST: 'muster.example', HTTPS: 'on', ...(name ? { [name]: value } : {}) } });
		const out = [];
		const err = [];

		child.stdout.on('data', (b) => out.push(b));
		child.stderr.on('data', (b) => err.push(b));
		child.stdin.on('error', () => {});
		child.stdin.end(ask.body);
		child.on('close', (code) => {
			const text = Buffer.concat(out).toString();

			done({ status: code === 0 ? /^Status: (\d+)/.exec(text)?.[1] ?? '-' : 'dead', text,
				said: Buffer.concat(err).toString() });
		});
	});
}

const table = (name) => new Promise((done) => {
	let text = '';
	const child = spawn(join(programs, name), { env: { MUSTER_ROUTES: '1' }, stdio: ['ignore', 'pipe', 'inherit'] });

	child.stdout.on('data', (b) => { text += b; });
	child.on('close', () => done(text.trim().split('\n').map((line) => ({ program: name, route: line.split(' ').slice(0, 2).join(' '),
		tx: line.split(' ')[3] }))));
});

// --- the matrix against the tables of the programs

const names = readdirSync(programs).filter((f) => !/\.[od]$/.test(f) && statSync(join(programs, f)).isFile());
const routes = (await Promise.all(names.map(table))).flat();
const program_of = Object.fromEntries(routes.map((r) => [r.route, r.program]));
const written = readFileSync(matrix, 'utf8').split('\n').filter((l) => l && !l.startsWith('#')).map((l) => l.split(/ +/));
const head = written.shift();
const lines = written.map(([method, path, variant, ...cells]) => ({ method, path, variant, cells, text: [method, path, variant].join(' '),
	route: `${method} ${path.replace(/^\/api(?=\/)/, '')}` }));
const asked = lines.filter((line) => line.text.includes(word) && program_of[line.route]);
let count = 0;

function ok(faults, name) {
	console.log(`${faults.length ? 'not ok' : 'ok'} ${++count} - ${name}`);
	[...new Set(faults)].slice(0, 20).forEach((fault) => console.log(`# ${fault}`));
}

console.log(`1..${(word ? 7 : 10) + asked.length}`);
ok(head.slice(3).join() === columns.join() ? [] : [`METHOD PATH CASE ${columns.join(' ')}`], 'its columns are the callers');
ok(['', '/api'].flatMap((face) => routes.map((r) => r.route.replace(' ', ` ${face}`)))
	.filter((one) => !lines.some((l) => `${l.method} ${l.path}` === one)), 'every route is in the matrix, with both faces');
ok(lines.filter((l) => !program_of[l.route]).map((l) => l.text), 'and no line is without a route');

const answers = []; // { line, column, ask, status, … }
const queue = asked.flatMap((line) => columns.map((column, i) => ({ line, column, want: line.cells[i] }))).filter((one) => one.want !== '.');
const worker = async (n) => {
	const dir = join(state, `copy-${n}`);
	let times = fresh(dir);

	for (let one; (one = queue.shift());) {
		const caller = callers[one.column];
		const ask = question(one.line, caller);
		const answer = { ...one, ask, ...(await run(ask, caller, dir)), changed: changed(dir, times) };

		answers.push(answer);
		if (answer.changed) times = fresh(dir);
	}
};
await Promise.all(Array.from({ length: availableParallelism() + 1 }, (_, n) => worker(n)));

const wide = (cells) => cells.map((cell, i) => cell.padEnd(columns[i].length + 1)).join('').trimEnd();
const flat = (text) => text.replace(/\s+/g, ' ').slice(0, 400);
const told = (one) => `${one.column}: ${one.line.text} => ${one.status}`;
for (const line of asked) {
	const of = Object.fromEntries(answers.filter((one) => one.line === line).map((one) => [one.column, one]));
	const came = columns.map((column) => of[column]?.status ?? '.');
	const differ = columns.filter((_, i) => came[i] !== line.cells[i]);
	const examples = differ.filter((column) => of[column]).slice(0, 2).map((column) => of[column])
		.map(({ column, ask, text }) => `${column}: ${ask.method} ${ask.uri} ${ask.body.slice(0, 100)} => ${flat(text)}`);

	ok(differ.length || line.cells.length !== columns.length
		? [`differs for ${differ.join(' ')}`, `matrix: ${wide(line.cells)}`, `came:   ${wide(came)}`, ...examples] : [], line.text);
}

// A wrong password is counted, so that one is refused and yet writes.
const refused = answers.filter((one) => /^[45]/.test(one.status) && one.line.route !== 'POST /session');
const writes = Object.fromEntries(routes.map((r) => [r.route, r.tx !== 'read']));
const leaks = (one) => canaries.filter((c) => c.word.test(one.text) && !c.may.includes(one.column) &&
	!c.but?.test(one.line.path.replace(/^\/api/, '')));
ok(refused.filter((one) => one.changed).map(told), 'who is refused changes nothing in the store');
ok(answers.filter((one) => one.changed && !writes[one.line.route]).map(told), 'nor does who reads');
ok(answers.filter((one) => leaks(one).length).map((one) => `${told(one)} ${/.{0,40}Zq.{0,20}/i.exec(one.text)?.[0]}`),
	'what is not for all is read by nobody else');
ok(answers.filter((one) => one.said || /^(5|dead)/.test(one.status)).map((one) => `${told(one)} ${one.said}`),
	'no program fails or complains');

// --- the whole of it: not where only some lines are asked

if (!word) {
	const good = answers.filter((one) => /^[23]/.test(one.status));
	const paths = JSON.parse(readFileSync(description, 'utf8')).paths;
	const described = Object.entries(paths).flatMap(([path, ops]) => Object.keys(ops).map((m) => `${m.toUpperCase()} ${path}`));
	const type = (one) => /^Content-Type: ([^;\r]+)/mi.exec(one.text)?.[1] ?? 'application/json'; // 204: an answer to a program
	const json = good.filter((one) => one.line.path.startsWith('/api/') && type(one) === 'application/json');
	const of = (one) => `${one.line.method} ${one.line.path}`;

	ok(routes.filter((r) => !good.some((one) => one.line.route === r.route)).map((r) => r.route),
		'on every route somebody succeeds: 403 is "may not", not "cannot"');
	ok(json.map(of).filter((one) => !described.includes(one) && !described.includes(one.replace(' /api', ' '))),
		'what speaks JSON is in openapi.json, under one of its addresses');
	ok(described.filter((one) => !good.some((g) => of(g) === one)), 'and what is there is answered so');
}
