// SPDX-License-Identifier: Apache-2.0

import Logging

// What HTTP proxies can say.
extension LogEvent {
    package static func accessLogReopened(proxy: String, path: String) -> LogEvent {
        LogEvent(
            "http.access-log.reopened", .info, "The access log was opened again.",
            ["proxy": .string(proxy), "path": .string(path)])
    }

    package static func accessLogNotReopened(proxy: String, path: String, reason: String) -> LogEvent {
        LogEvent(
            "http.access-log.kept", .error, "The access log can't be opened again; lines go on to the old file.",
            ["proxy": .string(proxy), "path": .string(path), "reason": .string(reason)])
    }

    /// Said once.
    package static func accessLogDropped(proxy: String, path: String) -> LogEvent {
        LogEvent(
            "http.access-log.dropped", .warning,
            "Lines of the access log are lost, as the disk or the reader doesn't keep up; a metric counts them.",
            ["proxy": .string(proxy), "path": .string(path)])
    }

    /// `weights` in the order of the names.
    package static func splitChanged(
        proxy: String, route: String, weights: [(upstream: String, weight: Int)]
    ) -> LogEvent {
        LogEvent(
            "http.split.changed", .notice, "A route's weights were changed on the admin listener.",
            [
                "proxy": .string(proxy), "route": .string(route),
                "weights": .string(weights.map { "\($0.upstream)=\($0.weight)" }.joined(separator: " ")),
            ])
    }

    package static func splitOverrideEnded(proxy: String, route: String) -> LogEvent {
        LogEvent(
            "http.split.returned", .notice,
            "A route's weights are those of the configuration again, which has changed them since others were set.",
            ["proxy": .string(proxy), "route": .string(route)])
    }
}
