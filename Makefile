# company_backup: the extension by PGXS, the client and the core library by CMake.
#
#   make               build the extension and the client
#   make install       install both (as root)
#   make demo          the story, on a throwaway server; installs what is missing
#   make test          every test, on a throwaway server; installs what is missing
#   make matrix        every test for PostgreSQL 15, 17 and 18, each in a throwaway Debian folder; as root
#   make nightly       every test, those with a time or a number of rounds for much longer: about two hours
#   make deb           Debian packages for every server that is installed, in build/deb; installs what is missing
#   make bench         the timings of docs/PERFORMANCE.md, on a throwaway server
#   make bench-size    memory and time of a company with ten times as many rows
#   make tidy          clang-tidy over all of it; installs it if it is missing
#   make compile_commands.json   how each file is compiled, for editors
#   make installcheck  pg_regress against a running server
#
# PG=17 builds for and tests with that server; without it, server_version.sh says which one it is.
# ZLIB_ONLY=1 builds without libdeflate. CLIENT=0 builds and installs the extension alone.

EXTENSION = extension/company_backup
MODULE_big = company_backup
EXTVERSION = $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" $(EXTENSION).control)

# The server's major version; empty where there is none yet.
SERVER := $(shell PG='$(PG)' PG_CONFIG='$(PG_CONFIG)' ./server_version.sh 2>/dev/null)
PG_CONFIG ?= $(firstword $(wildcard /usr/lib/postgresql/$(SERVER)/bin/pg_config) pg_config)

