#!/bin/bash
# kv.t - muster kv: Redis's commands from a shell, answered as redis-cli does.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 49
head='' one='' two=''
kv() # its standard input and arguments: what it says is in $body, its exit status in $rc
{
	body=$(MUSTER_NOW=$now "$B/bin/muster" kv "$@" 2>"$stderr"; echo "~$?")
	rc=${body##*~} body=${body%~*}
}
ask() # LINES (as printf has them), then arguments
{
	printf %b "$1" >"$said"
	kv "${@:2}" <"$said"
}
says() # LINES ANSWERS NAME
{
	local want
	want=$(printf %b_ "$2")
	ask "$1"
	is "$body" "${want%_}" "$3"
}
said=$state/said

# --- help and misuse
kv --help </dev/null
like "$rc $body" '^0 usage: muster kv' 'it helps itself'
like "$(muster --help)" '  kv  ' 'and is in the list of commands'
for wrong in now --nonsense '--tenant b'; do
	# shellcheck disable=SC2086
	kv $wrong </dev/null
	like "$rc $(cat "$stderr")" '^2 .*usage: muster kv' "misuse is told: $wrong"
done
for wrong in a/b A -x .. a--b "$(printf 'a%.0s' {1..33})"; do
	body=$(muster --tenant "$wrong" kv 2>&1 </dev/null)
	like "$? $body" '^2 .*--tenant takes a-z' "and what is no tenant's name: $wrong"
done
MUSTER_STATE=$state/none kv </dev/null
like "$rc $(cat "$stderr")" '^1 .*no database .*none/muster.db.*init' 'without a database it says what to do'

# --- lines
says '' '' 'nothing is answered to nothing'
is "$rc" 0 'and that is no fault'
says '\n  \n\t\r\n' '' 'nor to blank lines'
says 'PING' 'PONG\n' 'the last line needs no line feed'
says 'ping\r\n  PING \n' 'PONG\nPONG\n' 'blanks around it are nothing'
says 'SET "a \\x00" '"'b c'"'\nGET "a \\x00"\nGET b\n' 'OK\n"b c"\n(nil)\n' 'words are quoted as for redis-cli'
says 'PING "\nPING "a"b\nPING\n' 'Invalid argument(s)\nInvalid argument(s)\nPONG\n' 'a wrong quote is told, and on it goes'
says '3 ECHO x\n" 2" ECHO y\n' '"x"\n"x"\n"x"\n"y"\n"y"\n' 'a number in front repeats'
says '0 PING\n-1 PING\n99999999999999999999 PING\n"" PING\n' \
	"$(for i in 1 2 3 4; do echo 'Invalid redis-cli repeat command option value.'; done)\n" 'but not a wrong one'
says '3\n' "(error) ERR unknown command '3', with args beginning with: \n" 'a number alone is a command'
says 'PING\nquit\nPING\n' 'PONG\n' 'quit ends'
says 'Exit now\nPING\n' '' 'exit, too'
is "$rc" 0 'and that is no fault'
says '# a b\n' "(error) ERR unknown command '#', with args beginning with: 'a' 'b' \n" 'there are no comments'
says 'HSET k\nGET\nPING\n' "(error) ERR wrong number of arguments for 'hset' command
(error) ERR wrong number of arguments for 'get' command\nPONG\n" 'a faulty command is an answer'
is "$rc" 0 'and no fault of the program'

# --- state
says 'SET n 5\nMULTI\nINCR n\nHGET n x\nEXEC\n' \
	'OK\nOK\nQUEUED\nQUEUED\n1) (integer) 6\n2) (error) WRONGTYPE Operation against a key holding the wrong kind of value\n' \
	'MULTI and EXEC work'
says 'MULTI\nINCR n\n' 'OK\nQUEUED\n' 'a MULTI that the input ends'
says 'GET n\n' '"6"\n' 'is dropped; what was done before stays'
says 'DEL l\nSADD l a\nTYPE l\nSMEMBERS l\nSMEMBERS none\n' '(integer) 0\n(integer) 1\nset\n1) "a"\n(empty array)\n' 'arrays are numbered'

# --- the clock
says "SET k v PX 100\n# now $((now + 99))\nGET k\n# now $((now + 100))\nGET k\n" 'OK\n"v"\n(nil)\n' \
	'a line sets the clock where MUSTER_NOW is set'
says '# now soon\n' "(error) ERR unknown command '#', with args beginning with: 'now' 'soon' \n" 'but only to a number'
is "$(env -u MUSTER_NOW "$B/bin/muster" kv <<<'# now 5')" "(error) ERR unknown command '#', with args beginning with: 'now' '5' " \
	'and nowhere else'

# --- tenants
body=$(muster --tenant a-1 kv 2>&1 <<<PING)
like "$? $body" '^1 .*no tenant a-1' 'a tenant that is not there is told'
like "$(muster tenant add a-1 --host a-1.example)" '^admin' 'it is made'
says 'SET t 1\n' 'OK\n' 'the usual one'
body=$(printf 'GET t\nSET t 2\n' | muster --tenant a-1 kv; echo .)
body=${body%.}
is "$body" $'(nil)\nOK\n' 'and another know nothing of each other'
says 'GET t\n' '"1"\n' 'either way'

# --- large, small, broken
coproc "$B/bin/muster" kv 2>"$stderr"
pid=$COPROC_PID ask=${COPROC[1]} answer=${COPROC[0]} # bash forgets them when it ends
{ printf 'PI' && printf 'NG\nECHO a\nEC' && read -r -t 10 one && read -r -t 10 two; } >&"$ask" <&"$answer"
is "$one $two" 'PONG "a"' 'an answer does not wait for the next question'
{ printf 'HO b\n' && read -r -t 10 one; } >&"$ask" <&"$answer"
is "$one" '"b"' 'nor is half a line lost'
eval "exec $ask>&-"
wait "$pid"

bytes() { head -c "$1" /dev/zero | tr '\0' x; }
{ printf 'ECHO '; bytes 1000000; echo; } >"$said"
kv <"$said"
is "${#body}" 1000003 'long lines are taken'
{ bytes 67108865; echo; echo PING; } >"$said"
kv <"$said"
is "$body" $'(error) ERR the line is longer than 64 MiB\nPONG\n' 'but not one that is too long'
body=$(ulimit -v 400000; { bytes 900000000; echo; echo PING; bytes 70000000; } | muster kv 2>&1)
is "$body" $'(error) ERR the line is longer than 64 MiB\nPONG\n(error) ERR the line is longer than 64 MiB' 'however long: memory has its bound'
body=$(ulimit -v 400000; { printf 'SET big '; bytes 200000; printf '\n4000 GET big\n'; } | muster kv 2>&1 | wc -c)
is "$body" $((3 + 4000 * 200003)) 'and so it has for answers'
muster kv <<<PING 2>"$stderr" >/dev/full
like "$? $(cat "$stderr")" '^1 muster: the answers cannot be written' 'an answer that cannot be written is a fault'
muster kv <"$state" 2>"$stderr"
like "$? $(cat "$stderr")" '^1 muster: standard input cannot be read' 'so is a question that cannot be read'

# --- the real one
cat >"$said" <<'END'
set k v

  2  get k
" 3" get k
+2 strlen k
2 3 get k
2 "" x
2
0 get k
-0 get k
1x get k
9223372036854775807
9223372036854775808 get k
'' get k
'2' "get" 'k'
quit-not
get k"
get "k"k
get ke"y"
1 get
# then 5
set "\x00\xff\n" 'a\'b\n'
get "\x00\xFF\n"
mget k k none "\x00\xff\n"
5 hset h a 1 b 2
2 hgetall h
multi
2 get k
incr k
nonsense
exec
multi
2 get k
incr k
smembers none
hgetall h
mget k h
exec
exec
4 discard
END
printf 'get k\r\n\t\vget\tk\v\nget k\0 x y "\n\0\n"quit\\x00"\nget k' >>"$said"
if ! command -v redis-cli redis-server >/dev/null; then
	skip 1 'redis-cli and redis-server are not installed: nothing to compare with'
else
	redis-server --port 0 --unixsocket "$state/redis" --save '' --dir "$state" >/dev/null &
	for ((i = 0; i < 500; i++)); do
		[ -S "$state/redis" ] && break
		sleep 0.02
	done
	theirs=$(redis-cli -s "$state/redis" --no-raw <"$said")
	MUSTER_STATE=$state/b muster init >/dev/null
	MUSTER_STATE=$state/b kv <"$said"
	is "${body%$'\n'}" "$theirs" 'redis-cli answers the same to odd lines'
	kill "$!"
	wait "$!" 2>/dev/null
fi
