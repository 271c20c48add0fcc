# company_backup: the extension by PGXS, the client and the core library by CMake.
#
#   make               build the extension and the client
#   make install       install both (as root)
#   make demo          the story, on a throwaway server; installs what is missing
#   make test          every test, on a throwaway server; installs what is missing
#   make bench         the timings of the README, on a throwaway server
#   make installcheck  pg_regress against a running server

EXTENSION = company_backup
MODULE_big = company_backup
EXTVERSION = $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" extension/$(EXTENSION).control)

OBJS = $(patsubst %.cpp,%.o,$(sort $(wildcard extension/core/*.cpp extension/pg/*.cpp)))
DATA = $(wildcard extension/$(EXTENSION)--*.sql)

REGRESS = $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))
REGRESS_OPTS = --inputdir=. --outputdir=build/regress

PG_CONFIG ?= pg_config
ZLIB_ONLY ?= 0

ifeq ($(ZLIB_ONLY),1)
DEFLATE_FLAGS = -DCOMPANY_BACKUP_ZLIB_ONLY
else
DEFLATE_LIBS = -ldeflate
endif

# PostgreSQL's headers as system headers: they do not pass our warnings.
PG_CPPFLAGS = -Iextension -isystem $(shell $(PG_CONFIG) --includedir-server) \
	-DCOMPANY_BACKUP_VERSION='"$(EXTVERSION)"' $(DEFLATE_FLAGS)
PG_CXXFLAGS = -std=c++20 -Wall -Wextra -Wshadow=local -Werror -O2
SHLIB_LINK = -lstdc++ -lsimdjson -lcrypto -lz $(DEFLATE_LIBS) -lpthread

# Nothing here is worth inlining into a query: no bitcode.
override with_llvm = no

all: client

PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifneq ($(PGXS),)
include $(PGXS)
override with_llvm = no
endif

$(OBJS): $(wildcard extension/core/*.hpp extension/pg/*.hpp)

BUILD = build/release

.PHONY: client demo test bench dependencies
client:
	cmake -S . -B $(BUILD) -DCMAKE_BUILD_TYPE=RelWithDebInfo \
		-DCOMPANY_BACKUP_ZLIB_ONLY=$(if $(filter 1,$(ZLIB_ONLY)),ON,OFF) > build/cmake.log 2>&1 || { cat build/cmake.log; exit 1; }
	cmake --build $(BUILD) -j 2
