// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE

#include "CSpawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// The value of CLOSE_RANGE_CLOEXEC, which headers older than Linux 5.11 don't have.
#define MARK_CLOSE_ON_EXEC (1U << 2)
// Where the kernel has no close_range: descriptors that are looked at one by one.
#define DESCRIPTORS_MAX 65536

char *const *cspawn_environment(void) { return environ; }

int cspawn_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

// A descriptor of the sidecar that lived on in the app would keep a port taken or a file locked after the sidecar's
// death. They are only marked, because the report pipe must stay open until exec.
static void close_others_on_exec(void) {
    if (syscall(SYS_close_range, 3U, UINT_MAX, MARK_CLOSE_ON_EXEC) == 0) return;
    long limit = sysconf(_SC_OPEN_MAX);
    if (limit < 0 || limit > DESCRIPTORS_MAX) limit = DESCRIPTORS_MAX;
    for (int descriptor = 3; descriptor < limit; descriptor++) {
        int flags = fcntl(descriptor, F_GETFD);
        if (flags >= 0) fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC);
    }
}

// An ignored signal stays ignored across exec: an app that inherited SIGPIPE ignored would behave unlike in a shell.
static void restore_signals(void) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) sigaction(number, &action, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int install_stream(int source, int target) {
    return source < 0 || dup2(source, target) >= 0 ? 0 : -1;
}

// The sidecar raises its own limit. An app that uses select(2), or closes every descriptor that there may be, needs the
// one that it was meant to have.
static void limit_descriptors(unsigned long descriptors_max) {
    struct rlimit limit;
    if (descriptors_max == 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = descriptors_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

// Runs in the child. Only async-signal-safe calls are allowed here, for the process had other threads.
static _Noreturn void become(const struct cspawn_request *request, pid_t parent, int report) {
    restore_signals();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) goto failed;
    // The parent may have died before the line above; then nobody would ever send the signal.
    if (getppid() != parent) _exit(128 + SIGKILL);
    if (setpgid(0, 0) != 0) goto failed;
    if (install_stream(request->standard_input, STDIN_FILENO) != 0) goto failed;
    if (install_stream(request->standard_output, STDOUT_FILENO) != 0) goto failed;
    if (install_stream(request->standard_error, STDERR_FILENO) != 0) goto failed;
    close_others_on_exec();
    limit_descriptors(request->descriptors_max);
    execvpe(request->arguments[0], request->arguments, request->environment);
failed:;
    int reason = errno;
    while (write(report, &reason, sizeof reason) < 0 && errno == EINTR) {}
    _exit(127);
}

// The pipe closes by itself when the child execs; until then it may carry the errno of a failure.
static int read_report(int report) {
    int reason = 0;
    ssize_t count;
    do {
        count = read(report, &reason, sizeof reason);
    } while (count < 0 && errno == EINTR);
    return count == sizeof reason ? reason : 0;
}

pid_t cspawn_start(const struct cspawn_request *request) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) return -errno;
    pid_t parent = getpid();

    // A handler of the sidecar that ran in the child would write to the sidecar's own pipe.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t child = fork();
    if (child == 0) become(request, parent, report[1]);
    int failure = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);

    close(report[1]);
    int reason = child < 0 ? failure : read_report(report[0]);
    close(report[0]);
    if (reason == 0) return child;
    if (child > 0) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
    }
    return -reason;
}
