// SPDX-License-Identifier: Apache-2.0

import Logging

// What is said when the ambassador runs as twemproxy's nutcracker.
extension LogEvent {
    package static func nutcrackerStarted(
        version: String, processID: Int32, pools: [String], statistics: String, isCompatible: Bool
    ) -> LogEvent {
        LogEvent(
            "nutcracker.started", .info,
            "Here is nutcracker-\(version), started on pid \(processID): pools \(pools.joined(separator: ", ")), "
                + "statistics for everybody who reaches \(statistics).",
            [
                "pid": "\(processID)", "pools": "\(pools.joined(separator: ","))", "statistics": "\(statistics)",
                "compat": "\(isCompatible)",
            ])
    }

    package static func nutcrackerDirectivesIgnored(_ directives: [String]) -> LogEvent {
        LogEvent(
            "nutcracker.directives.ignored", .notice,
            "Taken, and without effect: \(directives.joined(separator: ", ")).",
            ["directives": "\(directives.joined(separator: ","))"])
    }

    /// `action` begins with a comma, or is empty.
    package static func nutcrackerSignalled(_ number: Int32, name: String, action: String) -> LogEvent {
        LogEvent(
            "nutcracker.signal.received", .notice, "Heard: signal \(number) (\(name)) received\(action).",
            ["signal": "\(name)"])
    }

    package static func nutcrackerLogKept(_ path: String, _ reason: String) -> LogEvent {
        LogEvent(
            "nutcracker.log.kept", .error, "The log's file \(path) can't be opened again: \(reason).",
            ["path": "\(path)"])
    }

    package static func nutcrackerStopped() -> LogEvent {
        LogEvent("nutcracker.stopped", .info, "Every reply that was due is delivered.")
    }
}
