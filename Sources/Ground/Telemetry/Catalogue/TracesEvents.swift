// SPDX-License-Identifier: Apache-2.0

import Logging

// What the export of spans can say; each once until things change, not for each batch.
extension LogEvent {
    package static func spanExportFailed(endpoint: String, _ reason: String) -> LogEvent {
        LogEvent(
            "spans.export.failed", .warning, "Spans can't be exported; they are tried again.",
            ["endpoint": .string(endpoint), "reason": .string(reason)])
    }

    /// `dropped`: spans that were lost since the export began to fail.
    package static func spanExportRecovered(endpoint: String, dropped: Int) -> LogEvent {
        LogEvent(
            "spans.export.recovered", .notice, "Spans are exported again.",
            ["endpoint": .string(endpoint), "dropped": .stringConvertible(dropped)])
    }

    package static func spansDropped(count: Int, _ reason: String) -> LogEvent {
        LogEvent(
            "spans.dropped", .warning, "Spans are lost; more may be until the export recovers.",
            ["count": .stringConvertible(count), "reason": .string(reason)])
    }
}
