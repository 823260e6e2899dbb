// SPDX-License-Identifier: Apache-2.0

internal import BuildingBlocks
internal import NIOCore
internal import WireJSON

/// What the app's answer to a delivery means.
enum AppAnswer {
    /// The outcome of one event. An app that only answers, with nothing or with what isn't meant for the sidecar, has
    /// taken the event.
    static func outcome(of response: AppResponse) -> DeliveryOutcome {
        guard response.isSuccess else { return outcome(ofStatus: response.status) }
        let status = response.body.withUnsafeReadableBytes { bytes in
            try? JSONReader.read(bytes) { (reader) throws(JSONError) in try readStatus(&reader) }
        }
        return outcome(of: status ?? nil)
    }

    /// The outcomes of the entries of a bulk. An entry that the app says nothing of comes again.
    static func outcomes(of response: AppResponse, entries: [String]) -> [DeliveryOutcome] {
        guard response.isSuccess else { return entries.map { _ in outcome(ofStatus: response.status) } }
        let statuses = response.body.withUnsafeReadableBytes { bytes in
            try? JSONReader.read(bytes) { (reader) throws(JSONError) in try readStatuses(&reader) }
        }
        return entries.map { entry in
            guard let status = statuses?[entry] else { return .retry("the app gave no status for the event") }
            return outcome(of: status)
        }
    }

    private static func outcome(ofStatus status: Int) -> DeliveryOutcome {
        status == 404 ? .drop("the app has no such route (404)") : .retry("the app answered \(status)")
    }

    private static func outcome(of status: String?) -> DeliveryOutcome {
        switch status ?? "" {
        case "", "SUCCESS": .success
        case "RETRY": .retry("the app asked for a retry")
        case "DROP": .drop("the app dropped the event")
        default: .retry("the app answered with a status that is none")
        }
    }

    // MARK: - Bodies

    /// Names are compared without case, as Go does it.
    private static func readStatus(_ reader: inout JSONReader) throws(JSONError) -> String? {
        var status: String?
        try reader.object { (name, value) throws(JSONError) in
            if name.lowercased() == "status" { status = try value.stringOrNull() } else { try value.skip() }
        }
        return status
    }

    private static func readStatuses(_ reader: inout JSONReader) throws(JSONError) -> [String: String] {
        var statuses: [String: String] = [:]
        try reader.object { (name, value) throws(JSONError) in
            guard name.lowercased() == "statuses", try value.peek() == .array else { return try value.skip() }
            try value.array { (element) throws(JSONError) in
                var (entry, status): (String?, String?)
                try element.object { (name, value) throws(JSONError) in
                    switch name.lowercased() {
                    case "entryid": entry = try value.stringOrNull()
                    case "status": status = try value.stringOrNull()
                    default: try value.skip()
                    }
                }
                if let entry { statuses[entry] = status ?? "" }
            }
        }
        return statuses
    }
}
