#!/bin/sh
# embed-schema.sh - writes schema/NNN-name.sql files as C strings (schema.h).
#
#	tools/embed-schema.sh schema/001-keys.sql ... >build/schema.c
#
# A ? is escaped too: c17 reads trigraphs.
set -eu

awk '
BEGIN {
	print "/* Written by tools/embed-schema.sh from schema/: do not edit. */"
	print "#include \"schema.h\"\n"
	print "#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n"
	print "const struct schema_step schema_steps[] = {"
}
FNR == 1 {
	name = FILENAME
	sub(/.*\//, "", name)
	version = substr(name, 1, 3) + 0
	if (name !~ /^[0-9][0-9][0-9]-/ || version <= last) {
		print FILENAME ": not NNN-name.sql, or NNN does not rise" >"/dev/stderr"
		failed = 1
		exit 1
	}
	if (n++)
		print "\t},"
	last = version
	printf "\t{ %d, /* %s */\n", version, name
}
{
	gsub(/[\\"?]/, "\\\\&")
	gsub(/\t/, "\\t")
	gsub(/\r/, "\\r")
	printf "\t\t\"%s\\n\"\n", $0
}
END {
	if (failed)
		exit 1
	if (n)
		print "\t},"
	print "\t{ 0, NULL },\n};"
	print "const size_t schema_nsteps = sizeof(schema_steps) / sizeof(schema_steps[0]) - 1;"
}' "$@" </dev/null