# Those of each server in a folder of their own.
OBJECTS = build/pg$(SERVER)
# Each folder is compiled as one: most of the time goes into headers and templates, which its files share.
ROOMS = $(sort $(notdir $(patsubst %/,%,$(dir $(wildcard extension/pg/*/*.cpp)))))
OBJS = $(ROOMS:%=$(OBJECTS)/%.o)
DATA = $(wildcard $(EXTENSION)--*.sql)
EXTRA_CLEAN = $(OBJS:.o=.d) $(OBJS:.o=.cpp)

REGRESS = $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))
REGRESS_OPTS = --inputdir=. --outputdir=build/regress

ZLIB_ONLY ?= 0

ifeq ($(ZLIB_ONLY),1)
DEFLATE_FLAGS = -DCOMPANY_BACKUP_ZLIB_ONLY
else
DEFLATE_LIBS = -ldeflate
endif

# PostgreSQL's headers as system headers: they do not pass our warnings.
PG_CPPFLAGS = -Iextension -isystem $(shell $(PG_CONFIG) --includedir-server 2>/dev/null) \
	-DCOMPANY_BACKUP_VERSION='"$(EXTVERSION)"' $(DEFLATE_FLAGS) -MMD -MP
# -g1, lines for stack traces: all debug information takes a third more time to compile.
PG_CXXFLAGS = -std=c++20 -Wall -Wextra -Wshadow=local -Werror -O2 -g1
SHLIB_LINK = $(CORE) -lstdc++ -lsimdjson -lroaring -lcrypto -lz $(DEFLATE_LIBS) -lpthread

RELEASE = build/release
SANITIZED = build/sanitized
FUZZED = build/fuzzed
# What does not know of PostgreSQL, for the extension and the client.
CORE = $(RELEASE)/libcompany_backup_core.a
# Changes when the module is to be linked for another server than the last time.
LINKED_FOR = build/linked-for

CLIENT ?= 1
ifneq ($(CLIENT),0)
all: client
install: install-client
uninstall: uninstall-client
endif

PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifneq ($(PGXS),)
# Nothing here is worth inlining into a query: no bitcode.
override with_llvm = no
include $(PGXS)
endif

# Each object knows the headers it was made from, as the compiler saw them.
-include $(OBJS:.o=.d)

CMAKE_OPTIONS = -DCOMPANY_BACKUP_ZLIB_ONLY=$(if $(filter 1,$(ZLIB_ONLY)),ON,OFF)
SUDO = $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: FORCE client core install-client uninstall-client dependencies unit demo test matrix nightly tidy units-tidy compile_commands.json fuzz deb deb-dependencies bench bench-size

# CMake knows whether there is anything to do.
core:
	cmake -S . -B $(RELEASE) -DBUILD_TESTING=OFF $(CMAKE_OPTIONS) --log-level=WARNING
	MAKEFLAGS=--no-print-directory cmake --build $(RELEASE) -j 2 --target company_backup_core

$(CORE): core
$(MODULE_big).so: $(CORE) $(LINKED_FOR)

# Types of a file's own may stand in its classes, although the compiler sees them in an included file.
$(OBJS): %.o: %.cpp
	$(CXX) $(CXXFLAGS) -Wno-subobject-linkage $(CPPFLAGS) -c -o $@ $<

# Changes when the folder gets or loses a file.
$(OBJS:.o=.cpp): $(OBJECTS)/%.cpp: FORCE
	@mkdir -p $(@D)
	@printf '#include "%s"\n' $(patsubst extension/%,%,$(sort $(wildcard extension/pg/$*/*.cpp))) >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(LINKED_FOR): FORCE
	@mkdir -p $(@D)
	@echo $(SERVER) | cmp -s - $@ || echo $(SERVER) >$@
FORCE:

client: core
	MAKEFLAGS=--no-print-directory cmake --build $(RELEASE) -j 2 --target company-backup

# PostgreSQL's folder of programs is in nobody's PATH on Debian: a link from one that is.
LINK = /usr/local/bin/company-backup

install-client: client
	$(INSTALL_PROGRAM) -D $(RELEASE)/client/company-backup '$(DESTDIR)$(bindir)/company-backup'
	mkdir -p '$(DESTDIR)$(dir $(LINK))'
	ln -sf '$(bindir)/company-backup' '$(DESTDIR)$(LINK)'

uninstall-client:
	rm -f '$(DESTDIR)$(bindir)/company-backup' '$(DESTDIR)$(LINK)'

# A second make sees what the first installed.
dependencies:
	./dependencies.sh

# Core under the address and undefined behaviour sanitizers.
unit:
	cmake -S . -B $(SANITIZED) -DCOMPANY_BACKUP_SANITIZE=ON $(CMAKE_OPTIONS) --log-level=WARNING
	MAKEFLAGS=--no-print-directory cmake --build $(SANITIZED) -j 2 --target unit_tests fuzz_seeds fuzz_archive_reader fuzz_manifest fuzz_row_line \
		fuzz_json_path
	ctest --test-dir $(SANITIZED) --output-on-failure -j 2

# As root nothing is built: what root made, the user could not write again.
INSTALL_BUILT = $(SUDO) $(MAKE) --no-print-directory -s -o client -o core install

demo: dependencies
	$(MAKE) --no-print-directory -s -j2 all
	$(INSTALL_BUILT)
	demo/run.sh

test: dependencies
	python3 test/layers.py
	python3 test/packaging.py
	python3 test/corpus/test_corpus.py
	$(MAKE) --no-print-directory -s -j2 all
	$(INSTALL_BUILT)
	$(MAKE) --no-print-directory -s unit
	test/run.sh

quoted = '$(subst ','\'',$1)'
# What CMake and we compile, as a compilation database: $(call database,folder,CMake's options,files of the extension).
define database
	cmake -S . -B $1 -DCMAKE_EXPORT_COMPILE_COMMANDS=ON $(CMAKE_OPTIONS) $2 --log-level=WARNING
	jq --arg command $(call quoted,$(CXX) $(PG_CXXFLAGS) $(CPPFLAGS)) --arg directory '$(CURDIR)' \
		'. + [$$ARGS.positional[] | {file: ., $$directory, command: "\($$command) -c \(.)"}]' \
		$1/compile_commands.json --args $3 >$1/all.json
endef

compile_commands.json:
	$(call database,build/commands,-DCMAKE_UNITY_BUILD=OFF,$(sort $(wildcard extension/pg/*/*.cpp)))
	mv build/commands/all.json $@

tidy:
	./dependencies.sh clang-tidy
	$(MAKE) --no-print-directory units-tidy

# Of what is compiled as one.
units-tidy: $(OBJS:.o=.cpp)
	$(call database,build/tidy,,$^)
	mv build/tidy/all.json build/tidy/compile_commands.json
	run-clang-tidy -quiet -p build/tidy

matrix:
	test/matrix.sh

# Every night other random schemas; a failure names its seed.
nightly: dependencies
	$(MAKE) --no-print-directory -s -j2 all
	$(INSTALL_BUILT)
	HOSTILE_EVERY=1 $(MAKE) --no-print-directory -s unit fuzz
	CHAOS_SECONDS=1200 QUEUED_JOBS=200 LOAD_SECONDS=600 FAULTS_EVERY=1 \
	PROPERTY_SEEDS=60 PROPERTY_FIRST_SEED=$$(date +%Y%m%d00) PROPERTY_FAULTS=20 test/run.sh

# The readers of hostile input, by libFuzzer.
FUZZ_SECONDS = 600
fuzz:
	./dependencies.sh clang libclang-rt-dev
	cmake -S . -B $(FUZZED) -DCMAKE_CXX_COMPILER=clang++ -DCOMPANY_BACKUP_FUZZ=ON -DCOMPANY_BACKUP_SANITIZE=ON \
		$(CMAKE_OPTIONS) --log-level=WARNING
	MAKEFLAGS=--no-print-directory cmake --build $(FUZZED) -j 2 --target fuzz_seeds fuzz_archive_reader fuzz_manifest \
		fuzz_row_line fuzz_json_path
	$(FUZZED)/test/fuzz/fuzz_seeds $(FUZZED)/corpus
	for target in archive_reader manifest row_line json_path; do \
		$(FUZZED)/test/fuzz/fuzz_$$target -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 \
			-artifact_prefix=$(FUZZED)/ $(FUZZED)/corpus/$$target || exit 1; \
	done

deb: deb-dependencies
	./deb.sh

deb-dependencies:
	./deb.sh dependencies

bench: dependencies
	$(MAKE) --no-print-directory -s -j2 all
	$(INSTALL_BUILT)
	bench/run.sh

bench-size: dependencies
	$(MAKE) --no-print-directory -s -j2 all
	$(INSTALL_BUILT)
	bench/run.sh size
