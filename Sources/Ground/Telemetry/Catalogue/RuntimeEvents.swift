// SPDX-License-Identifier: Apache-2.0

package import Core
import Logging

// What Runtime says: the start and the end of the sidecar as a whole.
extension LogEvent {
    /// The banner: all that somebody needs to talk to this sidecar.
    package static func sidecarStarted(
        appID: String?, api: ListenAddress?, grpc: ListenAddress?, admin: ListenAddress?, data: String?,
        namespace: String, neighbours: [String], pools: [String]
    ) -> LogEvent {
        // Without an API and a name it is the ambassador alone.
        let beside = appID.map { " beside \($0)" } ?? (api == nil ? "" : " beside its app")
        let surroundings =
            "namespace \(namespace), "
            + (neighbours.isEmpty ? "no neighbours" : "neighbours \(neighbours.joined(separator: ", "))")
        let places = [
            api.map { "API http://\($0)" }, grpc.map { "gRPC \($0)" }, admin.map { "metrics http://\($0)/metrics" },
            data.map { "data \($0)" },
            pools.isEmpty ? nil : "pools \(pools.joined(separator: ", "))", api == nil ? nil : surroundings,
        ].compactMap { $0 }.joined(separator: ", ")
        return LogEvent(
            "sidecar.started", .info,
            "Outrigger \(Version.outrigger) is up\(beside): \(places).",
            [
                "api": "\(api.map(\.description) ?? "")", "grpc": "\(grpc.map(\.description) ?? "")",
                "admin": "\(admin.map(\.description) ?? "")",
                "data": "\(data ?? "")", "namespace": "\(namespace)",
                "neighbours": "\(neighbours.joined(separator: ","))", "pools": "\(pools.joined(separator: ","))",
            ])
    }

    package static func descriptorsRaised(from before: UInt, to now: UInt) -> LogEvent {
        LogEvent(
            "descriptors.raised", .debug, "This process may have \(now) descriptors open; it began with \(before).",
            ["before": "\(before)", "now": "\(now)"])
    }

    package static func descriptorsScarce(limit: UInt, wanted: Int) -> LogEvent {
        LogEvent(
            "descriptors.scarce", .warning,
            "Clients will be turned away before their limits: this process may have \(limit) descriptors open, and the "
                + "ambassador may want \(wanted) (ulimit -n, or limits of its pools and proxies).",
            ["limit": "\(limit)", "wanted": "\(wanted)"])
    }

    package static func startFailed(_ reason: String) -> LogEvent {
        LogEvent("sidecar.start.failed", .error, "The sidecar can't start: \(reason).")
    }

    package static func configurationRefused(_ problem: Problem) -> LogEvent {
        LogEvent("configuration.refused", .error, "The configuration is refused: \(problem).")
    }

    package static func configurationWarned(_ warning: Problem) -> LogEvent {
        LogEvent("configuration.warned", .warning, "The configuration is taken with a warning: \(warning).")
    }

    package static func configurationReloaded(_ keys: [String]) -> LogEvent {
        LogEvent(
            "configuration.reloaded", .info, "The configuration was read again; changed: \(keys.listed).",
            ["keys": .array(keys.prefix(keysShown).map { .string($0) })])
    }

    package static func configurationWaits(_ keys: [String]) -> LogEvent {
        LogEvent(
            "configuration.waits", .warning, "These settings take effect at the next start only: \(keys.listed).",
            ["keys": .array(keys.prefix(keysShown).map { .string($0) })])
    }

    package static func configurationUnchanged() -> LogEvent {
        LogEvent("configuration.unchanged", .info, "The configuration was read again; nothing in it has changed.")
    }

    package static func configurationKept(problems: Int) -> LogEvent {
        LogEvent(
            "configuration.kept", .error, "The changed configuration has \(problems) problems, so nothing changes.",
            ["problems": "\(problems)"])
    }

    /// `notice` begins with the flag's name.
    package static func flagNoticed(_ notice: String) -> LogEvent {
        LogEvent("flag.noticed", .warning, "The flag \(notice).")
    }

    package static func portGaveWay(_ address: ListenAddress, to port: Int, occupant: String) -> LogEvent {
        LogEvent(
            "port.changed", .warning,
            "Port \(address.port) of \(address.host) is in use by \(occupant); this sidecar uses port \(port) instead.",
            ["port": "\(port)"])
    }

    package static func componentIgnored(_ name: String, type: String, _ reason: String) -> LogEvent {
        LogEvent(
            "component.ignored", .warning, "Component \(name) is left out, as its document allows: \(reason).",
            ["component": "\(name)", "component_type": "\(type)"])
    }

    package static func registryUnavailable(_ reason: String) -> LogEvent {
        LogEvent("registry.unavailable", .warning, "This sidecar won't know its neighbours: \(reason).")
    }

    package static func registrationFailed(_ reason: String) -> LogEvent {
        LogEvent("registry.failed", .warning, "Neighbours won't know this sidecar: \(reason).")
    }

    package static func shutdownBegan() -> LogEvent {
        LogEvent("shutdown.began", .info, "Shutting down: what is in flight finishes first.")
    }

    package static func shutdownAbandoned(after limit: Duration) -> LogEvent {
        LogEvent(
            "shutdown.abandoned", .error,
            "Left behind is what still runs after \(limit): acknowledged writes are safe, unanswered ones may be lost.")
    }

    package static func shutdownCompleted(status: Int32) -> LogEvent {
        LogEvent("shutdown.completed", .info, "Shut down.", ["status": "\(status)"])
    }

    package static func serviceFailed(_ reason: String) -> LogEvent {
        LogEvent("sidecar.failed", .error, "The sidecar ends because a part of it failed: \(reason).")
    }
}

/// The most keys of a reload that a line names.
private let keysShown = 20

extension [String] {
    /// As people read them, the first of many.
    fileprivate var listed: String {
        prefix(keysShown).joined(separator: ", ") + (count > keysShown ? " and \(count - keysShown) more" : "")
    }
}
