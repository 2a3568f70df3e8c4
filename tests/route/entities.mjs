// entities.mjs - generated texts through lib/bulletin/entity.c and twitter-text: both find
// the same, apart from the differences listed here, each of them shown to be one.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'

const twitter = createRequire(process.env.MODULES)('twitter-text')
const TEXTS = Number(process.env.TEXTS ?? 20000)
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
console.log(`# SEED=${seed} repeats this run`)

let state = seed
function below(bound) { // mulberry32
	state = (state + 0x6d2b79f5) | 0
	let t = Math.imul(state ^ (state >>> 15), 1 | state)
	t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
	return ((t ^ (t >>> 14)) >>> 0) % bound
}
const text_of = (pieces, length) => Array.from({ length: below(length) }, () => pieces[below(pieces.length)]).join('')

// What each finds in texts of one kind, as "a b": what it covers, in order.
function ours(texts, kind) {
	const run = spawnSync(`${process.env.B}/tests/serve/entities`, { input: texts.map(t => t + '\0').join(''), maxBuffer: 1 << 28 })
	if (run.status !== 0)
		throw new Error(`entities: ${run.status ?? run.signal ?? run.error}`)
	const lines = run.stdout.toString().split('\n')
	return texts.map((text, i) => {
		const bytes = Buffer.from(text)
		return lines[i].split(' ').filter(e => e[0] === kind)
			.map(e => bytes.subarray(...e.slice(1).split('-').map(Number)).toString()).join(' ')
	})
}
const find = {
	'#': twitter.extractHashtagsWithIndices,
	'@': twitter.extractMentionsWithIndices,
	'h': text => twitter.extractUrlsWithIndices(text, { extractUrlsWithoutProtocol: false }),
}
const theirs = (texts, kind) => texts.map(text => find[kind](text).map(e => text.slice(...e.indices)).join(' '))

