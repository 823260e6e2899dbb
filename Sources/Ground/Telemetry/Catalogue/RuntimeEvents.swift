// SPDX-License-Identifier: Apache-2.0

package import Core
import Logging

// What Runtime says: the start and the end of the sidecar as a whole.
extension LogEvent {
    /// The banner: all that somebody needs to talk to this sidecar.
    package static func sidecarStarted(
        appID: String?, api: ListenAddress?, admin: ListenAddress?, data: String?, namespace: String,
        neighbours: [String]
    ) -> LogEvent {
        let app = appID ?? "its app"
        let places = [
            api.map { "API http://\($0)" }, admin.map { "metrics http://\($0)/metrics" }, data.map { "data \($0)" },
            "namespace \(namespace)",
            neighbours.isEmpty ? "no neighbours" : "neighbours \(neighbours.joined(separator: ", "))",
        ].compactMap { $0 }.joined(separator: ", ")
        return LogEvent(
            "sidecar.started", .info,
            "Outrigger \(Version.outrigger) is up beside \(app): \(places).",
            [
                "api": "\(api.map(\.description) ?? "")", "admin": "\(admin.map(\.description) ?? "")",
                "data": "\(data ?? "")", "namespace": "\(namespace)",
                "neighbours": "\(neighbours.joined(separator: ","))",
            ])
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
