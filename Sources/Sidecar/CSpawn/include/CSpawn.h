// SPDX-License-Identifier: Apache-2.0
//
// Starts a child process that dies with this one.
//
// This is C because the child must call prctl(PR_SET_PDEATHSIG) between fork and exec: posix_spawn and swift-subprocess
// offer no such step, and Swift code must not run there.
#ifndef CSPAWN_H
#define CSPAWN_H

#include <sys/types.h>

/// What the child becomes. A descriptor of -1 is inherited as it is.
struct cspawn_request {
    char *const *arguments;
    char *const *environment;
    int standard_input;
    int standard_output;
    int standard_error;
    /// The soft limit of open descriptors; 0 leaves it as it is.
    unsigned long descriptors_max;
};

/// Starts `arguments[0]`, searched in PATH, as the leader of a process group of its own. Signals have their default
/// actions there, none is blocked, and no descriptor but the three standard ones is open. The kernel sends the child
/// SIGKILL when the calling *thread* ends, so a caller must be a thread that lives as long as the child may.
///
/// Returns the child's id once it runs the new program, or the negated errno of what failed; a child that couldn't run
/// it has been reaped.
pid_t cspawn_start(const struct cspawn_request *request);

/// The descriptor that a program which `cspawn_again` started tells with that it is ready.
#define CSPAWN_REPORT 3

/// Starts this very program once more, in a session of its own, with nothing to read and its standard output thrown
/// away; standard error is inherited. `report` becomes CSPAWN_REPORT there. Returns the new process's id, or the
/// negated errno.
pid_t cspawn_again(char *const *arguments, char *const *environment, int report);

/// pipe2 with O_CLOEXEC, which Glibc's module doesn't show. 0, or -1 with errno.
int cspawn_pipe(int ends[2]);

/// This process's environment, ended by a null pointer.
char *const *cspawn_environment(void);

#endif
