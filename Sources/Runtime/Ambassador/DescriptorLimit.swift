// SPDX-License-Identifier: Apache-2.0

import Ambassador
import Glibc
import Logging
import Proxying
import Telemetry

/// How many descriptors this process may have open.
///
/// The usual soft limit of 1024 is there for programs that use select(2). This one doesn't, so it takes what the hard
/// limit allows; the app gets the limit with which the process was started.
struct DescriptorLimit: Sendable, Equatable {
    /// The limit with which the process was started.
    var before: UInt
    /// The limit that it has now.
    var now: UInt

    /// Raises the soft limit to the hard one.
    static func raise() -> DescriptorLimit {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return DescriptorLimit(before: 0, now: 0) }
        let before = UInt(limit.rlim_cur)
        limit.rlim_cur = limit.rlim_max
        // Nothing is lost where that isn't allowed.
        guard setrlimit(resource, &limit) == 0 else { return DescriptorLimit(before: before, now: before) }
        return DescriptorLimit(before: before, now: UInt(limit.rlim_max))
    }

    func tell(wanted: Int, _ logger: Logger) {
        if now > before { logger.emit(.descriptorsRaised(from: before, to: now)) }
        if now < UInt(wanted) { logger.emit(.descriptorsScarce(limit: now, wanted: wanted)) }
    }

    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
}

extension AmbassadorConfiguration {
    /// What else a process has open: files, pipes, listeners.
    private static var descriptorsBeside: Int { 64 }

    /// The descriptors that the ambassador has open when everything that has a limit has reached it.
    var descriptorsMax: Int {
        let pools = redis.map(\.value.pool) + memcached.map(\.value.pool)
        return Self.descriptorsBeside + pools.reduce(0) { $0 + $1.descriptorsMax(loops: loops) }
            + redis.reduce(0) { $0 + $1.value.pool.limits.own }
            + http.reduce(0) { $0 + $1.value.descriptorsMax(loops: loops) }
    }
}

extension PoolConfiguration {
    /// The listener, clients, and what all of them share.
    fileprivate func descriptorsMax(loops: Int) -> Int {
        1 + limits.clients + servers.count * loops
    }
}

extension HTTPProxyConfiguration {
    /// The listener, clients, and connections to upstreams, if each server has one address.
    fileprivate func descriptorsMax(loops: Int) -> Int {
        upstreams.reduce(1 + limits.clients) { sum, upstream in
            sum + upstream.value.servers.count * upstream.value.limits.connections * loops
        }
    }
}
