// SPDX-License-Identifier: Apache-2.0

import Logging
import Metrics
import Telemetry

/// Counts what becomes of spans, and says each change once: the first failure, the first loss, and the recovery.
struct ExportJournal {
    enum Loss: String, CaseIterable {
        case queueFull = "queue_full"
        case refused
        case undelivered
        case shutdown
    }

    private let endpoint: String
    private let logger: Logger
    private let exported = Counter(label: "outrigger_spans_exported_total")
    /// What the queue drops it counts itself.
    private let drops: [Loss: Counter]
    private var isFailing = false
    private var saidLosses: Set<Loss> = []
    private var droppedWhileFailing = 0

    init(endpoint: String, logger: Logger) {
        self.endpoint = endpoint
        self.logger = logger
        drops = Dictionary(
            uniqueKeysWithValues: Loss.allCases.filter { $0 != .queueFull }.map {
                ($0, Counter(label: "outrigger_spans_dropped_total", dimensions: [("reason", $0.rawValue)]))
            })
    }

    /// A collector has taken so many spans.
    mutating func succeeded(_ count: Int) {
        exported.increment(by: count)
        guard isFailing else { return }
        logger.emit(.spanExportRecovered(endpoint: endpoint, dropped: droppedWhileFailing))
        (isFailing, saidLosses, droppedWhileFailing) = (false, [], 0)
    }

    mutating func failed(_ reason: String) {
        if !isFailing { logger.emit(.spanExportFailed(endpoint: endpoint, reason)) }
        isFailing = true
    }

    /// Spans are lost, because of `loss`; `reason` says it in words.
    mutating func lost(_ count: Int, _ loss: Loss, _ reason: String) {
        guard count > 0 else { return }
        drops[loss]?.increment(by: count)
        if isFailing { droppedWhileFailing += count }
        if saidLosses.insert(loss).inserted { logger.emit(.spansDropped(count: count, reason)) }
    }
}
