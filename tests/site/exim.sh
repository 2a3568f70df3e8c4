# shellcheck shell=bash
# exim.sh - a mail relay of one's own: Debian's exim with a configuration and a
# spool in a folder, on loopback, as the user Debian-exim; no daemon of the
# machine is touched.
#
#	exim_start FOLDER [discard]  listens on $exim_port; mails end up in FOLDER/mail/new,
#	                             or nowhere
#	exim_stop
#
# It offers STARTTLS (FOLDER/tls.crt, for 127.0.0.1) and AUTH (muster, "pass word"),
# and takes mail from those who signed in only.  By the reader's name:
#	nobody…    550 5.1.1
#	blocked…   550 5.7.1
#	grey…      451 4.7.1 while FOLDER/grey has a line with the name
#	twice…     451 behind the body, while FOLDER/twice has such a line
# FOLDER/log/main has what was taken, and the Message-ID of what was deferred.

exim=$(command -v exim4 || ls /usr/sbin/exim4 2>/dev/null)

# Why it cannot run here; nothing: it can.
exim_missing()
{
	[ -n "$exim" ] || { echo 'no exim4'; return; }
	[ "$(id -u)" = 0 ] || echo 'exim4 wants root to become its own user'
}

exim_configure() # FOLDER discard?
{
	cat >"$1/exim.conf" <<-CONF
		primary_hostname = relay.test
		spool_directory = $1/spool
		log_file_path = $1/log/%s
		log_selector = +smtp_connection
		pid_file_path = $1/exim.pid
		exim_user = Debian-exim
		deliver_drop_privilege
		local_interfaces = <; 127.0.0.1
		daemon_smtp_ports = $exim_port
		keep_environment =
		add_environment =
		host_lookup =
		rfc1413_query_timeout = 0s
		smtp_accept_max = 100
		smtp_accept_max_per_connection = 100000
		smtp_accept_queue_per_connection = 0
		check_spool_space = 0
		check_spool_inodes = 0
		message_logs = false
		tls_advertise_hosts = *
		tls_certificate = $1/tls.crt
		tls_privatekey = $1/tls.key
		auth_advertise_hosts = *
		acl_smtp_rcpt = on_rcpt
		acl_smtp_data = on_data

		begin acl
		on_rcpt:
		  deny !authenticated = *
		       message = 5.7.1 relaying denied
		  deny local_parts = ^nobody
		       message = 5.1.1 <\$local_part@\$domain>: nobody of that name
		  deny local_parts = ^blocked
		       message = 5.7.1 we do not want this
		  defer local_parts = ^grey
		       condition = \${lookup{\$local_part}lsearch{$1/grey}{yes}{no}}
		       message = 4.7.1 greylisted, come back later
		  accept
		on_data:
		  defer condition = \${lookup{\${local_part:\$recipients}}lsearch{$1/twice}{yes}{no}}
		       log_message = deferred \$h_message-id:
		       message = 4.3.0 try again
		  accept

		begin routers
		all:
		  driver = accept
		  transport = ${2:-mailbox}

		begin transports
		mailbox:
		  driver = appendfile
		  directory = $1/mail
		  maildir_format
		  return_path_add
		  envelope_to_add
		discard:
		  driver = appendfile
		  file = /dev/null
		  allow_symlink

		begin authenticators
		plain:
		  driver = plaintext
		  public_name = PLAIN
		  server_prompts = :
		  server_condition = \${if and{{eq{\$auth2}{muster}}{eq{\$auth3}{pass word}}}}
		  server_set_id = \$auth2
	CONF
}

exim_start() # FOLDER [discard]
{
	mkdir -p "$1/spool" "$1/log" "$1/mail"
	: >"$1/grey"
	: >"$1/twice"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=relay.test \
		-addext subjectAltName=IP:127.0.0.1 -keyout "$1/tls.key" -out "$1/tls.crt" 2>/dev/null || return 1
	while exim_port=$((20000 + RANDOM % 12000)); do
		(exec 3<>"/dev/tcp/127.0.0.1/$exim_port") 2>/dev/null || break
	done
	exim_configure "$@"
	chmod 755 "$1"
	chown -R Debian-exim: "$1"
	setsid setpriv --reuid=Debian-exim --regid=Debian-exim --clear-groups \
		"$exim" -C "$1/exim.conf" -bdf >"$1/exim.out" 2>&1 </dev/null &
	exim_pid=$!
	for ((tenths = 0; tenths < 100; tenths++)); do
		(exec 3<>"/dev/tcp/127.0.0.1/$exim_port") 2>/dev/null && return
		kill -0 "$exim_pid" 2>/dev/null || break
		sleep 0.1
	done
	sed 's/^/# /' "$1/exim.out" "$1"/log/* 2>/dev/null
	return 1
}

exim_stop()
{
	[ -z "${exim_pid-}" ] && return
	kill -- "-$exim_pid" 2>/dev/null    # with those that hold a connection
	wait "$exim_pid" 2>/dev/null
	exim_pid=
}