// [what differs, where, an example, ours of it, theirs]
const differences = {
	'#': [
		['no tag behind a slash', /[/][#＃]/, '/#a', '', '#a'],
		['a tag behind a joiner, as emoji end', /\u200d[#＃]/, '\u200d#a', '#a', ''],
		['a tag behind a selector that ends what is none', /[^❤][\ufe0e\ufe0f][#＃]/u, '#a\ufe0e#b', '#b', ''],
		['a selector alone is no letter', /[#＃][\d_\u200c\u200d·・]*[\ufe0e\ufe0f]/u, '#_\ufe0e', '', '#_\ufe0e'],
		['100 code points at most', /[^ ]{90}/u, `#${'a'.repeat(101)}`, '', `#${'a'.repeat(101)}`],
		['ids of shelters are tags', /[#＃]\w\w-\w+-\d/u, '#RO-CJ-01', '#RO-CJ-01', '#RO'],
		['without a scheme nothing is a link', /[^ ]\.[^ ]/u, 'x a.com/#b', '', ''],
		['letters that came later', /\u{1e900}|\u{16b90}/u, '#\u{1e900}', '#\u{1e900}', ''],
	],
	'@': [
		['names have dots and hyphens', /@\w*[.-]/u, '@a.b @c-d', '@a.b @c-d', '@a @c'],
		['none behind letters of any script', /[^\x00-\x7f]@/u, '所@a', '', '@a'],
		['none behind slash and equals', /[/=]@/, '/@a =@a', '', '@a @a'],
		['one behind marks of ASCII', /[!#$%&*]@/, '!@a', '@a', ''],
		['no lists', /@\w+[/]\w/u, '@a/b @c', '@a @c', '@c'],
		['30 letters, not 20', /@\w{20}/, `@${'a'.repeat(21)}`, `@${'a'.repeat(21)}`, `@${'a'.repeat(20)}`],
		['no fullwidth sign', /＠/, '＠a', '', '＠a'],
		['none of what is too long', /@\w{20}/, `@${'a'.repeat(31)}`, '', `@${'a'.repeat(20)}`],
		['no longer name of marks beyond Latin', /\w\p{M}/u, '@a\u0951', '', '@a'],
	],
	'h': [
		['any host', /\/\/(?!a\.ro|example\.com)/, 'http://pod', 'http://pod', ''],
		['up to a blank, in any script', /ro[/]\S*[^\x00-\x7f。»\u2026]/, 'http://a.ro/所', 'http://a.ro/所', 'http://a.ro/'],
		['marks at the end stay', /[#?&=%*$+_-]( |$)/, 'http://a.ro/?', 'http://a.ro/', 'http://a.ro/'],
	],
}

const scripts = ['a', 'B', 'z9', 'ă', 'ș', 's\u0326', 'ő', 'İ', 'ı', 'ß', 'ệ', 'ж', 'Ё', 'Σ', 'ب', 'می\u200cخ', 'ש', 'צה״ל', 'תל־א',
	'हि', 'क्', 'น้ำ', 'བོད་', 'ༀ', '한', '避', '々', 'か', 'ガ', 'ー', 'ﾊ', 'Ａ', '９', '٣', '५', '\u{20bb7}', '\u{10400}', 'ñ', 'Þ', 'ა']
const joiners = ['_', '·', '・', '〜', '～', '〃', '־', '׳', '״', '་', '༌', '\ua67e', '\u200c', '\u200d', '゛', '゜', '゠', '\u0301', '0', '12']
const signs = ['#', '#', '#', '#', '＃', '#', '##', ' #', ' #', '&#', '.#', '❤\ufe0f#', '🔥#', '\ufe0e#', '#\ufe0f\u20e3', '#\u20e3']
const gaps = [' ', ' ', '\n', '\u3000', '.', ',', '!', '-', ':', '://', '(', ')', '"', '\'', '\u2026', '。', '、', '।', '/', '&', '@', '🔥', '👩\u200d👧', '½', '²', 'Ⅷ', '₪', '\u200b', '\u202e']
const whole = [' http://a.ro/x ', ' https://example.com/#a ', ' http://a.ro/?q=#b ']

const names = ['ana', 'B', 'x_1', '@ana', '@B', ' @x_1', ' @ana', '@', '@@', ' ', ' ', '.', ',', ':', '(', ')', '"', '\'', '+', '!', '\n',
	'ă', 'é', '\u0301', '避', '://', '/', '=', '~', ';', '@']
const urls = ['http://a.ro', 'https://example.com/', 'http://a.ro/x', 'https://example.com/x/y_(z)', 'HTTP://a.ro/q?a=b&c=d', 'http://a.ro/x#y']
	.flatMap(url => [['', ''], ['(', ')'], ['', '.'], ['"', '"'], ['\'', '\','], ['', '!?'], ['(', ').'], ['避', '。'], [':', '\u2026'], ['«', '»'], ['x', '']]
		.map(([before, behind]) => ` ${before}${url}${behind} `)).concat(['\n', 'x', 'http://', 'https:// ', '://', '(', ')'])

const plan = { '#': [...scripts, ...joiners, ...signs, ...signs, ...signs, ...gaps, ...whole], '@': names, 'h': urls }

let count = 0
function ok(good, name, ...said) {
	console.log(`${good ? 'ok' : 'not ok'} ${++count} - ${name}`)
	if (!good)
		said.slice(0, 12).forEach(line => console.log(`# ${line}`))
}

const words = { '#': 'hashtags', '@': 'mentions', 'h': 'links' }
console.log('1..9')
for (const kind of ['#', '@', 'h']) {
	const known = differences[kind]
	const wrong = known.filter(([, , text, we, they]) => ours([text], kind)[0] !== we || theirs([text], kind)[0] !== they)
	ok(wrong.length === 0, `${words[kind]}: each listed difference is as it is told`,
		...wrong.map(([name, , text]) => `${name}: ${JSON.stringify([ours([text], kind)[0], theirs([text], kind)[0]])}`))

	const texts = []
	for (let made = 0; made < TEXTS; made++) {
		const text = text_of(plan[kind], 16)
		if (!known.some(([, where]) => where.test(text)))
			texts.push(text)
	}
	const a = ours(texts, kind), b = theirs(texts, kind)
	const bad = texts.map((text, i) => [text, a[i], b[i]]).filter(([, x, y]) => x !== y)
	ok(bad.length === 0, `${words[kind]} of generated texts are those of twitter-text`,
		`${bad.length} of ${texts.length}`, ...bad.sort((x, y) => x[0].length - y[0].length).map(b => JSON.stringify(b)))

	const with_some = a.filter(found => found !== '').length
	ok(texts.length > TEXTS / 20 && with_some > texts.length / 10 && with_some < texts.length,
		`${words[kind]}: many of the texts have some, and some none`, `${with_some} of ${texts.length} of ${TEXTS}`)
	console.log(`# ${words[kind]}: ${texts.length} texts compared, ${with_some} have some`)
}
process.exit(0)
