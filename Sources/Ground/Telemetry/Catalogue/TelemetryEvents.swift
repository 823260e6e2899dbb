// SPDX-License-Identifier: Apache-2.0

import Logging

extension LogEvent {
    package static func logLinesDropped(count: Int) -> LogEvent {
        LogEvent(
            "log.lines.dropped", .warning, "Lines of this log were dropped, because nobody read them.",
            ["count": .stringConvertible(count)])
    }

    package static func metricSeriesLimited(metric: String, seriesMax: Int) -> LogEvent {
        LogEvent(
            "metric.series.limited", .warning,
            "A metric has as many label values as it may; further ones are counted together as `other`.",
            ["metric": .string(metric), "series_max": .stringConvertible(seriesMax)])
    }

    package static func metricKindConflicted(metric: String) -> LogEvent {
        LogEvent(
            "metric.kind.conflicted", .warning,
            "A metric was made a second time as another kind; what is recorded there isn't shown.",
            ["metric": .string(metric)])
    }

    package static func logLevelChanged(from old: String, to new: String) -> LogEvent {
        LogEvent(
            "log.level.changed", .notice, "The level of the log was changed on the admin listener.",
            ["from": .string(old), "to": .string(new)])
    }
}
