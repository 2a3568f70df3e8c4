# muster.  `make run` starts it, `make test` tests it; `make help` tells the rest.
#
# A new .c file, page or schema step needs no line here: programs and tests are
# found by where they lie (README.md has the map).

B := build
ifdef SAN
B := build-san
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
else
HARDEN := -D_FORTIFY_SOURCE=2    # ASan has its own, better checks
endif
ifdef FUZZ
B := build-fuzz
override CC := clang
HARDEN :=
SANITIZE := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -D__SANITIZE_ADDRESS__ \
	-fno-omit-frame-pointer -fno-sanitize-coverage=trace-cmp -Wno-string-concatenation
endif

PREFIX ?= /usr/local
CC      = gcc
CFLAGS ?= -O2 -g

ALL_CFLAGS = -std=c17 -D_GNU_SOURCE $(CFLAGS) \
	-Wall -Wextra -Wpedantic -Wconversion -Wshadow $(if $(WERROR),-Werror) \
	-fPIE -fstack-protector-strong $(HARDEN) $(SANITIZE) \
	$(addprefix -Ilib/,base store http shelter account deliver alert bulletin dispatch)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(SANITIZE) $(LDFLAGS)
LDLIBS = -lfcgi -lcurl -lsqlite3 -ljson-c -lsodium -lutf8proc -lqrencode -lm

