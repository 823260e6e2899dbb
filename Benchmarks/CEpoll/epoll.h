// SPDX-License-Identifier: Apache-2.0
// The Glibc module doesn't have epoll.
#include <sys/epoll.h>
