// SPDX-License-Identifier: Apache-2.0
// What Swift cannot call by itself: variadic functions and cast macros of SQLite's C interface.
#ifndef OUTRIGGER_CSQLITE_SHIM_H
#define OUTRIGGER_CSQLITE_SHIM_H

#include <malloc.h>
#include <sqlite3.h>
#include <sys/vfs.h>

static inline int outrigger_sqlite3_db_config_bool(sqlite3 *db, int option, int value, int *answer) {
    return sqlite3_db_config(db, option, value, answer);
}

// SQLite copies the bytes before the bind returns.
static inline int outrigger_sqlite3_bind_blob_copied(sqlite3_stmt *statement, int index, const void *bytes, int count) {
    return sqlite3_bind_blob(statement, index, bytes, count, SQLITE_TRANSIENT);
}

static inline int outrigger_sqlite3_bind_text_copied(sqlite3_stmt *statement, int index, const char *text, int count) {
    return sqlite3_bind_text(statement, index, text, count, SQLITE_TRANSIENT);
}

// The bytes must stay valid until the statement is reset or bound anew.
static inline int outrigger_sqlite3_bind_blob_borrowed(
    sqlite3_stmt *statement, int index, const void *bytes, int count) {
    return sqlite3_bind_blob(statement, index, bytes, count, SQLITE_STATIC);
}

static inline int outrigger_sqlite3_bind_text_borrowed(
    sqlite3_stmt *statement, int index, const char *text, int count) {
    return sqlite3_bind_text(statement, index, text, count, SQLITE_STATIC);
}

// Swift's Glibc module has no statfs. Answers 0, or -1 with errno set.
static inline int outrigger_file_system_magic(const char *path, unsigned int *magic) {
    struct statfs status;
    if (statfs(path, &status) != 0) return -1;
    *magic = (unsigned int)status.f_type;
    return 0;
}

// Swift's Glibc module has no malloc_trim. Freed pages stay with the process without it.
static inline void outrigger_release_free_memory(void) { malloc_trim(0); }

#endif