find     = $(patsubst %.c,$B/%,$(wildcard $1))
lib     := $(addsuffix .o,$(call find,lib/*/*.c)) $B/schema.o
programs := $(call find,cgi-bin/*.c bin/*.c)
units   := $(call find,tests/unit/*.c)
benches := $(call find,tests/bench/*.c)
killers := $(call find,tests/chaos/*.c)
servers := $(call find,tests/serve/*.c)
fuzzers := $(call find,tests/fuzz/*.c)
diff    := $(call find,$(filter-out %/clock_shim.c,$(wildcard tests/diff/*.c)))
steps   := $(sort $(wildcard schema/[0-9]*.sql))
scripts := $(wildcard .ci/run share/*/*.sh nginx/*.sh tools/*.sh tests/*.sh tests/*/*.sh tests/*/*.t)

all: $(programs) $B/www/.done

# Compiling is most of a first start: all cores, once the packages are there.
ALL_CORES = @$(MAKE) --no-print-directory -j$$(nproc)

run: build/.deps-run
	$(ALL_CORES) all
	@B=$B exec nginx/run.sh

test: build/.deps-test
	$(ALL_CORES) all units difftest servers
	$(ALL_CORES) SAN=1 units
	@B=$B tests/run.sh

# Only the unit tests, of this build: `make check SAN=1` for the other one.
check: build/.deps-test units
	@B=$B UNITS=$B/tests/unit tests/run.sh units

# Kills and cuts in the middle of things; slow, so not part of `test`.
chaos: build/.deps-test all units $(killers) $(servers)
	@B=$B TEST_TIMEOUT=$${TEST_TIMEOUT:-1800} tests/run.sh chaos

# The store's unit tests, of the plain build, under memcheck: some minutes.
valgrind: build/.deps-test units
	@B=$B TEST_TIMEOUT=3600 tests/run.sh valgrind

# The store against redis-server until stopped (Ctrl-C): SEED=, DIFF_ONLY=hash,zset,...
soak: build/.deps-test difftest
	@COMMANDS=0 $B/tests/diff/diff

difftest: $B/tests/diff/diff $B/tests/diff/clock_shim.so

bench: build/.deps-test all $(benches) $(servers)
	@B=$B tests/bench/run.sh; site=$$?; B=$B $B/tests/bench/store || site=1; \
		B=$B $B/tests/bench/posts && exit $$site

# Only the store's part, of that.
bench-store: build/.deps-test $(benches)
	@B=$B $B/tests/bench/store

# Only that of posts: some minutes, 2.5 GB of disk
bench-posts: build/.deps-test $(benches)
	@B=$B $B/tests/bench/posts

# Random inputs against parsers, under sanitizers: RUNS=10000000
fuzz: build/.deps-test
	@$(MAKE) --no-print-directory FUZZ=1 fuzzers
	@tests/fuzz/run.sh

units: $(units)

servers: $(servers)

fuzzers: $(fuzzers)

lint: build/.deps-test $B/schema.c
	clang-format --dry-run -Werror $(wildcard lib/*/*.[ch] cgi-bin/*.c bin/*.c tests/*/*.[ch])
	cppcheck --quiet --std=c11 --enable=warning,portability,performance \
		--inline-suppr --library=tools/cppcheck.cfg --error-exitcode=1 -D_GNU_SOURCE \
		$(filter -I%,$(ALL_CFLAGS)) lib cgi-bin bin
	shellcheck -x $(scripts)

D = $(DESTDIR)$(PREFIX)
install: all
	install -d $D/bin $D/libexec/muster/cgi-bin $D/share/muster/nginx $D/lib/systemd/system
	install $B/bin/muster $D/bin/
	install $(filter-out %/muster,$(filter $B/bin/%,$(programs))) $D/libexec/muster/
	install $(filter $B/cgi-bin/%,$(programs)) $D/libexec/muster/cgi-bin/
	cp -R $B/www $D/share/muster/ && rm -f $D/share/muster/www/.done
	install -m 644 nginx/*.conf nginx/live.conf.in nginx/*.example $D/share/muster/nginx/
	install -m 644 nginx/*.service nginx/*.socket $D/lib/systemd/system/
	install -m 644 nginx/*.cron $D/share/muster/
	sed -i 's|/usr/local|$(PREFIX)|g' $D/lib/systemd/system/muster* $D/share/muster/*.cron \
		$D/share/muster/nginx/*

clean:
	rm -rf build build-san build-fuzz

help:
	@echo 'make                build everything (SAN=1: with sanitizers, in build-san)'
	@echo 'make run            start it: PORT=8080 STATE=./var DEMO=1 LISTEN=127.0.0.1'
	@echo 'make test           all tests; the last line counts them (WERROR=1: as in CI)'
	@echo 'make check          the unit tests only'
	@echo 'make lint           format, cppcheck, shellcheck'
	@echo 'make soak           the store against redis-server until stopped'
	@echo 'make bench          how fast, against targets: ROUNDS=5 SECS=5'
	@echo "make bench-store    the store's part of it: ROUNDS=5 SIZES='1e3 1e4 1e5 1e6'"
	@echo "make bench-posts    timelines, search and posting: ROUNDS=5 POSTS=1000000"
	@echo 'make chaos          what survives kills, and every fault of the disk: ROUNDS=300 SECS=60'
	@echo "make valgrind       the store's unit tests under memcheck"
	@echo 'make fuzz           random bytes as commands, under sanitizers: RUNS=10000000'
	@echo 'make install        PREFIX=$(PREFIX) DESTDIR='
	@echo 'make clean'

# --- how things are made

Q := $(if $V,,@)   # V=1 shows the commands

$B/%.o: %.c $B/.flags | build/.deps-run
	@mkdir -p $(@D)
	@echo '  CC   $@'
	$Q$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$B/schema.c: tools/embed-schema.sh schema $(steps)
	@mkdir -p $(@D)
	@echo '  GEN  $@'
	@tools/embed-schema.sh $(steps) >$@.new
	@mv $@.new $@

$B/schema.o: $B/schema.c $B/.flags | build/.deps-run
	@echo '  CC   $@'
	$Q$(CC) $(ALL_CFLAGS) -c -o $@ $<

$B/libmuster.a: $(lib) $B/.lib
	@rm -f $@
	@echo '  AR   $@'
	$Qar rcs $@ $(lib)

$B/tests/%: LDLIBS += -lcmocka
$(fuzzers): ALL_LDFLAGS += -fsanitize=fuzzer
$(programs) $(units) $(benches) $(killers) $(servers) $(fuzzers): $B/%: $B/%.o $B/libmuster.a
	@echo '  LINK $@'
	$Q$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

$B/tests/diff/diff: LDLIBS = -lsqlite3 -lsodium -lhiredis -lm
$B/tests/diff/diff: $(addsuffix .o,$(diff)) $B/libmuster.a
	@echo '  LINK $@'
	$Q$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

# Goes into a foreign program: no sanitizers.
$B/tests/diff/clock_shim.so: tests/diff/clock_shim.c
	@mkdir -p $(@D)
	@echo '  CC   $@'
	$Q$(CC) -std=c17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -fPIC -shared -o $@ $<

# A directory is newer when a file came or went.  Times are kept: nginx makes
# ETags of them, and gzip_static wants the copy beside its file.
$B/www/.done: $(shell find www)
	@rm -rf $B/www
	@mkdir -p $B
	@echo '  COPY $B/www'
	@cp -Rp www $B/www
	@find $B/www -type f \( -name '*.css' -o -name '*.js' -o -name '*.json' \
		-o -name '*.svg' \) -exec gzip -9kn {} +
	@touch $@

# Other flags or another list of files: build again.
$B/.flags: now = $(CC) $(ALL_CFLAGS)
$B/.lib: now = $(lib)
$B/.flags $B/.lib: FORCE
	@mkdir -p $(@D)
	@echo '$(now)' | cmp -s - $@ || echo '$(now)' >$@

# Named, not a bare pattern: what only a pattern makes is "intermediate", and
# make skips it where it is missing.
build/.deps-run build/.deps-test: build/.deps-%: packages.txt tools/deps.sh
	@tools/deps.sh $*
	@touch $@

-include $(lib:.o=.d) $(addsuffix .d,$(programs) $(units) $(benches) $(killers) $(servers) $(fuzzers) $(diff))

.PHONY: all run test servers check chaos valgrind soak difftest bench bench-store bench-posts fuzz units fuzzers lint install clean help FORCE
.PRECIOUS: $B/%.o
.DELETE_ON_ERROR:
