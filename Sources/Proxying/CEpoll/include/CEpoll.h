// SPDX-License-Identifier: Apache-2.0
//
// What an event loop asks of the kernel and Glibc's module doesn't show to Swift: epoll(7), eventfd(2), accept4(2).
//
// Reading and writing go past glibc's own functions, which change the thread's state twice in each call, in case it is
// cancelled (pthread_cancel), which nobody does here.
#ifndef CEPOLL_H
#define CEPOLL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

// All of these return what the system call does: -1 with errno where it fails.

/// An epoll descriptor that children don't inherit.
int cepoll_create(void);

/// Has `epoll` tell of `descriptor`, under the name of `name`, each time that it becomes readable or writable or ends
/// (edge-triggered). Closing the descriptor ends it.
int cepoll_add(int epoll, int descriptor, uint64_t name);

/// Waits for events, at most `nanoseconds`, or for ever where that is negative. Where the kernel has no epoll_pwait2
/// (it came with Linux 5.11), or may not be asked for it, the time is rounded up to milliseconds.
int cepoll_wait(int epoll, struct epoll_event *events, int count, int64_t nanoseconds);

/// What a loop is woken by: writing to it makes it readable.
int cepoll_eventfd(void);

/// Takes a connection, which doesn't block and isn't inherited. `address` and `length` are accept(2)'s: the types of
/// <sys/socket.h> would become this module's, and be missed in Glibc's.
int cepoll_accept(int listener, void *address, uint32_t *length);

long cepoll_receive(int descriptor, void *bytes, size_t count);

/// Never raises SIGPIPE.
long cepoll_send(int descriptor, const void *bytes, size_t count);

#endif
