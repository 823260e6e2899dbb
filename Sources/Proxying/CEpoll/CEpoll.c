// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CEpoll.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int cepoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int cepoll_add(int epoll, int descriptor, uint64_t name) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.u64 = name};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

#define NANOSECONDS_PER_MILLISECOND 1000000
#define NANOSECONDS_PER_SECOND 1000000000

/// What epoll_wait is given for so many nanoseconds, which aren't negative.
static int rounded_up(int64_t nanoseconds) {
    int64_t milliseconds = nanoseconds / NANOSECONDS_PER_MILLISECOND + (nanoseconds % NANOSECONDS_PER_MILLISECOND != 0);
    return milliseconds > INT_MAX ? INT_MAX : (int)milliseconds;
}

int cepoll_wait(int epoll, struct epoll_event *events, int count, int64_t nanoseconds) {
    // Only ever set to true, by whichever thread finds it out.
    static atomic_bool is_missing;
    if (nanoseconds <= 0) return epoll_wait(epoll, events, count, nanoseconds < 0 ? -1 : 0);
    if (!atomic_load_explicit(&is_missing, memory_order_relaxed)) {
        // The kernel's own struct: 64 bits each on every machine.
        struct {
            int64_t seconds, nanoseconds;
        } time = {nanoseconds / NANOSECONDS_PER_SECOND, nanoseconds % NANOSECONDS_PER_SECOND};
        long result = syscall(SYS_epoll_pwait2, epoll, events, count, &time, NULL, 0);
        if (result >= 0 || (errno != ENOSYS && errno != EPERM)) return (int)result;
        atomic_store_explicit(&is_missing, true, memory_order_relaxed);
    }
    return epoll_wait(epoll, events, count, rounded_up(nanoseconds));
}

int cepoll_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int cepoll_accept(int listener, void *address, uint32_t *length) {
    return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

long cepoll_receive(int descriptor, void *bytes, size_t count) {
    long result;
    do result = syscall(SYS_recvfrom, descriptor, bytes, count, 0, NULL, NULL);
    while (result == -1 && errno == EINTR);
    return result;
}

long cepoll_send(int descriptor, const void *bytes, size_t count) {
    long result;
    do result = syscall(SYS_sendto, descriptor, bytes, count, MSG_NOSIGNAL, NULL, 0);
    while (result == -1 && errno == EINTR);
    return result;
}
